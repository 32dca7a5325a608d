// SPDX-License-Identifier: Apache-2.0
import Exchange

extension PolicyDocument {
    /// SHA-256 of the document, in hexadecimal: by which it is known again.
    public var digest: String { SHA256Digest(of: Array(text.utf8)).hex }
}
