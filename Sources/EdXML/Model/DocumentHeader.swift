// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The header of a document package: `MessageHeader` with the standard's numbers 1.1 to 1.14, and `TraceHeaderList`.
///
/// A date is held as written, because an impossible one must not be lost; the typed value beside it is nil then.
/// A number that is not one is nil and has its finding.
public struct DocumentHeader: Hashable, Sendable {
    /// 1.1
    public var from: Organization
    /// 1.2, in the order of the package. Empty only in a package that is refused.
    public var to: [Organization]
    /// 1.3 `Code/CodeNumber`; a text: `74fass22` occurs.
    public var codeNumber: String?
    public var codeNotation: String?
    /// 1.4
    public var place: String?
    public var promulgationDateText: String?
    /// 1.5: an open list of numbers.
    public var type: Int?
    public var typeDetail: Int?
    public var typeName: String?
    /// 1.6
    public var subject: String?
    /// 1.7
    public var content: String?
    /// 1.8
    public var signer = Signer()
    /// 1.9
    public var dueDateText: String?
    /// 1.10: where copies are kept; no routing.
    public var toPlaces: [String] = []
    /// 1.11
    public var other = OtherInformation()
    /// 1.12
    public var responseFor: [ResponseFor] = []
    /// 1.13: 1 no steering, 2 steering, 3 report on steering; 0 means "not stated".
    public var steeringType: Int?
    /// 1.14
    public var documentID: DocumentID
    /// Extension of the national SDK: `ResponseForTask/TaskCode`.
    public var responseForTasks: [String] = []
    /// Extension of the national SDK.
    public var applicationType: String?
    /// 2.1, in the order of the package.
    public var trace: [TraceHop] = []
    /// 2.2; nil means a new document.
    public var business: Business?

    public init(from: Organization, to: [Organization], documentID: DocumentID) {
        self.from = from
        self.to = to
        self.documentID = documentID
    }

    public var promulgationDate: CalendarDate? { promulgationDateText.flatMap { try? CalendarDate(edXML: $0) } }
    public var dueDate: CalendarDate? { dueDateText.flatMap { try? CalendarDate(edXML: $0) } }
    public var urgency: Urgency? { other.urgency }
    public var kind: BusinessKind { business?.kind ?? .new }

    /// The document that a recall or an update is about: `Bussiness/DocumentId` or else the package's own
    /// `DocumentId`, which is what official recall packages rely on. Nil for the other kinds.
    public var subjectOfChange: DocumentID? {
        switch kind {
        case .recall, .update: business?.documentID ?? documentID
        case .new, .replacement: nil
        }
    }
}

/// `OtherInfo` (1.11).
public struct OtherInformation: Hashable, Sendable {
    /// `Priority`
    public var urgency: Urgency?
    /// What `Priority` says instead of one of 0 to 4; read, never written.
    public var unknownPriority: String?
    public var sphereOfPromulgation: String?
    public var typerNotation: String?
    public var promulgationAmount: Int?
    public var pageAmount: Int?
    /// Extension of the national SDK.
    public var direction: Bool?
    public var appendixes: [String] = []
    /// Extension of the national SDK; the text of the element and all below it.
    public var replyFors: String?
    /// Extension of the national SDK; the text of the element and all below it.
    public var referenceCodes: String?

    public init() {}
}
