// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing
import Trust

@Suite struct HMACComputationTests {
    @Test func `a message in pieces has the code that libcrypto computes of the whole`() {
        var generator = SeededGenerator(seed: 7)
        for keyLength in [0, 1, 32, 63, 64, 65, 200] {
            let key = (0..<keyLength).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let message = (0..<1_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var computation = HMACSHA256.Computation(key: key)
            var rest = message[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 0...200, using: &generator))
                computation.update(piece)
                rest = rest.dropFirst(piece.count)
            }
            #expect(computation.code() == HMACSHA256.code(key: key, message: message))
        }
    }
}
