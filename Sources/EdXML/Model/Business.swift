// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What a package does to a document: `BussinessDocType` (2.2.1; the element is spelt so).
public enum BusinessKind: Int, CaseIterable, Sendable, Codable {
    case new = 0
    case recall = 1
    case update = 2
    case replacement = 3
}

/// `Bussiness` (2.2).
public struct Business: Hashable, Sendable {
    public var kind: BusinessKind
    /// 2.2.2
    public var reason: String?
    /// 2.2.4 as written: the document that is recalled or updated.
    public var documentIDText: String?
    /// 2.2.3 `DocumentInfo`: the document's data changed.
    public var documentInfo: Bool?
    /// 2.2.3 `DocumentReceiver`: the recipients changed.
    public var documentReceiver: Bool?
    /// 2.2.3 `ReceiverList`
    public var receivers: [ReceiverChange] = []
    /// 2.2.8
    public var replacements: [Replacement] = []
    /// 2.2.5
    public var staff = Staff()
    /// 2.2.6; whether a copy on paper follows or a number of pages: the sources disagree.
    public var paper: Int?

    public init(kind: BusinessKind) { self.kind = kind }

    public var documentID: DocumentID? { documentIDText.flatMap { try? DocumentID(parsing: $0) } }

    /// One line of `ReceiverList`.
    public struct ReceiverChange: Hashable, Sendable {
        public var organID: String
        /// 0 removed, 1 added; nil when missing or not a number.
        public var type: Int?

        public init(organID: String, type: Int?) {
            self.organID = organID
            self.type = type
        }
    }

    /// A document that this package replaces, at the agencies listed (`ReplacementInfo`).
    public struct Replacement: Hashable, Sendable {
        public var documentIDText: String?
        public var organIDs: [String]

        public init(documentIDText: String?, organIDs: [String]) {
            self.documentIDText = documentIDText
            self.organIDs = organIDs
        }

        public var documentID: DocumentID? { documentIDText.flatMap { try? DocumentID(parsing: $0) } }
    }
}
