// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Hub
import Store
import TestKit
import Testing
import Trust

@testable import truc

@Suite(.timeLimit(.minutes(2))) struct PolicyCommandTests {
    private func file(_ text: String) throws -> String {
        let path = try TestCluster.temporaryDirectory() + "/policy.json"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private static let own = #"""
        {"name": "cua-toi", "title": "Của tôi", "from": "2020-01-01",
         "rules": {"file-max-bytes": {"value": 1000, "source": "Điều 1"}}}
        """#

    @Test func checkNamesEverythingAndNeedsNoHub() async throws {
        let good = try await CommandOutcome.run(["policy", "check", try file(Self.own)])
        #expect(good.status == 0 && good.output.contains("cua-toi"))
        let bad = Self.own.replacing("file-max-bytes", with: "file-max-byte").replacing(
            "2020-01-01", with: "2020-13-01")
        let outcome = try await CommandOutcome.run(["policy", "check", try file(bad), "--json"])
        #expect(outcome.status == 1 && outcome.errors.contains("[policy.document-invalid]"))
        let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(report["verdict"] as? String == "refuse")
        let problems = try #require(report["problems"] as? [[String: String]])
        #expect(problems.map { $0["path"] } == ["from", "rules.file-max-byte"])
        #expect(problems.last?["reason"]?.contains("did you mean file-max-bytes?") == true)
        let taken = try await CommandOutcome.run([
            "policy", "check", try file(Self.own.replacing("cua-toi", with: "quoc-gia")),
        ])
        #expect(taken.status == 1 && taken.errors.contains("comes with the program"))
        #expect(try await CommandOutcome.run(["policy", "check", "/nowhere"]).errors.contains("[file.unreadable]"))
    }

    @Test func checkAsksTheScannerThatADocumentNames() async throws {
        let clamd = try await TestClamd.start()
        let path = try file(
            #"""
            {"name": "cua-toi", "title": "Của tôi", "from": "2020-01-01", "rules": {"malware-scan": {
                "value": {"scanner": "\#(clamd.socket)", "when-away": "hold"}, "source": "Điều 1"}}}
            """#)
        let answered = try await CommandOutcome.run(["policy", "check", path])
        #expect(answered.status == 0 && answered.output.contains("\(clamd.socket): ClamAV "))
        clamd.stop()
        // Away is no fault of the document.
        let silent = try await CommandOutcome.run(["policy", "check", path])
        #expect(silent.status == 0 && silent.output.contains("dùng được") && silent.output.contains("cảnh báo"))
        let told = try await CommandOutcome.run(["policy", "check", path, "--json"])
        let report = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
        let scanner = try #require(report["scanner"] as? [String: String])
        #expect(told.status == 0 && report["verdict"] as? String == "accept")
        #expect(scanner["address"] == clamd.socket && scanner["version"] == nil && scanner["problem"] != nil)
    }

    @Test func knownProfilesCanBeWrittenOutAndReadBack() async throws {
        for document in KnownPolicies.all {
            #expect(try await CommandOutcome.run(["policy", "check", try file(document.text)]).status == 0)
        }
        let name = "ninh-binh-161-2025"
        let shown = try await CommandOutcome.run(["policy", "show", name, "--as-file"])
        #expect(shown.output == KnownPolicies.named(name)?.text)
        let text = try await CommandOutcome.run(["policy", "show", name]).output
        #expect(text.contains("file-max-bytes: 52428800") && text.contains("Quy chế Điều 8.4"))
    }

    @Test func theBeginningLiesNeitherInThePastNorBeforeTheDecision() throws {
        let now = try Instant(iso8601: "2026-03-05T10:00:00+07:00")
        let profile = PolicyProfile(name: "a", title: "a", from: try Instant(iso8601: "2026-03-01T00:00:00+07:00"))
        let coming = PolicyProfile(name: "b", title: "b", from: try Instant(iso8601: "2027-01-01T00:00:00+07:00"))
        #expect(try PolicyCommand.beginning(of: profile, nil, now: now) == now)
        #expect(try PolicyCommand.beginning(of: coming, nil, now: now) == coming.from)
        #expect(try PolicyCommand.beginning(of: profile, "2026-03-05", now: now) == now)
        #expect(
            try PolicyCommand.beginning(of: profile, "2026-03-06", now: now)
                == Instant(vietnam: try CalendarDate(iso8601: "2026-03-06")))
        #expect(
            try PolicyCommand.beginning(of: profile, "2026-03-05T10:00:01+07:00", now: now)
                == now.advanced(by: .seconds(1)))
        for (profile, written) in [
            (profile, "2026-03-04"), (profile, "2026-03-05T09:59:59+07:00"), (coming, "2026-12-31"),
        ] {
            #expect(throws: Refusal.self, "\(written)") {
                try PolicyCommand.beginning(of: profile, written, now: now)
            }
        }
    }

    @Test func aChangeSaysWhatGoesAndWhatComes() throws {
        let document = try PolicyDocument.read(Array(Self.own.utf8)).get()
        let change = PolicyText.Change(document, from: .now(), before: .national, dryRun: true)
        #expect(change.added.map(\.rule) == [.fileMaxBytes])
        #expect(change.removed.map(\.rule) == KnownPolicies.national.profile.lines.map(\.rule))
        let lines = PolicyText.lines(change)
        #expect(lines.contains("+ file-max-bytes: 1000 — Điều 1") && lines.last?.contains("dry run") == true)
    }

    @Test func namesThatDoNotExistAreNearOnesThatDo() async throws {
        let hub = try await HubProcess.start()
        let outcome = try await hub.command("policy", "activate", "ninh-bin-161-2025", "--reason", "x")
        #expect(outcome.status == 1 && outcome.errors.contains("did you mean ninh-binh-161-2025?"))
        let own = try await hub.command("policy", "activate", "--file", try file(Self.own), "--reason", "Thử")
        #expect(own.status == 0)
        #expect(try await hub.command("policy", "show", "cua-toi").output.contains("file-max-bytes: 1000"))
        #expect(try await hub.command("policy", "activate", "--reason", "x").status == 64)
        try await hub.stop()
    }
}
