// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Foundation
import TestKit
import Testing

@Suite struct CanonicalJSONTests {
    private func text(_ value: CanonicalJSON) -> String { String(decoding: value.bytes, as: UTF8.self) }

    @Test func `members are sorted by their UTF-16, and what needs no escape has none`() {
        let value: CanonicalJSON = .object([
            "b": .array([.null, .bool(true), .bool(false), .integer(-7), .integer(0)]),
            "a": .string("Số 12/QĐ-UBND\u{7F}\u{2028}/"), "": .object([:]),
            // Beyond the Basic Multilingual Plane: before U+FB33 in UTF-16, after it in scalars.
            "\u{1F600}": .integer(1), "\u{FB33}": .integer(2),
        ])
        #expect(
            text(value)
                == "{\"\":{},\"a\":\"Số 12/QĐ-UBND\u{7F}\u{2028}/\",\"b\":[null,true,false,-7,0],\"\u{1F600}\":1,\"\u{FB33}\":2}"
        )
        #expect(
            text(.string("\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F}\"\\")) == #""\u0000\b\t\n\u000b\f\r\u001f\"\\""#)
    }

    @Test func `what was written is read, and means the same to Foundation`() throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<400 {
            let value = Self.random(depth: 1, &random)
            let bytes = value.bytes
            #expect(try CanonicalJSON(canonical: bytes) == value)
            let object = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect(Self.isSame(value, object), "\(text(value))")
        }
    }

    private static func random(depth: Int, _ random: inout SeededGenerator) -> CanonicalJSON {
        switch Int.random(in: depth < 5 ? 0...6 : 0...4, using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int.random(in: -CanonicalJSON.maxInteger...CanonicalJSON.maxInteger, using: &random))
        case 3, 4: return .string(string(&random))
        case 5:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.random(depth: depth + 1, &random) })
        default:
            var members: [String: CanonicalJSON] = [:]
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                members[string(&random)] = Self.random(depth: depth + 1, &random)
            }
            return .object(members)
        }
    }

    private static func string(_ random: inout SeededGenerator) -> String {
        let letters = Array("aăđồ\u{301}😀\"\\/\n\t\u{1}\u{1F} \u{2028}z".unicodeScalars)
        var text = ""
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            text.unicodeScalars.append(letters[Int.random(in: 0..<letters.count, using: &random)])
        }
        return text
    }

    private static func isSame(_ value: CanonicalJSON, _ object: Any) -> Bool {
        switch value {
        case .null: return object is NSNull
        case .bool(let value): return (object as? NSNumber)?.boolValue == value
        case .integer(let value): return (object as? NSNumber)?.intValue == value
        case .string(let value): return (object as? String).map { Array($0.utf8) == Array(value.utf8) } ?? false
        case .array(let items):
            guard let others = object as? [Any], others.count == items.count else { return false }
            return zip(items, others).allSatisfy { isSame($0, $1) }
        case .object(let members):
            guard let others = object as? [String: Any], others.count == members.count else { return false }
            return members.allSatisfy { key, value in others[key].map { isSame(value, $0) } ?? false }
        }
    }

    @Test(arguments: [
        "", " 1", "1 ", "01", "-0", "+1", "1.0", "1e2", "9007199254740992", "-9223372036854775808", "nul", "tru",
        "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":1}", "{\"a\": 1}", "{a:1}", "{\"a\"}", "[1,]", "[1 ,2]", "[", "{", "\"",
        "\"\\/\"", "\"\\u0041\"", "\"\\u001F\"", "\"\\u000a\"", "\"\n\"", "\"\\ud83d\\ude00\"", "\"\\u00+1\"", "1,2",
        "[[[[[[[[1]]]]]]]]",
    ])
    func `JSON in another form is refused`(text: String) {
        #expect(throws: (any Error).self) { try CanonicalJSON(canonical: Array(text.utf8)) }
    }

    @Test func `bytes that are no UTF-8 are refused, and two ways to write a letter are two texts`() throws {
        #expect(throws: (any Error).self) { try CanonicalJSON(canonical: [0x22, 0xFF, 0x22]) }
        #expect(throws: (any Error).self) { try CanonicalJSON(canonical: [0x22, 0xED, 0xA0, 0x80, 0x22]) }
        #expect(CanonicalJSON.string("\u{1EBF}") != CanonicalJSON.string("e\u{302}\u{301}"))
        #expect(try CanonicalJSON(canonical: Array("[[[[[[[1]]]]]]]".utf8)) != .null)
    }
}
