// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct RefusalsCommandTests {
    @Test func `docs_refusals_md is what the catalogue says`() async throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let kept = try String(contentsOf: root.appending(path: "docs/refusals.md"), encoding: .utf8)
        let outcome = try await CommandOutcome.run(["refusals"])
        #expect(outcome.status == 0)
        #expect(outcome.output == kept, "write it anew: truc refusals > docs/refusals.md")
    }

    @Test func `as JSON it has every code once`() async throws {
        struct Line: Decodable {
            let code: String
            let http: Int
            let vxp_error_code: String
            let remedy_vi: String
        }
        let outcome = try await CommandOutcome.run(["refusals", "--json"])
        let lines = try JSONDecoder().decode([Line].self, from: Data(outcome.output.utf8))
        #expect(lines.map(\.code) == Refusal.Code.allCases.map(\.rawValue))
        #expect(lines.allSatisfy { (400..<600).contains($0.http) && $0.vxp_error_code != "0" && !$0.remedy_vi.isEmpty })
    }
}
