// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct TimeOrderedIDTests {
    @Test func `bits as RFC 9562 §5.7 lays them`() {
        let instant = Instant(microseconds: 1_645_557_742_000_999)
        for _ in 0..<1_000 {
            let bytes = withUnsafeBytes(of: PackageID(at: instant).uuid.uuid) { Array($0) }
            // The milliseconds of the RFC's own example, A.6.
            #expect(Array(bytes[..<6]) == [0x01, 0x7F, 0x22, 0xE2, 0x79, 0xB0])
            #expect(bytes[6] >> 4 == 7)
            #expect(bytes[8] >> 6 == 0b10)
        }
    }

    @Test func `every random bit changes, and no id comes twice`() {
        let instant = Instant(microseconds: 1_795_251_845_123_456)
        var seen: Set<DeliveryID> = []
        var ones = [UInt8](repeating: 0, count: 16)
        var zeros = [UInt8](repeating: 0, count: 16)
        for _ in 0..<1_000 {
            let id = DeliveryID(at: instant)
            #expect(seen.insert(id).inserted)
            for (index, byte) in withUnsafeBytes(of: id.uuid.uuid, { Array($0) }).enumerated() {
                ones[index] |= byte
                zeros[index] |= ~byte
            }
        }
        let changing = zip(ones, zeros).map { ($0 & $1).nonzeroBitCount }
        #expect(changing == [0, 0, 0, 0, 0, 0, 0, 0, 6, 8, 8, 8, 8, 8, 8, 8])
    }

    @Test func `a later microsecond gives a greater id, as bytes and as text`() {
        var generator = SeededGenerator(seed: 9562)
        for _ in 0..<2_000 {
            let start = Int64.random(in: 0...Instant.latest.microseconds - 1, using: &generator)
            let earlier = RequestID(at: Instant(microseconds: start))
            let later = RequestID(at: Instant(microseconds: start + 1))
            #expect(earlier < later)
            #expect(!(later < earlier))
            #expect(earlier.description < later.description)
        }
        #expect(!(PackageID() < PackageID(at: .earliest)))
        #expect(PackageID(at: .earliest) < PackageID(at: Instant(microseconds: 1_000)))
        #expect(PackageID(at: .latest) > PackageID())
    }

    @Test func `written in lower case, read in both`() throws {
        let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        let id = try PackageID(parsing: text)
        #expect(id.description == text)
        #expect(try PackageID(parsing: text.uppercased()) == id)
        #expect(try PackageID(parsing: "abc,\(text)".dropFirst(4)) == id)
        let json = try JSONEncoder().encode([id])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(text)\"]")
        #expect(try JSONDecoder().decode([PackageID].self, from: json) == [id])
    }

    @Test(arguments: [
        ("", 0), ("017f22e2-79b0-7cc3-98c4-dc0c0c07398", 35), ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", 36),
        ("017f22e279b07cc398c4dc0c0c07398f", 8), ("{017f22e2-79b0-7cc3-98c4-dc0c0c0739}", 0),
        ("017f22e2-79b0-7cc3-98c4-dc0c0c07398g", 35), (" 17f22e2-79b0-7cc3-98c4-dc0c0c07398f", 0),
        ("0x7f22e2-79b0-7cc3-98c4-dc0c0c07398f", 1), ("+17f22e2-79b0-7cc3-98c4-dc0c0c07398f", 0),
        ("017f22e2+79b0-7cc3-98c4-dc0c0c07398f", 8), ("017f22e2-79b0-7cc3-98c4-dc0c0c0739\u{301}", 34),
        ("017f22e2-79b0-7cc3-98c4\u{0}dc0c0c07398f", 23),
    ])
    func `another text is no id`(text: String, offset: Int) {
        #expect(throws: ParsingProblem("PackageID", "is not a UUID", at: offset)) { try PackageID(parsing: text) }
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode([PackageID].self, from: JSONEncoder().encode([text]))
        }
    }

    @Test func `any text is read or refused`() {
        var generator = SeededGenerator(seed: 36)
        var accepted = 0
        for _ in 0..<10_000 {
            let text = generator.hostileText(near: ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f"])
            guard let id = try? RequestID(parsing: text) else { continue }
            accepted += 1
            #expect(id.description == text.lowercased())
        }
        #expect(accepted > 50)
        #expect(throws: ParsingProblem.self) { try RequestID(parsing: String(repeating: "0", count: 1_000_000)) }
    }
}

@Suite struct SystemIDTests {
    @Test(arguments: ["qlvb.soxd", "02.29.W00", "a", "_", "A-Z_0.9", String(repeating: "x", count: 64)])
    func `names of systems`(text: String) throws {
        let system = try SystemID(parsing: text)
        #expect(system.text == text)
        #expect(system.description == text)
        #expect(try JSONDecoder().decode([SystemID].self, from: JSONEncoder().encode([system])) == [system])
    }

    @Test(arguments: [
        ("", 0), ("qlvb soxd", 4), ("qlvb\r\nX: y", 4), ("sở", 1), ("a/b", 1), ("a\u{0}", 1), ("ａ", 0),
        (String(repeating: "x", count: 65), 64), (String(repeating: "x", count: 100_000), 64),
    ])
    func `other texts are refused at their place`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try SystemID(parsing: text) }
        #expect(problem?.offset == offset)
        #expect(problem?.subject == "SystemID")
    }
}
