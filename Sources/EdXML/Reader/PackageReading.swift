// SPDX-License-Identifier: Apache-2.0
import Trust

/// What the reader makes of a package.
public struct PackageReading: Sendable, Equatable {
    public enum Verdict: String, CaseIterable, Sendable, Codable {
        case accept
        case acceptWithWarnings = "accept-with-warnings"
        case refuse
    }

    /// What stands where a signature belongs. Nothing here verifies one.
    public enum Signature: String, CaseIterable, Sendable, Codable {
        case absent
        /// Cannot be verified by its very shape: constant values, a truncated certificate, the wrong namespace.
        case dummy
        case present
    }

    /// Nil when it could not be read; such a package is refused.
    public let header: PackageHeader?
    /// In the order of the package. For a refused package, those that were whole.
    public let attachments: [AttachmentSummary]
    public let manifest: [ManifestEntry]
    /// In the order in which they were met, at most `PackageLimits.findings`.
    public let findings: [Finding]
    /// Findings that were not kept.
    public let omittedFindings: Int
    public let verdict: Verdict
    public let signature: Signature
    /// Bytes fed.
    public let size: Int
    /// Of all bytes fed.
    public let digest: SHA256Digest
    /// What the package says, whoever wrapped it (see `PackageMeaning`); nil for a refused package.
    public let meaning: SHA256Digest?
}
