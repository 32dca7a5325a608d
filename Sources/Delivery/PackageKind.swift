// SPDX-License-Identifier: Apache-2.0

/// What a package is. The raw value is the column `package.kind`.
public enum PackageKind: String, CaseIterable, Sendable, Codable {
    case document
    case recall
    case update
    case replacement
    case status

    /// Documents are known by their id, everything that repeats an id by nature is known by its bytes.
    public var isKnownByDocumentID: Bool { self == .document || self == .replacement }
    /// `edoc` or `status`: the list of the recipient in which it stands.
    public var messageType: MessageType { self == .status ? .status : .edoc }
}

/// The two lists of a recipient, as `messagetype` of the VXP protocol names them.
public enum MessageType: String, CaseIterable, Sendable, Codable {
    case edoc
    case status
}
