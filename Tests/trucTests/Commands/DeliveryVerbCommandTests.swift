// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// The operator's verbs on deliveries, as they are typed, beside a hub that runs.
@Suite(.timeLimit(.minutes(5))) struct DeliveryVerbCommandTests {
    private struct Outcome: Decodable, Equatable {
        let docId: String
        let before: String
        let after: String
        let dryRun: Bool
    }

    private struct Shape: Decodable {
        let recipient: String
        let channel: String
        let total: Int
    }

    private func verb(_ hub: HubProcess, _ verb: String, _ id: String, _ further: String...) async throws
        -> CommandOutcome
    {
        try await CommandOutcome.run(
            ["delivery", verb, id, "--reason", "Công văn 9/\(verb)"] + further + ["--data-dir", hub.dataDirectory])
    }

    @Test func `each verb tells what it would do, does it, and stands in the history with its reason`() async throws {
        let province = try await Province.open()
        let hub = province.hub
        let receiver = try province.client(Province.justice)
        let sent = try await province.client(Province.construction).send(
            try Sample.document("15"), from: try Sample.agency(Province.construction))
        #expect(sent.status == 200)
        let id = try #require(try await receiver.received().first).docId
        // Verb, state before and after, and whether its recipient has it in its list then.
        for (name, before, after, isListed) in [
            ("hold", "waiting", "held", false), ("release", "held", "waiting", true),
            ("expire", "waiting", "expired", false), ("retry", "expired", "waiting", true),
        ] {
            let trial = try await verb(hub, name, id, "--dry-run", "--json")
            #expect(trial.status == 0, "\(name): \(trial.errors)")
            #expect(
                try JSONDecoder().decode([Outcome].self, from: Data(trial.output.utf8))
                    == [Outcome(docId: id, before: before, after: after, dryRun: true)])
            #expect(try await hub.command("delivery", "show", id).output.hasPrefix(before + " "))
            let done = try await verb(hub, name, id)
            #expect(done.status == 0 && done.output == "\(id): \(before) → \(after)\n", "\(name): \(done)")
            #expect(try await receiver.received().map(\.docId) == (isListed ? [id] : []), "\(name)")
        }
        #expect(try await receiver.confirm(id, .done).status == 200)
        // What is over takes no other verb than the one that begins anew, and says so.
        for name in ["hold", "release", "retry", "expire"] {
            let refused = try await verb(hub, name, id)
            #expect(refused.status == 1 && refused.errors.contains("[delivery.state-conflict]"), "\(name): \(refused)")
        }
        let replayed = try await verb(hub, "replay", id)
        #expect(replayed.status == 0 && replayed.output == "\(id): delivered → waiting\n")
        #expect(try await receiver.received().map(\.docId) == [id])
        let shapes = try await hub.command("delivery", "shape", "--json")
        // Its sender has a message of the hub's in its list: it was given up once.
        let shape = try JSONDecoder().decode([Shape].self, from: Data(shapes.output.utf8)).filter {
            $0.recipient == Province.justice
        }
        #expect(shape.map(\.channel) == ["pull"] && shape.map(\.total) == [1])
        let trace = try await hub.command("trace", id, "--json").output
        for (name, event) in [
            ("hold", "held"), ("release", "released"), ("expire", "expired"), ("retry", "retried"),
            ("replay", "replayed"),
        ] {
            #expect(trace.ranges(of: "\"event\" : \"delivery.\(event)\"").count == 1, "\(name)")
            #expect(trace.contains("Công văn 9/\(name)") || trace.contains("Công văn 9\\/\(name)"), "\(name)")
        }
        // Without a reason, or about nothing, nothing is done.
        #expect(try await hub.command("delivery", "hold", id).status == 64)
        #expect(try await verb(hub, "hold", "khong-phai").errors.contains("[registry.invalid-value]"))
        let unknown = try await verb(hub, "hold", "01981d3e-0000-7000-8000-000000000001")
        #expect(unknown.status == 1 && unknown.errors.contains("[package.not-found]"))
        try await hub.stop()
    }
}
