// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import Trust

@Suite struct WrappingKeysTests {
    private let context = WrapContext(.systemSecret, row: "qlvb.soxd/1")
    private let key = WrappingKey(createdAt: Instant(microseconds: 1_795_000_000_000_000))

    @Test func `what is wrapped opens for the same row and purpose only`() throws {
        let keys = WrappingKeys([key])
        let secret = Array("0123456789abcdef".utf8)
        let wrapped = key.wrap(secret, context)
        #expect(wrapped.keyID == key.id)
        #expect(WrappedSecret(bytes: wrapped.bytes) == wrapped)
        #expect(try keys.unwrap(wrapped, context) == secret)
        for other in [
            WrapContext(.systemSecret, row: "qlvb.soxd/2"), WrapContext(.contentKey, row: "qlvb.soxd/1"),
            WrapContext(.systemSecret, row: ""),
        ] {
            #expect(throws: WrappingKeys.OpeningProblem.forged) { try keys.unwrap(wrapped, other) }
        }
        #expect(key.wrap(secret, context).bytes != wrapped.bytes)
        #expect(throws: WrappingKeys.OpeningProblem.unknownKey(key.id)) {
            try WrappingKeys([WrappingKey(createdAt: .now())]).unwrap(wrapped, context)
        }
    }

    @Test func `no bit of a wrapped secret may change`() throws {
        let keys = WrappingKeys([key])
        let wrapped = key.wrap([1, 2, 3], context).bytes
        for bit in 0..<8 * wrapped.count {
            var forged = wrapped
            forged[bit / 8] ^= 1 << (bit % 8)
            let opened = WrappedSecret(bytes: forged).flatMap { try? keys.unwrap($0, context) }
            #expect(opened == nil, "bit \(bit)")
        }
        for length in 0..<wrapped.count {
            let opened = WrappedSecret(bytes: Array(wrapped[..<length])).flatMap { try? keys.unwrap($0, context) }
            #expect(opened == nil, "\(length) bytes")
        }
    }

    @Test func `the file's text is read back, and nothing else is`() throws {
        let keys = WrappingKeys([key]).adding(WrappingKey(createdAt: .now()))
        let text = keys.fileText
        #expect(try WrappingKeys(fileText: text) == keys)
        #expect(keys.newest(among: Set(keys.keys.map(\.id))) == keys.keys[1])
        #expect(keys.newest(among: [key.id]) == key)
        #expect(keys.prepared([key.id]) == [keys.keys[1]])
        #expect(keys.prepared([keys.keys[1].id]) == [])
        #expect(keys.only([keys.keys[1].id]).keys == [keys.keys[1]])
        let line = text.split(separator: "\n")[1]
        for wrong in [
            "", "truc-keyring 1\n", "truc-keyring 2\n\(line)\n", "truc-keyring 1\n\(line)",
            "truc-keyring 1\n\(line)\n\(line)\n", "truc-keyring 1\n\(line) x\n", "truc-keyring 1\n\(line.dropLast())\n",
            "truc-keyring 1\n\n\(line)\n", "truc-keyring 1\n\(line.uppercased())\n",
            WrappingKeys((0...WrappingKeys.maxKeys).map { _ in WrappingKey(createdAt: .now()) }).fileText,
        ] {
            #expect(throws: ParsingProblem.self, "\(wrong)") { try WrappingKeys(fileText: wrong) }
        }
        let full = WrappingKeys((0..<WrappingKeys.maxKeys).map { _ in WrappingKey(createdAt: .latest) }).fileText
        #expect(try WrappingKeys(fileText: full).keys.count == WrappingKeys.maxKeys)
    }

    @Test func `nothing prints a key`() {
        var dumped = ""
        dump(WrappingKeys([key]), to: &dumped)
        let secret = key.key.bytes
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(secret.hex))
            #expect(!text.contains(secret.prefix(3).map(String.init).joined(separator: ", ")))
        }
    }
}
