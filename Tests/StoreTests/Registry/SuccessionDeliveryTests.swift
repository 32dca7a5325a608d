// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// What becomes of deliveries whose agencies have ended, when others speak of them, carry them or move them as well.
@Suite(.timeLimit(.minutes(3))) struct SuccessionDeliveryTests {
    private static let actor = "operator:test"

    /// Ends an agency; the first successor takes what is pending, the last what is sent later.
    private func end(_ agency: TestAgency, to heirs: TestAgency..., in bench: AcceptBench) async throws {
        let successors = try heirs.map { heir in
            Succession.Successor(try heir.id, takesPending: heir == heirs.first, isDefault: heir == heirs.last)
        }
        _ = try await bench.database.close(
            Succession([Succession.Closing(try agency.id, successors: successors)], effective: nil),
            actor: Self.actor, at: .now())
    }

    private func move(_ bench: AcceptBench) async throws -> Int {
        try await bench.database.moveToSuccessors(at: .now()).count
    }

    /// A recall or update that names an agency which has ended, as the hub routes it: to who takes what is pending, and
    /// to `further`.
    private func change(
        _ kind: PackageKind, of document: String, naming named: TestAgency, to heir: TestAgency,
        further: TestAgency? = nil, removing removed: TestAgency? = nil, _ bench: AcceptBench
    ) async throws -> Acceptance {
        let meant = try bench.key(named)
        let (first, second) = (try bench.key(heir), try further.map(bench.key))
        let gone = try removed.map { Envelope.Addressee(try bench.key($0)) }
        let note = UUID().uuidString
        let acceptance = try bench.acceptance(
            "TH \(note)", to: [heir] + [further].compactMap { $0 }, kind: kind, content: note, meaning: note,
            version: try await bench.database.registryVersion()
        ) { envelope in
            guard let id = try? DocumentID(parsing: document) else { return }
            envelope.links = [Envelope.Link(relation: kind == .recall ? .recalls : .updates, documentID: id)]
            envelope.addressees[first] = Envelope.Addressee(meant)
            if let second {
                envelope.addressees[second] = Envelope.Addressee(named: [meant], holders: [meant], isFurther: true)
            }
            envelope.receivers.removed = [gone].compactMap(\.self)
        }
        return addressed(acceptance, as: named)
    }

    /// The same, as if it named another agency.
    private func addressed(_ acceptance: Acceptance, as agency: TestAgency) -> Acceptance {
        Acceptance(
            registryVersion: acceptance.registryVersion,
            package: NewPackage(
                envelope: acceptance.package.envelope, content: acceptance.package.content,
                deliveries: acceptance.package.deliveries.map {
                    NewDelivery(id: $0.id, written: agency.code, outcome: $0.outcome)
                }))
    }

    /// Every delivery of lists, as `code kind state`.
    private func lines(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT agency.code || ' ' || package.kind || ' ' || delivery.state AS value
            FROM delivery JOIN agency ON agency.id = recipient_agency_id JOIN package ON package.id = package_id
            ORDER BY 1
            """)
    }

    private func outcomes(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT agency.code || ' ' || outcome AS value FROM recall JOIN agency ON agency.id = recipient_agency_id
            ORDER BY 1
            """)
    }

    @Test func aCallMovesADeliveryOnceWhereverSuccessorsLead() async throws {
        let bench = try await AcceptBench()
        #expect(try await bench.store.accept(bench.acceptance("VB-1", to: [.stranger])).isAccepted)
        try await end(.stranger, to: .finance, in: bench)
        // Behind the back of all that refuses it: a circle.
        let (first, second) = (try bench.key(.finance).value, try bench.key(.stranger).value)
        try await onConnection(to: bench.owner) { connection in
            try connection.query(
                "UPDATE agency SET valid_until = clock_timestamp() WHERE id = $1", [.int8(first)])
            try connection.query(
                "INSERT INTO agency_successor VALUES ($1, $2, true, true)", [.int8(first), .int8(second)])
        }
        #expect(try await move(bench) == 1)
        #expect(try await bench.pending(.finance).count == 1)
        #expect(try await move(bench) == 1)
        #expect(try await bench.pending(.stranger).count == 1)
        await bench.close()
    }

    /// A recipient's word has found its delivery, and is not yet written: who moves the delivery waits for it, and takes the
    /// word along.
    @Test func aWordAndAMoveOfItsDeliveryFollowEachOther() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.stranger]))
        try await end(.stranger, to: .finance, in: bench)
        let word = try bench.acceptance(
            "VB-1", from: .stranger, to: [.construction], kind: .status, content: "đã đến", meaning: "đã đến",
            version: try await bench.database.registryVersion()
        ) { envelope in
            guard let owner = try? bench.key(.construction), let speaker = try? bench.key(.stranger) else { return }
            envelope.status = Envelope.StatusClaim(
                status: .arrived, description: nil, owner: owner, recipient: speaker)
        }
        let keyed = try KeyedAcceptance(word, bench.database.keys)
        let place = try ContentPlace(parsing: "seg:2026-11:\(UUID().uuidString.lowercased()):0:4096")
        let (reached, hasDecided) = AsyncStream<Void>.makeStream()
        let go = DispatchSemaphore(value: 0)
        let accepting = Task {
            try await onConnection(to: bench.owner) { connection in
                _ = try AcceptTransaction(connection: connection, due: DueSignal(), scansDue: ScanSignal()).commit(
                    [PlacedAcceptance(keyed: keyed, place: place, noticePlace: nil)]
                ) {
                    hasDecided.yield()
                    go.wait()
                }
            }
        }
        for await _ in reached { break }
        let moving = Task { try await move(bench) }
        try await onConnection(to: bench.owner) { connection in
            let deadline = ContinuousClock.now + .seconds(8)
            let waiting = """
                SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'
                """
            while try connection.query(waiting).isEmpty {
                try #require(ContinuousClock.now < deadline, "the move does not wait for the word")
            }
        }
        go.signal()
        try await accepting.value
        #expect(try await moving.value == 1)
        let said: [String] = try await bench.column(
            """
            SELECT agency.code || ' ' || latest AS value FROM document_status
            JOIN agency ON agency.id = recipient_agency_id
            """)
        #expect(said == ["\(TestAgency.finance.code) 01"])
        await bench.close()
    }

    /// Claimed by a node of which nothing was heard again: it may have been sent, wherever the delivery is now.
    @Test(arguments: ["moved", "endpoint removed", "expired"])
    func aClaimThatWasNeverEndedIsNotForgotten(how: String) async throws {
        let bench = try await AcceptBench()
        _ = try await bench.database.setEndpoint(
            of: TestAgency.stranger.id, url: "https://old.example/x", actor: Self.actor, at: .now())
        let document = try bench.acceptance(
            "VB-1", to: [.stranger], version: try await bench.database.registryVersion())
        _ = try await bench.store.accept(document)
        let delivery = try #require(document.package.deliveries.first?.id)
        let node = NodeID()
        try await bench.database.enter(node, name: "n")
        let endpoint = try #require(try await bench.database.endpoints().first)
        let (claims, _) = try await bench.database.claim(endpoint.key, limit: 1, node: node, cursor: ClaimCursor())
        #expect(claims.map(\.id) == [delivery])
        try await bench.database.leave(node)
        switch how {
        case "moved":
            try await end(.stranger, to: .finance, in: bench)
            #expect(try await move(bench) == 1)
        case "expired":
            _ = try await bench.database.order(.expire, delivery, reason: "thử", actor: Self.actor, at: .now())
        default:
            try await bench.database.removeEndpoint(
                of: TestAgency.stranger.id, reason: "kéo", actor: Self.actor, at: .now())
        }
        #expect(try await bench.count("queue") == 0)
        let heir: TestAgency = how == "moved" ? .finance : .stranger
        let recall = try await change(.recall, of: "VB-1", naming: .stranger, to: heir, bench)
        #expect(try await bench.store.accept(recall).isAccepted)
        #expect(try await outcomes(bench) == ["\(heir.code) owed"])
        await bench.close()
    }

    @Test func whatEndsLateAtTheOldEndpointIsNotTheSuccessors() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.database.setEndpoint(
            of: TestAgency.stranger.id, url: "https://old.example/x", actor: Self.actor, at: .now())
        let version = try await bench.database.registryVersion()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.stranger], version: version))
        let (silent, other) = (NodeID(), NodeID())
        for node in [silent, other] { try await bench.database.enter(node, name: "n") }
        let endpoint = try #require(try await bench.database.endpoints().first)
        let (claims, _) = try await bench.database.claim(endpoint.key, limit: 1, node: silent, cursor: ClaimCursor())
        let claim = try #require(claims.first)
        // Taken for dead, its work is free; the successor pulls.
        try await bench.database.leave(silent)
        try await end(.stranger, to: .finance, in: bench)
        #expect(try await move(bench) == 1)
        let now = Instant.now()
        let finished = try await bench.database.finish(
            claim, .entered, node: silent, beganAt: now, endedAt: now, chance: 0.5)
        #expect(finished == .late)
        #expect(try await bench.pending(.finance).map(\.id) == [claim.id])
        #expect(try await bench.count("delivery_attempt WHERE is_late") == 1)
        await bench.close()
    }

    @Test func aRecallFollowsWhatWasSentToTheNamedAndNothingElse() async throws {
        let bench = try await AcceptBench()
        // The second successor has a copy of its own.
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.stranger, .treasury]))
        try await end(.stranger, to: .finance, .treasury, in: bench)
        #expect(try await move(bench) == 1)
        let first = try await change(
            .recall, of: "VB-1", naming: .stranger, to: .finance, further: .treasury, bench)
        #expect(try await bench.store.accept(first).isAccepted)
        #expect(
            try await lines(bench) == [
                "000.00.14.H52 document withdrawn", "000.00.14.H52 recall withdrawn", "001.00.14.H52 document waiting",
            ])
        #expect(try await outcomes(bench) == ["000.00.14.H52 withdrawn"])

        // Sent since to the closed identifier, it has come to the second one, which has read it.
        let version = try await bench.database.registryVersion()
        let later = try addressed(bench.acceptance("VB-2", to: [.treasury], version: version), as: .stranger)
        _ = try await bench.store.accept(later)
        let line = try #require(try await bench.pending(.treasury).last)
        _ = try await bench.fetch(line.id.uuid, by: .treasury)
        let second = try await change(
            .recall, of: "VB-2", naming: .stranger, to: .finance, further: .treasury, bench)
        #expect(try await bench.store.accept(second).isAccepted)
        #expect(try await outcomes(bench) == ["000.00.14.H52 withdrawn", "001.00.14.H52 owed"])
        let told: [String] = try await bench.column(
            """
            SELECT agency.code AS value FROM delivery JOIN agency ON agency.id = recipient_agency_id
            WHERE package_id = $1
            """, [.uuid(second.id.uuid)])
        #expect(told == ["001.00.14.H52"])
        // Again, it gets its first receipt.
        #expect(try await bench.store.accept(second).isKnown(second.id))
        await bench.close()
    }

    @Test func whatAnUpdateBroughtIsFollowedToo() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let update = try await change(.update, of: "VB-1", naming: .stranger, to: .stranger, bench)
        #expect(try await bench.store.accept(update).isAccepted)
        try await end(.stranger, to: .treasury, in: bench)
        #expect(try await move(bench) == 1)
        let recall = try await change(.recall, of: "VB-1", naming: .stranger, to: .treasury, bench)
        #expect(try await bench.store.accept(recall).isAccepted)
        #expect(try await outcomes(bench) == ["001.00.14.H52 withdrawn"])
        await bench.close()
    }

    @Test func anUpdateRemovesByTheOldIdentifier() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.stranger]))
        _ = try await bench.store.accept(bench.acceptance("VB-2", to: [.stranger, .finance]))
        try await end(.stranger, to: .finance, in: bench)
        #expect(try await move(bench) == 2)
        for document in ["VB-1", "VB-2"] {
            let update = try await change(
                .update, of: document, naming: .stranger, to: .finance, removing: .stranger, bench)
            #expect(try await bench.store.accept(update).isAccepted)
        }
        // The copy that was sent to the successor itself stays with it; the updates speak of the others alone.
        #expect(
            try await lines(bench) == [
                "000.00.14.H52 document waiting", "000.00.14.H52 document withdrawn", "000.00.14.H52 update withdrawn",
                "000.00.14.H52 update withdrawn", "000.00.15.H52 document withdrawn",
            ])
        await bench.close()
    }

    @Test func aResendThatAnotherRegistryDecidedIsDecidedAnew() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", meaning: "m"))
        let wider = try bench.acceptance("VB-1", to: [.finance, .stranger], content: "rộng", meaning: "m")
        let keyed = try KeyedAcceptance(wider, bench.database.keys)
        let place = try ContentPlace(parsing: "seg:2026-11:\(UUID().uuidString.lowercased()):0:4096")
        // Between the look at the identity and this.
        try await end(.stranger, to: .treasury, in: bench)
        let result = try await onConnection(to: bench.owner) { connection in
            try AcceptTransaction(connection: connection, due: DueSignal(), scansDue: ScanSignal()).resend(
                PlacedAcceptance(keyed: keyed, place: place, noticePlace: nil))
        }
        #expect(result == .registryChanged)
        #expect(try await bench.pending(.stranger).isEmpty)
        await bench.close()
    }
}
