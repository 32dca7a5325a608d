// SPDX-License-Identifier: Apache-2.0
import Trust

/// A line of `edXMLManifest`: what the envelope says about an attachment.
public struct ManifestEntry: Hashable, Sendable {
    /// Without the prefix `cid:`.
    public var contentID: String
    public var contentType: String?
    public var description: String?
    public var name: String?
    public let line: Int
}

/// What is known of an attachment once its last byte has gone by. The bytes themselves are not kept.
public struct AttachmentSummary: Hashable, Sendable {
    /// Without the prefix `cid:`, which emitters write here or leave out.
    public let contentID: String
    /// The attachment's own name, or else the one in the manifest. Never to be used as a path.
    public let name: String?
    public let description: String?
    public let declaredType: String?
    public let detectedType: FileType
    public let decodedBytes: Int
    /// Of the decoded bytes.
    public let sha256: SHA256Digest
    /// Of the content as a person would open it: the only entry of the ZIP into which the national SDK wraps other
    /// files, else the same as `sha256`.
    public let unpackedSHA256: SHA256Digest
    public let unpackedBytes: Int
    /// Whether it is a PDF that holds a signature, as it is or wrapped into a ZIP. Nothing verifies it here.
    public let isSignedPDF: Bool
    /// The manifest's line for this attachment.
    public let reference: ManifestEntry?
    public let line: Int
}
