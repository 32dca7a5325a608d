// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import EdXML

@Suite struct PDFSignatureSearchTests {
    private func isFound(_ text: String, pieces: Int) -> Bool {
        var search = PDFSignatureSearch()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { search.consume($0) }
        }
        return search.isFound
    }

    @Test(arguments: [1, 2, 3, 5, 9, 10, 11, 64, 10_000])
    func theKeyIsFoundHoweverTheBytesCome(pieces: Int) {
        let filler = String(repeating: "0 obj << /Type /Page >> ", count: 40)
        #expect(isFound("%PDF-1.7\n\(filler)/ByteRange [0 1 2 3]\(filler)", pieces: pieces))
        #expect(isFound("%PDF-1.7/ByteRange", pieces: pieces))
        #expect(!isFound("%PDF-1.7\n\(filler)/ByteRang e", pieces: pieces))
        #expect(!isFound("PDF-1.7\n/ByteRange", pieces: pieces))
        #expect(!isFound("{\\rtf /ByteRange}", pieces: pieces))
        #expect(!isFound("", pieces: pieces))
    }
}
