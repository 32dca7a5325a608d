// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// `hash-file`: the SHA-256 of the package as a VXP client writes it.
///
/// The SDK renders each byte with `Integer.toHexString` and does not pad, so a byte below 16 is one digit and the text
/// has 32 to 64. Such a text cannot be read back into a digest unambiguously: it is only ever compared with the two
/// renderings of a digest that the hub computed itself.
public struct HashFile: Hashable, Sendable, CustomStringConvertible {
    /// Lower-case hex, padded or not.
    public let text: String

    /// - Throws: `ParsingProblem` unless the text is 32 to 64 hex digits.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        for (offset, byte) in text.utf8.enumerated() {
            guard offset < 64 else { throw ParsingProblem("hash-file", "is longer than 64 hex digits", at: offset) }
            switch byte {
            case 0x30...0x39, 0x41...0x46, 0x61...0x66: continue
            default: throw ParsingProblem("hash-file", "has a character other than a hex digit", at: offset)
            }
        }
        guard text.utf8.count >= 32 else {
            throw ParsingProblem("hash-file", "is shorter than 32 hex digits", at: text.utf8.count)
        }
        self.text = String(text).asciiLowercased
    }

    /// The rendering of the SDK.
    public init(unpadded digest: SHA256Digest) { text = Self.unpadded(digest) }

    /// The rendering that everybody else uses.
    public init(padded digest: SHA256Digest) { text = digest.hex }

    /// Whether this is a rendering of `digest`.
    public func matches(_ digest: SHA256Digest) -> Bool { text == digest.hex || text == Self.unpadded(digest) }

    public var description: String { text }

    private static func unpadded(_ digest: SHA256Digest) -> String {
        digest.bytes.map { String($0, radix: 16) }.joined()
    }
}
