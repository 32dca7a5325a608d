// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

/// The registry as a file: out of one hub, into another, and nothing by halves.
@Suite(.timeLimit(.minutes(5))) struct AgencyImportCommandTests {
    private func file(_ text: String, _ name: String, in directory: String) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test func `an export is imported elsewhere, and is the same there`() async throws {
        let directory = try TestCluster.temporaryDirectory()
        let (first, second) = (try await HubProcess.start(), try await HubProcess.start())
        for hub in [first, second] {
            let system = try await hub.command("system", "add", "qlvb", "--name", "QLVB", "--generate-secret")
            #expect(system.status == 0, "\(system.errors)")
        }
        let heading = AgencyTable.heading.joined(separator: ",")
        let table = try file(
            """
            \(heading)
            000.01.13.H52,"Phòng ""Một"", Sở",000.00.13.H52,qlvb,,,,,,
            000.00.13.H52,Sở Xây dựng,,qlvb,a@b.vn,H52.13,,,,
            000.00.14.H52,Sở cũ,,,,,2020-01-01,2026-01-01,2026-06-01,000.00.13.H52
            """ + "\n", "a.csv", in: directory)
        let dry = try await first.command("agency", "import", table, "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("+ 000.00.13.H52 Sở Xây dựng"), "\(dry.errors)")
        #expect(try await first.command("agency", "export").output == heading + "\n")
        let imported = try await first.command(
            "agency", "import", table, "--decision", "1/QĐ", "--date", "2026-11-20")
        #expect(imported.status == 0 && imported.output.contains("3 đơn vị mới"), "\(imported.errors)")
        #expect(try await first.command("agency", "import", table).output.contains("0 đơn vị mới, 0 thay đổi"))
        let aliases = try file("SXD,H52.13\n", "b.csv", in: directory)
        let added = try await first.command("agency", "import", "--aliases", aliases, "--json")
        #expect(added.status == 0 && added.output.contains("\"SXD\""), "\(added.errors)")

        let exported = try await first.command("agency", "export").output
        #expect(
            exported.contains("000.00.14.H52,Sở cũ,,,,,2020-01-01,2026-01-01,2026-06-01,000.00.13.H52+pending+default"))
        let copied = try await second.command(
            "agency", "import", try file(exported, "c.csv", in: directory), "--json")
        #expect(copied.status == 0, "\(copied.errors)")
        #expect(try await second.command("agency", "export").output == exported)
        #expect(try await second.command("agency", "show", "SXD").output.contains("000.00.13.H52"))
        let tree = try await second.command("agency", "tree")
        #expect(tree.output == "000.00.13.H52  Sở Xây dựng\n  000.01.13.H52  Phòng \"Một\", Sở\n")
        try await first.stop()
        try await second.stop()
    }

    @Test func `one wrong line and nothing is imported`() async throws {
        let hub = try await HubProcess.start()
        let directory = try TestCluster.temporaryDirectory()
        let before = try await hub.command("agency", "export").output
        let table = try file(
            "\(AgencyTable.heading.joined(separator: ","))\nH52,UBND,,,,,,,,\nH52.13,Sở,H53,none,,,,,,\n", "a.csv",
            in: directory)
        let outcome = try await hub.command("agency", "import", table)
        #expect(outcome.status == 1 && outcome.errors.contains("[registry.file-invalid]"))
        #expect(
            outcome.output.contains("dòng 3: [unknown-system]") && outcome.output.contains("dòng 3: [unknown-agency]"))
        let circle = try file(
            AgencyTable.heading.joined(separator: ",")
                + "\nH52,A,,,,,,2026-01-01,,H53\nH53,B,,,,,,2026-01-01,,H52\n", "b.csv", in: directory)
        let shown = try await hub.command("agency", "import", circle, "--dry-run")
        #expect(shown.status == 1 && shown.output.contains("dòng 2: [successor-cycle]"), "\(shown.output)")
        #expect(try await hub.command("agency", "export").output == before)
        try await hub.stop()
    }
}
