// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct CalendarCommandTests {
    private func file(_ text: String) throws -> String {
        let path = try TestCluster.temporaryDirectory() + "/year.csv"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private let decision = ["--decision", "123/QĐ-X", "--date", "2025-10-16"]

    @Test func `a year is shown, edited, tried, imported and shown again`() async throws {
        let hub = try await HubProcess.start()
        let statutory = try await hub.command("calendar", "show", "2026")
        #expect(statutory.status == 0 && statutory.output.contains("(statutory)"))
        #expect(statutory.output.contains("2026-02-17  Thứ 3"))
        let lines = try await hub.command("calendar", "show", "2026", "--as-file").output
        let path = try file(lines + "2026-08-31,holiday,Hoán đổi\n2026-08-22,make-up,Làm bù\n")
        let tried = try await hub.command(
            "calendar", "import", path, decision[0], decision[1], decision[2], decision[3], "--dry-run")
        #expect(tried.status == 0 && tried.errors == "")
        #expect(tried.output.contains("+ 2026-08-22  Thứ 7  làm bù  Làm bù  123/QĐ-X, 2025-10-16\n"))
        #expect(tried.output.contains("+ 2026-08-31") && !tried.output.contains("\n- "))
        #expect(try await hub.command("calendar", "show", "2026").output == statutory.output)

        let imported = try await hub.command(
            "calendar", "import", path, decision[0], decision[1], decision[2], decision[3], "--json")
        #expect(imported.status == 0)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(imported.output.utf8)) as? [String: Any])
        #expect(report["verdict"] as? String == "accept" && report["year"] as? Int == 2026)
        #expect(
            (report["added"] as? [[String: Any]])?.compactMap { $0["day"] as? String } == ["2026-08-22", "2026-08-31"])
        let shown = try await hub.command("calendar", "show", "2026", "--json").output
        #expect(
            shown.contains(
                """
                    {
                      "day" : "2026-08-22",
                      "decision" : "123/QĐ-X",
                      "decisionDate" : "2025-10-16",
                      "kind" : "make-up",
                      "name" : "Làm bù"
                    }
                """))
        #expect(shown.contains(#""origin" : "imported""#))
        #expect(try await hub.stop() == 0)
    }

    @Test func `a wrong file is told line by line, and changes nothing`() async throws {
        let path = try file("2026-01-01,holiday,a\n2026-01-01,holiday,b\n2026-03-05,make-up,c\n")
        let checked = try await CommandOutcome.run(["calendar", "check", path] + decision)
        #expect(checked.status == 1)
        #expect(checked.errors.contains("[calendar.file-invalid]"))
        #expect(checked.errors.contains("line 2: repeated-day, line 3: make-up-on-working-day"))
        #expect(checked.output.contains("  dòng 2: lỗi [repeated-day]"))
        #expect(checked.output.contains("  dòng 3: lỗi [make-up-on-working-day]"))
        let json = try await CommandOutcome.run(["calendar", "check", path, "--json"] + decision)
        #expect(json.status == 1)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["verdict"] as? String == "refuse")
        #expect((report["findings"] as? [[String: Any]])?.compactMap { $0["line"] as? Int } == [2, 3])
        // An import of it does not come as far as the hub.
        let refused = try await CommandOutcome.run(
            ["calendar", "import", path, "--data-dir", try TestCluster.temporaryDirectory() + "/none"] + decision)
        #expect(refused.status == 1 && refused.errors.contains("[calendar.file-invalid]"))
    }

    @Test func `what cannot be meant is refused by name`() async throws {
        let path = try file("2026-01-01,holiday,a\n")
        let alone = try await CommandOutcome.run(["calendar", "check", path])
        #expect(alone.status == 1 && alone.output.contains("[no-decision]"))
        let good = try await CommandOutcome.run(["calendar", "check", path] + decision)
        #expect(good.status == 0 && good.output.contains("lưu ý [missing-holiday]"))
        let half = try await CommandOutcome.run(["calendar", "check", path, "--decision", "1/QĐ"])
        #expect(half.status == 64)
        let future = try await CommandOutcome.run(
            ["calendar", "check", path, "--decision", "1/QĐ", "--date", "9999-01-01"])
        #expect(future.status == 1 && future.errors.contains("[registry.invalid-value]"))
        let missing = try await CommandOutcome.run(["calendar", "check", path + ".none"] + decision)
        #expect(missing.status == 1 && missing.errors.contains("[file.unreadable]"))
        // Without an end; it is not read to one.
        let endless = try await CommandOutcome.run(["calendar", "check", "/dev/zero"] + decision)
        #expect(endless.status == 1 && endless.output.contains("[file-too-large]"))
        let early = try await CommandOutcome.run(["calendar", "show", "2020"])
        #expect(early.status == 1 && early.errors.contains("[calendar.year-outside]"))
    }
}
