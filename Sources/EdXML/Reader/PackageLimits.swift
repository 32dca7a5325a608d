// SPDX-License-Identifier: Apache-2.0

/// How much of anything a package may have. What is beyond is refused at once, and named in the finding.
public struct PackageLimits: Sendable, Equatable {
    /// The whole package. The policy in force sets a smaller one where it has one.
    public var totalBytes = 256 << 20
    /// From the package's beginning to the end of its header, which nothing long may stand before: who takes a package
    /// must keep all of this in memory until it is known what it is. 5 000 recipients with usual addresses fit. Looked
    /// at with each block of `PackageReader.blockSize`, so that less than one more may pass.
    public var headerBytes = 4 << 20
    /// A single tag, comment or processing instruction. Looked at after each block, likewise.
    public var markupBytes = 32 << 10
    /// The text of one element, attachments apart.
    public var textBytes = 64 << 10
    /// Elements within elements.
    public var depth = 48
    /// Elements altogether.
    public var elements = 100_000
    /// Attributes and namespace declarations of one element.
    public var attributes = 32
    /// Attachments, and lines of the manifest.
    public var attachments = 1_000
    /// `To` elements.
    public var recipients = 5_000
    /// `TraceHeader` elements.
    public var traces = 500
    /// Findings kept; the verdict counts all.
    public var findings = 100
    /// Bytes of a wrapped attachment that are unpacked for its digest; a larger one counts as it is.
    public var unpackedBytes = 256 << 20
    /// Unpacked bytes for each packed one beyond `unpackedAllowance`, likewise. Deflate itself ends at about 1 000.
    public var unpackedRatio = 200
    /// Bytes that a wrapped attachment may unpack to at any ratio: small files of one letter are not bombs.
    public var unpackedAllowance = 1 << 20
    /// Bytes that are unpacked for all attachments of a package together; beyond it all of them count as they are.
    public var unpackedTotalBytes = 512 << 20

    public static let standard = PackageLimits()

    public init() {}
}
