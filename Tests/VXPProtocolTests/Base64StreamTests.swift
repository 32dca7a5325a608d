// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing
import VXPProtocol

@Suite struct Base64StreamTests {
    @Test func streamedEqualsWhole() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            var stream = Base64Stream()
            var output: [UInt8] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let chunk = Array(rest.prefix(Int.random(in: 0...17, using: &generator)))
                rest = rest.dropFirst(chunk.count)
                output += chunk.withUnsafeBytes { stream.encode($0) }
            }
            output += stream.finish()
            #expect(String(decoding: output, as: UTF8.self) == Data(bytes).base64EncodedString())
        }
    }

    @Test func everyLetter() {
        let bytes = (0..<64).flatMap { value -> [UInt8] in
            let bits = UInt32(value) << 18 | UInt32(value) << 12 | UInt32(value) << 6 | UInt32(value)
            return [UInt8(bits >> 16), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
        }
        var stream = Base64Stream()
        let output = bytes.withUnsafeBytes { stream.encode($0) } + stream.finish()
        #expect(String(decoding: output, as: UTF8.self) == Data(bytes).base64EncodedString())
    }
}
