// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Exchange

struct NormalizationTests {
    @Test func whatIsPassedOverIsInNFC() {
        var all = String.UnicodeScalarView()
        for value in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(value), String.standsAsItIs(scalar) else { continue }
            all.append(scalar)
        }
        #expect(all.count > 1_000)
        let text = String(all)
        // Compared by scalars: strings are equal in any form.
        #expect(Array(text.precomposedStringWithCanonicalMapping.unicodeScalars) == Array(all))
    }

    @Test func decomposedLettersAreComposed() {
        let text = "Quyết định số 1 – “mẫu”"
        let decomposed = text.decomposedStringWithCanonicalMapping
        #expect(decomposed.unicodeScalars.count > text.unicodeScalars.count)
        #expect(Array(decomposed.precomposed.utf8) == Array(text.utf8))
    }
}
