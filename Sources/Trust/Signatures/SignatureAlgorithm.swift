// SPDX-License-Identifier: Apache-2.0

/// A hash function under a signature.
public enum DigestAlgorithm: String, CaseIterable, Sendable {
    case sha1 = "SHA-1"
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"

    public var byteCount: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Two messages with one digest can be made: what is signed with it proves nothing any more against somebody who could
    /// choose a part of the message. Read because old packages carry it; never written.
    public var isObsolete: Bool { self == .sha1 }
}

/// How a signature is made of a digest.
public struct SignatureAlgorithm: Hashable, Sendable, CustomStringConvertible {
    public enum Scheme: String, CaseIterable, Sendable {
        /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
        case rsaPKCS1 = "RSA"
        /// RSASSA-PSS (RFC 8017 §8.1) with MGF1 of the same hash and a salt as long as the digest (RFC 6931 §2.3.10).
        case rsaPSS = "RSA-PSS"
        /// ECDSA (FIPS 186-4). Its value is r and s, each as long as the curve's order: not DER. See `ECDSAValue`.
        case ecdsa = "ECDSA"
    }

    public let scheme: Scheme
    public let digest: DigestAlgorithm

    public init(_ scheme: Scheme, _ digest: DigestAlgorithm) {
        self.scheme = scheme
        self.digest = digest
    }

    public var isObsolete: Bool { digest.isObsolete }
    public var description: String { "\(scheme.rawValue) \(digest.rawValue)" }
}
