// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// A content of the store and everything that is needed to read it.
public struct StoredContent: Sendable {
    public let place: ContentPlace
    /// Of the content as it came.
    public let sha256: SHA256Digest
    /// Bytes of the content as it came.
    public var length: Int { layout.plaintextLength }

    let layout: FrameLayout
    let key: AESKey

    /// - Throws: `.damaged` when a content of this length cannot fill that place.
    init(_ place: ContentPlace, length: Int, sha256: SHA256Digest, key: AESKey) throws(ContentError) {
        guard let layout = FrameLayout(plaintextLength: length), layout.sealedLength == place.length else {
            throw .damaged("\(place) is no place for \(length) bytes")
        }
        self.place = place
        self.sha256 = sha256
        self.layout = layout
        self.key = key
    }
}

/// A content in a file or chunks of its own, durable, to which nothing points yet.
public struct SealedContent: Sendable {
    public let place: ContentPlace
    /// Bytes of the content as it came.
    public let length: Int
    let key: AESKey
}

/// The keys of the contents, as the table `content` has them.
enum ContentKeys {
    static func context(_ package: PackageID) -> WrapContext { WrapContext(.contentKey, row: "\(package)") }

    static func wrap(_ package: NewPackage, _ ring: KeyRing) throws(Refusal) -> WrappedSecret {
        try ring.wrap(package.content.key.bytes, context(package.envelope.id))
    }
}

extension StoredContent {
    /// Reads `place`, `length`, `sha256` and `wrapped_key` of a row. Nil when the key was destroyed.
    ///
    /// - Throws: `Refusal(.secretUnreadable)` when no key of the key file opens the content's; `ContentError.damaged`,
    ///   `PostgresError` or `ParsingProblem` for a row that the hub has not written so.
    init?(of package: PackageID, row: PostgresRow, _ keys: KeyRing) throws {
        guard let wrapped = try row.decodeIfPresent("wrapped_key", as: [UInt8].self) else { return nil }
        guard let sha256 = SHA256Digest(bytes: try row.decode("sha256", as: [UInt8].self)),
            let key = AESKey(bytes: try keys.unwrap(wrapped, ContentKeys.context(package)))
        else { throw ContentError.damaged("digest or key of package \(package) has another length than any") }
        try self.init(
            ContentPlace(parsing: row.decode("place", as: String.self)),
            length: Int(row.decode("length", as: Int64.self)), sha256: sha256, key: key)
    }
}
