// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import CrashHarness

/// The whole harness against real hubs: one that can be trusted passes, and one whose world lies to it is found out.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CrashRunTests {
    /// The first seed whose run begins with such a fault.
    private func seed(_ isWanted: (Schedule.Fault) -> Bool) throws -> UInt64 {
        try #require(
            (1...10_000 as ClosedRange<UInt64>).first { seed in
                var schedule = Schedule(seed: seed)
                return isWanted(schedule.next().fault)
            })
    }

    @Test func `a hub that keeps what it acknowledges passes`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let seed = try seed { if case .backend(let after, _) = $0 { after > 30 } else { false } }
        #expect(try await CrashRun.run(seed: seed, cycles: 1, place: place) == [])
    }

    /// Each COMMIT answers before what it commits is safe, as with `synchronous_commit = off`; then the server dies.
    /// Most faults kill the hub alone, and any safe COMMIT saves those before it: the first loss may take some cycles.
    @Test func `acknowledged before it is committed for good is found out`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let seed = try seed { if case .backend(let after, _) = $0 { after > 30 } else { false } }
        let violations = try await CrashRun.run(seed: seed, cycles: 40, place: place) { cycle in
            guard cycle == 0 else { return }
            try psql(
                place,
                """
                CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NULL; END $$;
                DO $$
                DECLARE name text;
                BEGIN
                    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema LOOP
                        EXECUTE format('CREATE TRIGGER hurry AFTER INSERT OR UPDATE OR DELETE ON %I
                            FOR EACH STATEMENT EXECUTE FUNCTION hurry()', name);
                    END LOOP;
                END $$;
                ALTER SYSTEM SET wal_writer_delay = '10s';
                SELECT pg_reload_conf();
                """)
        }
        // It depends on the moment which promise is the first one that nobody remembers.
        let lost = [
            "acknowledged, and neither listed to", "confirmed, and listed again to",
            "recalled before anybody saw it, and listed", "sender's list: an acknowledged status is not visible",
        ]
        #expect(violations.contains { violation in lost.contains { violation.what.hasPrefix($0) } }, "\(violations)")
    }

    /// One delivery in ten is never written, though nothing fails.
    @Test func `a forgotten recipient is found out`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let seed = try seed { if case .hub(let after) = $0 { after > 30 } else { false } }
        let violations = try await CrashRun.run(seed: seed, cycles: 2, place: place) { cycle in
            guard cycle == 0 else { return }
            try psql(
                place,
                """
                CREATE SEQUENCE forgetting; GRANT USAGE ON forgetting TO PUBLIC;
                CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF nextval('forgetting') % 10 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
                CREATE TRIGGER forget BEFORE INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION forget();
                """)
        }
        #expect(!violations.isEmpty)
    }

    /// What is recalled stays where it is, though the recall is taken.
    @Test func `a recall that takes nothing back is found out`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let violations = try await CrashRun.run(seed: 77, cycles: 20, place: place) { cycle in
            guard cycle == 0 else { return }
            try psql(
                place,
                """
                CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                CREATE TRIGGER keep BEFORE UPDATE ON delivery FOR EACH ROW
                    WHEN (NEW.state = 'withdrawn') EXECUTE FUNCTION keep();
                """)
        }
        // It is listed still, or was fetched since, and the recall did not come there.
        #expect(!violations.isEmpty)
    }

    /// One delivery in three is called delivered, and nobody carried it to its endpoint.
    @Test func `delivered and never carried is found out`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let seed = try seed { if case .hub(let after) = $0 { after > 30 } else { false } }
        let violations = try await CrashRun.run(seed: seed, cycles: 2, place: place) { cycle in
            guard cycle == 0 else { return }
            try psql(
                place,
                """
                CREATE SEQUENCE lying; GRANT USAGE ON lying TO PUBLIC;
                CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF nextval('lying') % 3 > 0 THEN RETURN NEW; END IF;
                        UPDATE delivery SET state = 'delivered', entered_at = now() WHERE id = NEW.delivery_id;
                        RETURN NULL;
                    END $$;
                CREATE TRIGGER lie BEFORE INSERT ON queue FOR EACH ROW EXECUTE FUNCTION lie();
                """)
        }
        #expect(violations.contains { $0.what.hasSuffix("nor received there") }, "\(violations)")
    }

    /// The history says of each delivery twice that it entered.
    @Test func `delivered twice is found out`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let seed = try seed { if case .hub(let after) = $0 { after > 30 } else { false } }
        let violations = try await CrashRun.run(seed: seed, cycles: 1, place: place) { cycle in
            guard cycle == 0 else { return }
            try psql(
                place,
                """
                CREATE FUNCTION stammer() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF NEW.event = 'delivery.delivered' AND pg_trigger_depth() = 1 THEN
                            INSERT INTO history SELECT gen_random_uuid(), NEW.at, NEW.event, NEW.package_id,
                                NEW.delivery_id, NEW.actor, NEW.request_id, NEW.detail;
                        END IF;
                        RETURN NEW;
                    END $$;
                CREATE TRIGGER stammer BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION stammer();
                """)
        }
        #expect(violations.contains { $0.what.hasSuffix("was delivered 2 times by the history") }, "\(violations)")
    }

    /// Bytes of each content change on the disk.
    @Test func `other bytes are found out`() async throws {
        let place = try Place.make()
        defer { place.remove() }
        let seed = try seed { if case .hub(let after) = $0 { after > 30 } else { false } }
        let violations = try await CrashRun.run(seed: seed, cycles: 1, place: place) { cycle in
            guard cycle == 1 else { return }
            let content = URL(filePath: place.dataDirectory + "/content")
            for case let file as URL in FileManager.default.enumerator(at: content, includingPropertiesForKeys: nil)
                ?? .init()
            where file.pathExtension == "seg" {
                var bytes = try Data(contentsOf: file)
                // No record is shorter; a single one may be of a package that never came to be.
                for offset in stride(from: 300, to: bytes.count, by: 2_000) { bytes[offset] = ~bytes[offset] }
                try bytes.write(to: file)
            }
        }
        #expect(violations.contains { $0.what.contains("content.damaged") }, "\(violations)")
    }

    private func psql(_ place: Place, _ statements: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--host", place.dataDirectory + "/postgresql",
            "--username", "truc_owner", "--dbname", "truc", "--output", "/dev/null",
        ]
        let pipe = Pipe()
        process.standardInput = pipe
        try process.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(statements.utf8))
        try pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
