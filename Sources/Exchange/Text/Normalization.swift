// SPDX-License-Identifier: Apache-2.0
import Foundation

extension String {
    /// In Unicode NFC: two systems may write the same Vietnamese letter composed or decomposed.
    public var precomposed: String {
        unicodeScalars.allSatisfy(Self.standsAsItIs) ? self : precomposedStringWithCanonicalMapping
    }

    /// Letters and signs of which any sequence is in NFC already: Latin without combining marks, with the Vietnamese
    /// block, and the usual dashes and quotation marks. Most text is of them, and normalising costs a hundred times more.
    static func standsAsItIs(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300, 0x1E00...0x1EFF, 0x2010...0x2027: true
        default: false
        }
    }
}
