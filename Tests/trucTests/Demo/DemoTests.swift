// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import Testing

@testable import truc

@Suite(.timeLimit(.minutes(5))) struct DemoTests {
    @Test func `the demo holds every step, ends by itself and leaves nothing behind`() async throws {
        let outcome = try await CommandOutcome.run(["demo", "--exit", "--listen", "127.0.0.1:0"])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var rest = lines[...]
        for expected in [
            "$ truc serve --data-dir", "✓ trục sẵn sàng", "$ truc system add qlvb.soxd --name \"QLVB Sở Xây dựng\"",
            "$ truc agency add 000.00.13.H52 --name \"Sở Xây dựng\" --system qlvb.soxd --alias H52.13", "✓",
            "$ truc system add qlvb.sotc", "$ truc agency add 000.00.14.H52", "/getAgenciesList", "✓",
            "/sendEdoc", "✓ biên nhận", "/getReceivedEdocList", "✓ 1 văn bản chờ", "/getEdoc", "✓ đúng từng byte",
            "/updateStatus", "✓ processing", "/updateStatus", "✓ done", "✓ danh sách chờ đã hết", "/sendEdoc", "✓ 01",
            "/sendEdoc", "✓ 03", "/sendEdoc", "✓ 06", "✓ 3 trạng thái chờ", "✓ đủ và đúng thứ tự",
            "/getSentEdocList", "✓ 15/SXD-VP", "$ truc trace 000.00.13.H52,2026/11/20,15/SXD-VP", "06 đã hoàn thành",
            "✓ vết có SHA-256", "✓ mọi bước đều đạt",
        ] {
            let found = try #require(rest.firstIndex { $0.contains(expected) }, "\(expected)\n\(outcome.output)")
            rest = rest[(found + 1)...]
        }
        #expect(!outcome.output.contains("✗"))
        // Colours are for terminals.
        #expect(!outcome.output.contains("\u{1B}"))
        let directory = try #require(outcome.output.firstMatch(of: /truc serve --data-dir (\S+)/)?.1)
        #expect(!FileManager.default.fileExists(atPath: String(directory)))
    }

    @Test func `a directory that was given stays, with the requests and without a secret in the open`() async throws {
        let directory = try TestCluster.temporaryDirectory() + "/kept"
        let outcome = try await CommandOutcome.run(
            ["demo", "--exit", "--listen", "127.0.0.1:0", "--data-dir", directory])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let requests = try FileManager.default.contentsOfDirectory(atPath: directory + "/demo/requests").sorted()
        #expect(requests.first == "01-getAgenciesList")
        #expect(requests.contains("02-sendEdoc") && requests.contains("02-sendEdoc.body"))
        #expect(try permissions(directory + "/demo") == 0o700)
        let body = try Data(contentsOf: URL(fileURLWithPath: directory + "/demo/requests/02-sendEdoc.body"))
        #expect([UInt8](body) == PackageResources.demo_edxml + [0x0D, 0x0A])
    }

    @Test func `the demo does not write into a directory that holds something`() async throws {
        let directory = try TestCluster.temporaryDirectory()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: directory + "/file"))
        let outcome = try await CommandOutcome.run(["demo", "--exit", "--data-dir", directory])
        #expect(outcome.status == 2)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("[setup.data-directory-unusable]"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
    }

    @Test func `a demo whose hub cannot start fails and says where to look`() async throws {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        // 192.0.2.0/24 is for documentation (RFC 5737), and beyond this machine without TLS no hub starts.
        let outcome = try await CommandOutcome.run(
            ["demo", "--exit", "--data-dir", directory, "--listen", "192.0.2.1:8080"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("✗ truc serve ended by itself, with status 2"))
        #expect(outcome.errors.contains("\(directory)/demo/hub.log"))
        #expect(outcome.errors.contains("[setup.plain-http-exposed]"))
    }

    @Test func `the demo's package is one that the hub takes, without a word about its form`() throws {
        let reader = PackageReader()
        reader.feed(PackageResources.demo_edxml)
        let reading = reader.finish()
        #expect(reading.verdict == .acceptWithWarnings)
        #expect(reading.findings.map(\.code) == [.signatureMissing])
        #expect(reading.attachments.map(\.name) == ["15-SXD-VP.pdf", "phu-luc-cay-xanh.csv"])
        #expect(reading.attachments.first?.detectedType == .pdf)
    }

    @Test(arguments: [
        (["truc", "a-b_c./:@,+%1"], "truc a-b_c./:@,+%1"), (["two words"], "\"two words\""), ([""], "\"\""),
        (["Sở"], "\"Sở\""), (["a\"b$c`d\\e"], #""a\"b\$c\`d\\e""#), (["a;b"], "\"a;b\""),
    ])
    func `commands are printed as a shell reads them`(words: [String], typed: String) {
        #expect(DemoScreen.typed(words) == typed)
    }

    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
