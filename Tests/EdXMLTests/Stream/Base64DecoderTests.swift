// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import EdXML

struct Base64DecoderTests {
    /// Nil when the text is not valid.
    private func decode(_ text: String, piece: Int = Base64Decoder.maxInput) -> [UInt8]? {
        var decoder = Base64Decoder()
        var decoded: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let input = Array(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            decoded += [UInt8](unsafeUninitializedCapacity: Base64Decoder.outputCapacity) { output, count in
                guard let start = output.baseAddress else { return }
                count = input.withUnsafeBufferPointer { decoder.decode($0, into: start) }
            }
        }
        return decoder.isComplete ? decoded : nil
    }

    @Test(arguments: [1, 2, 3, 5, 64, 77, Base64Decoder.maxInput]) func agreesWithFoundation(piece: Int) {
        for count in Array(0...70) + [6_143, 6_144, 6_145, 20_000] {
            let bytes = Invented.random(count, seed: UInt64(count))
            let data = Data(bytes)
            #expect(decode(data.base64EncodedString(), piece: piece) == bytes)
            let folded = data.base64EncodedString(options: [.lineLength76Characters])
            #expect(decode("\n  " + folded + "\t\r\n", piece: piece) == bytes)
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "AA=", "A===", "=", "====", "AAAA=", "AA==AAAA", "AA==A", "AA=A", "AA==\n=", "AAA=A", "AA-A",
        "AA_A",
        "AAAA\u{E9}", "AAAA\0", "${placeholder}", "AAAAAAAAAAAAAAA*",
    ])
    func refusesWhatIsNotBase64(_ text: String) {
        for piece in [1, 4, Base64Decoder.maxInput] { #expect(decode(text, piece: piece) == nil) }
    }

    @Test func paddingMayStandApart() {
        #expect(decode("QQ = =") == [0x41])
        #expect(decode("QUI\n=\n") == [0x41, 0x42])
        #expect(decode("") == [])
    }
}
