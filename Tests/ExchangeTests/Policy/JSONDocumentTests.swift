// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exchange

@Suite struct JSONDocumentTests {
    @Test func everyShapeIsReadInItsOrder() throws {
        let text = #" {"b": [1, -20, true, false, "x\u00e0\n"], "a": {"é": {}}, "c": []} "#
        #expect(
            try JSONDocument("test", text)
                == .object([
                    .init(
                        key: "b", value: .array([.number(1), .number(-20), .bool(true), .bool(false), .string("xà\n")])),
                    .init(key: "a", value: .object([.init(key: "é", value: .object([]))])),
                    .init(key: "c", value: .array([])),
                ]))
    }

    @Test(arguments: [
        "", "{", "[1", "{\"a\":1,}", "[1,]", "{\"a\" 1}", "{\"a\":1,\"a\":2}", "null", "01", "1.5", "1e3", "-", "+1",
        "99999999999999999999", "tru", "\"a", "{} {}", "[\"a\" \"b\"]", "{a:1}", "'a'",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(throws: ParsingProblem.self, "\(text)") { try JSONDocument("test", text) }
    }

    @Test func depthAndItemsHaveBounds() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONDocument("test", nested(JSONDocument.maxDepth)) }
        #expect(throws: ParsingProblem.self) { try JSONDocument("test", nested(JSONDocument.maxDepth + 1)) }
        func items(_ count: Int) -> String { "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]" }
        #expect(throws: Never.self) { try JSONDocument("test", items(JSONDocument.maxItems)) }
        #expect(throws: ParsingProblem.self) { try JSONDocument("test", items(JSONDocument.maxItems + 1)) }
        func members(_ count: Int) -> String {
            "{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        }
        #expect(throws: Never.self) { try JSONDocument("test", members(JSONDocument.maxItems)) }
        #expect(throws: ParsingProblem.self) { try JSONDocument("test", members(JSONDocument.maxItems + 1)) }
    }
}
