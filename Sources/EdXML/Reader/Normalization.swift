// SPDX-License-Identifier: Apache-2.0
import Foundation

extension String {
    /// In Unicode NFC: two systems may write the same Vietnamese letter composed or decomposed.
    var precomposed: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }
}
