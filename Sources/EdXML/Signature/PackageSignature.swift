// SPDX-License-Identifier: Apache-2.0
import Trust

/// A signature that holds: the package is what the owner of `key` signed. Whose key that is, and whether anybody should
/// believe it, its certificate's chain says (`TrustStore` in `Trust`), not this.
public struct PackageSignature: Sendable, Equatable {
    /// Of the signature itself.
    public let algorithm: SignatureAlgorithm
    /// Of its references, in order.
    public let digests: [DigestAlgorithm]
    public let key: PublicKey
    /// DER of the certificate with that key, as the signature carries it.
    public let certificate: [UInt8]
    /// The others that it carries, in its order: to build a chain from, never to trust.
    public let otherCertificates: [[UInt8]]
    /// The line of the package at which it begins.
    public let line: Int

    /// Whether SHA-1 was used anywhere in it: accepted only where a policy says so.
    public var isObsolete: Bool { algorithm.isObsolete || digests.contains(where: \.isObsolete) }
}

/// What can be said of the signature of a package without asking whom to trust.
public enum SignatureOutcome: Sendable, Equatable {
    /// Nothing stands where a signature does, or nothing is in it.
    case absent
    /// Cannot be verified by its very shape: the wrong namespace and constant values, as the national SDK writes them, or
    /// a value or certificate that was cut off. Counts as no signature.
    case dummy(Finding)
    /// Claims to be one and does not hold, or is made such that what it covers cannot be told; the finding says which.
    case invalid(Finding)
    /// Holds, and covers the whole package.
    case intact(PackageSignature)
}
