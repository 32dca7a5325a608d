// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import truc

@Suite(.timeLimit(.minutes(5))) struct PackageCommandTests {
    private struct Report: Decodable {
        struct Finding: Decodable {
            let line: Int
            let code: String
            let severity: String
            let sentence_vi: String
        }
        let verdict: String
        let documentId: String?
        let sha256: String
        let findings: [Finding]
    }

    private func file(_ bytes: [UInt8]) throws -> String {
        let path = try TestCluster.temporaryDirectory() + "/package.edxml"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func good() throws -> String { try file(PackageResources.demo_edxml) }

    /// The same with an attachment that is no base64.
    private func bad() throws -> String {
        let text = String(decoding: PackageResources.demo_edxml, as: UTF8.self)
        return try file(Array(text.replacing("JVBERi0x", with: "JVBE!!0x").utf8))
    }

    @Test func `a package that would be taken`() async throws {
        let path = try good()
        let outcome = try await CommandOutcome.run(["package", "check", path])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        #expect(outcome.output.contains("\(path): nhận, có cảnh báo (accept with warnings)"))
        #expect(outcome.output.contains("SHA-256 \(SHA256Digest(of: PackageResources.demo_edxml).hex)"))
    }

    @Test func `a package that would be refused, and one beside it`() async throws {
        let (good, bad) = (try good(), try bad())
        let outcome = try await CommandOutcome.run(["package", "check", "--json", good, bad])
        #expect(outcome.status == 1)
        #expect(outcome.errors == "")
        let reports = try JSONDecoder().decode([Report].self, from: Data(outcome.output.utf8))
        #expect(reports.map(\.verdict) == ["accept-with-warnings", "refuse"])
        #expect(reports.map(\.documentId) == Array(repeating: "000.00.13.H52,2026/11/20,15/SXD-VP", count: 2))
        let errors = reports.last?.findings.filter { $0.severity == "error" } ?? []
        #expect(!errors.isEmpty)
        #expect(errors.allSatisfy { $0.line > 0 && !$0.sentence_vi.isEmpty && $0.code.contains(".") })
    }

    @Test func `the whole text of a refusal names line, code and sentence`() async throws {
        let outcome = try await CommandOutcome.run(["package", "check", try bad()])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains(": từ chối (refuse)"))
        #expect(outcome.output.firstMatch(of: /dòng \d+: lỗi \[[a-z0-9.-]+\] \S/) != nil)
    }

    @Test func `a file that is not there`() async throws {
        let outcome = try await CommandOutcome.run(["package", "check", "/no/such/file.edxml"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("[file.unreadable]"))
        #expect(outcome.errors.contains("/no/such/file.edxml"))
    }
}
