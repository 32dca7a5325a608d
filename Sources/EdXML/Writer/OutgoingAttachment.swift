// SPDX-License-Identifier: Apache-2.0

/// An attachment to be written.
public struct OutgoingAttachment: Sendable {
    /// Takes the next piece of the content.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// Unique in the package, without `cid:`; the caller's, so that the same input gives the same bytes.
    public let contentID: String
    public let name: String
    public let description: String?
    public let contentType: String
    let produce: @Sendable (Sink) throws -> Void

    /// - Parameter produce: gives the content piece by piece, of any size, so that it need not be in memory as a whole.
    ///   What it throws comes out of the writer.
    public init(
        contentID: String, name: String, description: String? = nil, contentType: String,
        produce: @escaping @Sendable (Sink) throws -> Void
    ) {
        self.contentID = contentID
        self.name = name
        self.description = description
        self.contentType = contentType
        self.produce = produce
    }

    public init(contentID: String, name: String, description: String? = nil, contentType: String, content: [UInt8]) {
        self.init(contentID: contentID, name: name, description: description, contentType: contentType) { sink in
            try content.withUnsafeBytes { try sink($0) }
        }
    }
}
