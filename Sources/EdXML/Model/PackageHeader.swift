// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The header of a status package: what one agency says about a document.
public struct StatusHeader: Hashable, Sendable {
    public var from: Organization
    public var responseFor: AnsweredDocument
    public var staff = Staff()
    public var status: DocumentStatus
    public var description: String?
    /// `yyyy/MM/dd HH:mm:ss` as written.
    public var timestampText: String?

    public init(from: Organization, responseFor: AnsweredDocument, status: DocumentStatus) {
        self.from = from
        self.responseFor = responseFor
        self.status = status
    }

    /// Vietnam's time; official samples carry one that is before the document's date, so it never orders anything.
    public var timestamp: Instant? { timestampText.flatMap { try? Instant(edXML: $0) } }

    /// The document a status is about, and the agency to which the status goes (`ResponseFor`).
    public struct AnsweredDocument: Hashable, Sendable {
        public var organID: String
        public var code: String?
        public var promulgationDateText: String?
        public var documentID: DocumentID

        public init(
            organID: String, code: String? = nil, promulgationDateText: String? = nil, documentID: DocumentID
        ) {
            self.organID = organID
            self.code = code
            self.promulgationDateText = promulgationDateText
            self.documentID = documentID
        }

        public var agencyID: AgencyID? { try? AgencyID(parsing: organID) }
        public var promulgationDate: CalendarDate? { promulgationDateText.flatMap { try? CalendarDate(edXML: $0) } }
    }
}

/// The header of a package of either sort. `MessageHeader/StatusCode` makes it a status.
public enum PackageHeader: Hashable, Sendable {
    case document(DocumentHeader)
    case status(StatusHeader)

    public var from: Organization {
        switch self {
        case .document(let header): header.from
        case .status(let header): header.from
        }
    }

    /// The document's own id, or for a status the id of the document it is about.
    public var documentID: DocumentID {
        switch self {
        case .document(let header): header.documentID
        case .status(let header): header.responseFor.documentID
        }
    }

    public var isStatus: Bool {
        switch self {
        case .document: false
        case .status: true
        }
    }

    public var document: DocumentHeader? {
        guard case .document(let header) = self else { return nil }
        return header
    }

    public var status: StatusHeader? {
        guard case .status(let header) = self else { return nil }
        return header
    }
}
