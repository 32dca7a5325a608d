// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// `truc delivery redirect`, beside a hub that runs.
@Suite(.timeLimit(.minutes(5))) struct RedirectCommandTests {
    private struct Line: Decodable {
        let docId: String
        let from: String
        let to: String
        let ground: String
        let before: String
        let after: String
        let dryRun: Bool
    }

    @Test func `a document goes where its sender agrees to, and its record says on what ground`() async throws {
        let province = try await Province.open()
        let hub = province.hub
        let document = try Sample.document("15")
        let sent = try await province.client(Province.construction).send(
            document, from: try Sample.agency(Province.construction))
        #expect(sent.status == 200)
        let id = try #require(try await province.client(Province.justice).received().first).docId
        func redirect(_ further: String...) async throws -> CommandOutcome {
            try await CommandOutcome.run(
                ["delivery", "redirect", id, "--to", "H52.21", "--reason", "Gửi nhầm nơi nhận"] + further
                    + ["--data-dir", hub.dataDirectory])
        }
        let groundless = try await redirect()
        #expect(groundless.status == 1 && groundless.errors.contains("[delivery.redirect-forbidden]"))
        #expect(try await redirect("--consent", "3/SXD-VP").status == 64)
        let consent = ["--consent", "3/SXD-VP", "--consent-by", "Trần Thị B", "--consent-date"]
        let early = try await redirect(consent[0], consent[1], consent[2], consent[3], consent[4], "2999-01-01")
        #expect(early.status == 1 && early.errors.contains("--consent-date"))

        let trial = try await redirect(
            consent[0], consent[1], consent[2], consent[3], consent[4], "2026-11-20", "--dry-run", "--json")
        let shown = try #require(try JSONDecoder().decode([Line].self, from: Data(trial.output.utf8)).first)
        #expect(shown.docId == id && shown.dryRun && shown.ground == "consent")
        #expect(
            [shown.from, shown.to, shown.before, shown.after] == [
                Province.justice, Province.health, "waiting", "waiting",
            ])
        #expect(try await province.client(Province.justice).received().map(\.docId) == [id])

        let done = try await redirect(consent[0], consent[1], consent[2], consent[3], consent[4], "2026-11-20")
        #expect(done.status == 0 && done.errors.isEmpty)
        #expect(done.output == "\(id): \(Province.justice) → \(Province.health), waiting → waiting\n")
        #expect(try await province.client(Province.justice).received().isEmpty)
        let receiver = try province.client(Province.health)
        #expect(try await receiver.received().map(\.docId) == [id])
        #expect(try await receiver.fetch(id) == document)
        #expect(try await receiver.confirm(id, .done).status == 200)
        let trace = try await hub.command("trace", id, "--json").output
        #expect(trace.contains("delivery.redirected") && trace.contains("Trần Thị B"))
        // People read it, too: who has it now, and on whose word.
        let text = try await hub.command("trace", id).output
        #expect(text.contains("→ \(Province.justice), nay là \(Province.health) ("), "\(text)")
        #expect(text.contains("3/SXD-VP") && text.contains("Trần Thị B"))
        let show = try await hub.command("delivery", "show", id)
        #expect(show.output.contains("→ \(Province.justice) (\(Province.health))"))
        let late = try await redirect("--dry-run")
        #expect(late.status == 1 && late.errors.contains("[delivery.state-conflict]"))
        #expect(try await hub.stop() == 0)
    }
}
