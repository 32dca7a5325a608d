// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabasePolicyTests {
    private func document(_ name: String, _ bytes: Int = 1) throws -> PolicyDocument {
        let text = #"""
            {"name": "\#(name)", "title": "Mẫu", "from": "2020-01-01",
             "rules": {"file-max-bytes": {"value": \#(bytes), "source": "Điều 1"}}}
            """#
        return try PolicyDocument.read(Array(text.utf8)).get()
    }

    @Test func anActivationIsANewVersionOfWhatDecisionsRead() async throws {
        let bench = try await AcceptBench()
        let before = try await bench.database.registry()
        #expect(before.policies == PolicyTimeline([]))
        let now = Instant.now()
        let (first, second) = (try document("mot"), try document("hai"))
        try await bench.database.activate(first, from: now, reason: "Thử", actor: "operator:a", at: now)
        let later = now.advanced(by: .seconds(3_600))
        try await bench.database.activate(second, from: later, reason: "Thử tiếp", actor: "operator:b", at: now)
        let after = try await bench.database.registry()
        #expect(after.version == before.version + 2)
        #expect(after.policies.inForce(at: now)?.profile == first.profile)
        #expect(after.policies.inForce(at: now)?.digest == first.digest)
        #expect(after.policies.inForce(at: later)?.profile == second.profile)
        #expect(after.policies.inForce(at: now.advanced(by: .seconds(-1))) == nil)
        #expect(try await bench.database.policyActivations().map(\.name) == ["hai", "mot"])
        #expect(try await bench.database.policyActivations().map(\.reason) == ["Thử tiếp", "Thử"])
        #expect(try await bench.count("history WHERE event = 'policy.activated'") == 2)
        await bench.close()
    }

    @Test func whatWasLongAgoIsNotReadAnyMore() async throws {
        let bench = try await AcceptBench()
        let now = Instant.now()
        for (name, days) in [("mot", -40), ("hai", -30), ("ba", -2), ("bon", 5)] {
            try await bench.database.activate(
                document(name), from: now.advanced(by: .seconds(days * 86_400)), reason: "Thử", actor: "operator:a",
                at: now)
        }
        let policies = try await bench.database.registry().policies
        #expect(policies.inForce(at: now)?.profile.name == "ba")
        #expect(policies.inForce(at: now.advanced(by: .seconds(6 * 86_400)))?.profile.name == "bon")
        #expect(policies.inForce(at: now.advanced(by: .seconds(-10 * 86_400))) == nil)
        await bench.close()
    }

    @Test func documentsAreKeptByTheirDigest() async throws {
        let bench = try await AcceptBench()
        let now = Instant.now()
        let (old, new) = (try document("mot", 1), try document("mot", 2))
        try await bench.database.keep(old, at: now)
        try await bench.database.keep(old, at: now)
        try await bench.database.keep(new, at: now.advanced(by: .seconds(1)))
        #expect(try await bench.database.policy("mot") == new)
        #expect(try await bench.database.policy(old.digest) == old)
        #expect(try await bench.database.policy("hai") == nil)
        #expect(try await bench.count("policy") == 2)
        await bench.close()
    }

    @Test func theyCannotBeChanged() async throws {
        let bench = try await AcceptBench()
        try await bench.database.activate(document("mot"), from: .now(), reason: "Thử", actor: "operator:a", at: .now())
        for statement in [
            "UPDATE policy SET document = 'x'", "DELETE FROM policy_activation",
            "UPDATE policy_activation SET reason = 'x'",
            "TRUNCATE policy CASCADE",
        ] {
            for role in [nil, PrivateCluster.runtime] {
                let state = try await onConnection(to: bench.owner) { connection -> String? in
                    if let role { try connection.query("SET ROLE \(role)") }
                    do {
                        try connection.query(statement)
                        return nil
                    } catch let error as PostgresError {
                        return error.sqlState
                    }
                }
                #expect(state == "42501", "\(role ?? "owner"): \(statement)")
            }
        }
        await bench.close()
    }

    /// Half a policy is none: a version of the program that does not know a rule must not judge without it.
    @Test func aDocumentOfALaterVersionIsRefused() async throws {
        let bench = try await AcceptBench()
        try await onConnection(to: bench.owner) { connection in
            let text = #"{"name": "sau", "title": "x", "from": "2020-01-01", "rules": {"moi": {}}}"#
            try connection.query(
                "INSERT INTO policy VALUES ($1, 'sau', $2, now())",
                [.text(String(repeating: "a", count: 64)), .text(text)])
            try connection.query(
                """
                INSERT INTO policy_activation (policy_sha256, valid_from, activated_at, actor, reason)
                VALUES ($1, now(), now(), 'operator:a', 'x')
                """, [.text(String(repeating: "a", count: 64))])
        }
        await #expect(throws: Refusal.self) { try await bench.database.registry() }
        await bench.close()
    }
}
