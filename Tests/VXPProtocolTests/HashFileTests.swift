// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import Trust
import VXPProtocol

@Suite struct HashFileTests {
    /// SHA-256("abc") as the SDK writes it.
    @Test func theKnownUnpaddedForm() throws {
        let digest = SHA256Digest(of: Array("abc".utf8))
        let hash = try HashFile(parsing: "ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad")
        #expect(hash.matches(digest))
        #expect(hash == HashFile(unpadded: digest))
        #expect(try HashFile(parsing: digest.hex).matches(digest))
        #expect(try HashFile(parsing: digest.hex.uppercased()).matches(digest))
        #expect(!hash.matches(SHA256Digest(of: Array("abd".utf8))))
    }

    @Test func digestsWithSmallBytes() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let bytes = (0..<32).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0..<16, using: &generator) : UInt8.random(in: 0...255, using: &generator)
            }
            let digest = try #require(SHA256Digest(bytes: bytes))
            let unpadded = HashFile(unpadded: digest)
            #expect(unpadded.text.utf8.count == 64 - bytes.count(where: { $0 < 16 }))
            #expect(try HashFile(parsing: unpadded.text).matches(digest))
            #expect(try HashFile(parsing: HashFile(padded: digest).text).matches(digest))
            var other = bytes
            other[Int.random(in: 0..<32, using: &generator)] ^= 0x11
            #expect(!unpadded.matches(try #require(SHA256Digest(bytes: other))))
        }
        let zero = try #require(SHA256Digest(bytes: [UInt8](repeating: 0, count: 32)))
        #expect(try HashFile(parsing: String(repeating: "0", count: 32)).matches(zero))
    }

    @Test(arguments: [
        "", "zz", String(repeating: "a", count: 31), String(repeating: "a", count: 65),
        "0x" + String(repeating: "a", count: 62),
    ])
    func notAHash(text: String) {
        #expect(throws: ParsingProblem.self) { try HashFile(parsing: text) }
    }
}
