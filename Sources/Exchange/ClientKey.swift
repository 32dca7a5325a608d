// SPDX-License-Identifier: Apache-2.0

/// The public key of a client certificate, known by the SHA-256 over its SubjectPublicKeyInfo in DER, as 64 lower-case
/// hexadecimal digits.
///
/// The key and not the certificate: one that is renewed for the same key needs no word to the operator.
public struct ClientKey: Hashable, Sendable, CustomStringConvertible {
    /// Keys that one system may be bound to: the present one, the next one, and those of further servers.
    public static let maxPerSystem = 4
    private static let digits = 64

    public let text: String

    /// - Throws: `ParsingProblem` unless there are 64 hexadecimal digits, of either case.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        for (offset, byte) in text.utf8.enumerated() {
            switch byte {
            case 0x30...0x39 where offset < Self.digits, 0x41...0x46 where offset < Self.digits,
                0x61...0x66 where offset < Self.digits:
                continue
            default: throw ParsingProblem("client key", "is not 64 hexadecimal digits", at: offset)
            }
        }
        guard text.utf8.count == Self.digits else {
            throw ParsingProblem("client key", "is not 64 hexadecimal digits", at: text.utf8.count)
        }
        self.text = text.lowercased()
    }

    public var description: String { text }
}
