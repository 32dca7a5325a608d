// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing
import Trust

@testable import Store

@Suite struct ContentBytesTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, ContentStore.maxSegmentedLength])
    func howTheContentCameDoesNotShowInWhatIsStored(length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let bytes = random.bytes(length)
        for longest in [1, 999, 65_536, 300_000] where length / longest < 100_000 {
            var chunks: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(Int.random(in: 0...longest, using: &random))
                chunks.append(Array(chunk))
                rest = rest.dropFirst(chunk.count)
            }
            let content = ContentBytes(chunks: chunks, digest: SHA256Digest(of: bytes))
            var expected: [UInt8] = []
            var encryptor = FrameEncryptor(content.key)
            bytes.withUnsafeBytes { encryptor.update($0) { expected += $0 } }
            encryptor.finish { expected += $0 }
            let pieces = content.sealedPieces
            #expect(Array(pieces.joined()) == expected)
            #expect(pieces.dropLast().allSatisfy { $0.count == ContentStore.sealedChunkLength })
        }
    }
}
