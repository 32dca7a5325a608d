// SPDX-License-Identifier: Apache-2.0
import Testing
import VXPProtocol

@Suite struct PackageEndingTests {
    private func pass(_ chunks: [[UInt8]]) -> (content: [UInt8], held: [UInt8]) {
        var ending = PackageEnding()
        var content: [UInt8] = []
        for chunk in chunks {
            chunk.withUnsafeBytes { bytes in
                let (released, range) = ending.take(bytes)
                content += released
                content += bytes[range]
            }
        }
        return (content, ending.held)
    }

    @Test(arguments: [
        ("", "", ""), ("a\r\n", "a", "\r\n"), ("a", "a", ""), ("\r\n", "", "\r\n"), ("a\r", "a", "\r"),
        ("a\n", "a\n", ""),
        ("a\r\n\r\n", "a\r\n", "\r\n"), ("\r\r\n", "\r", "\r\n"), ("a\r\nb", "a\r\nb", ""), ("\n\r", "\n", "\r"),
    ])
    func inEveryPartition(text: String, content: String, held: String) {
        let bytes = Array(text.utf8)
        for cuts in 0..<(1 << max(0, bytes.count - 1)) {
            var chunks: [[UInt8]] = [[]]
            for (index, byte) in bytes.enumerated() {
                chunks[chunks.count - 1].append(byte)
                if cuts & (1 << index) != 0 { chunks.append([]) }
            }
            let (passed, kept) = pass(chunks)
            #expect(passed == Array(content.utf8))
            #expect(kept == Array(held.utf8))
        }
    }
}
