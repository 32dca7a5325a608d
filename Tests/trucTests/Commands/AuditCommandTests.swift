// SPDX-License-Identifier: Apache-2.0
import Foundation
import Store
import TestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct AuditCommandTests {
    private struct Printed: Decodable {
        let size: Int
        let root: String
        let waiting: Int
    }

    private struct Sums: Decodable {
        let finding: String
        let leaves: Int?
        let root: String?
        let rows: Int?
        let waiting: Int?
        let findings: Int?
    }

    @Test func `beside a running hub, what it does gets into the tree and is found unaltered`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        #expect(try await sender.send(try Sample.document("61"), from: from).status == 200)
        // The daemon places it by itself: some looks later nothing waits.
        let deadline = ContinuousClock.now + .seconds(30)
        var state: Printed
        repeat {
            let status = try await province.hub.command("audit", "status", "--json")
            try #require(status.status == 0, "\(status.errors)")
            state = try JSONDecoder().decode(Printed.self, from: Data(status.output.utf8))
        } while state.waiting > 0 && ContinuousClock.now < deadline
        #expect(state.waiting == 0 && state.size > 5 && state.root.count == 64)
        let text = try await province.hub.command("audit", "status")
        #expect(text.output.contains("Không sự kiện nào chờ") && text.output.contains(state.root), "\(text.output)")

        let check = try await province.hub.command("audit", "check", "--json")
        #expect(check.status == 0, "\(check.output)\(check.errors)")
        let lines = try check.output.split(separator: "\n").map {
            try JSONDecoder().decode(Sums.self, from: Data($0.utf8))
        }
        #expect(lines.count == 1 && lines.last?.finding == "summary" && lines.last?.findings == 0)
        #expect(lines.last?.root == state.root && lines.last?.leaves == state.size && (lines.last?.rows ?? 0) > 4)
        let whole = try await province.hub.command("audit", "check")
        #expect(whole.status == 0 && whole.output.contains("(nothing altered)"), "\(whole.output)")
        #expect(try await province.hub.stop() == 0)
    }
}
