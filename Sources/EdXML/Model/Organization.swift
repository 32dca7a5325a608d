// SPDX-License-Identifier: Apache-2.0
import Exchange

/// An agency as a package names it: `From` and `To` (standard's numbers 1.1 and 1.2).
///
/// Texts are as written, without the white space around them; an empty element is nil.
public struct Organization: Hashable, Sendable {
    /// `OrganId` as written; empty when the element is missing or empty.
    public var organID: String
    /// Name of the parent agency.
    public var organizationInCharge: String?
    public var organName: String?
    public var organAdd: String?
    public var email: String?
    public var telephone: String?
    public var fax: String?
    public var website: String?

    public init(
        organID: String, organizationInCharge: String? = nil, organName: String? = nil, organAdd: String? = nil,
        email: String? = nil, telephone: String? = nil, fax: String? = nil, website: String? = nil
    ) {
        self.organID = organID
        self.organizationInCharge = organizationInCharge
        self.organName = organName
        self.organAdd = organAdd
        self.email = email
        self.telephone = telephone
        self.fax = fax
        self.website = website
    }

    /// Nil when `organID` is no identifier at all.
    public var agencyID: AgencyID? { try? AgencyID(parsing: organID) }
}

/// Who signed the document (1.8).
public struct Signer: Hashable, Sendable {
    /// `TL.`, `KT. BỘ TRƯỞNG` and the like.
    public var competence: String?
    public var position: String?
    public var fullName: String?

    public init(competence: String? = nil, position: String? = nil, fullName: String? = nil) {
        self.competence = competence
        self.position = position
        self.fullName = fullName
    }
}

/// The person in charge at the agency that wrote the package (`StaffInfo`, 2.2.5).
public struct Staff: Hashable, Sendable {
    public var department: String?
    /// Name of the person.
    public var name: String?
    public var mobile: String?
    public var email: String?
    /// Extension of the national SDK.
    public var departmentID: String?
    /// Extension of the national SDK.
    public var staffID: String?

    public init(
        department: String? = nil, name: String? = nil, mobile: String? = nil, email: String? = nil,
        departmentID: String? = nil, staffID: String? = nil
    ) {
        self.department = department
        self.name = name
        self.mobile = mobile
        self.email = email
        self.departmentID = departmentID
        self.staffID = staffID
    }
}

/// A document that this one answers (`ResponseFor`, 1.12). Nothing in it can be relied on.
public struct ResponseFor: Hashable, Sendable {
    public var organID: String?
    /// Number and notation in one text, `7816/VPCP-TTĐT`.
    public var code: String?
    /// `yyyy/MM/dd` as written.
    public var promulgationDateText: String?
    public var documentIDText: String?

    public init(
        organID: String? = nil, code: String? = nil, promulgationDateText: String? = nil, documentIDText: String? = nil
    ) {
        self.organID = organID
        self.code = code
        self.promulgationDateText = promulgationDateText
        self.documentIDText = documentIDText
    }

    public var agencyID: AgencyID? { organID.flatMap { try? AgencyID(parsing: $0) } }
    public var promulgationDate: CalendarDate? { promulgationDateText.flatMap { try? CalendarDate(edXML: $0) } }
    public var documentID: DocumentID? { documentIDText.flatMap { try? DocumentID(parsing: $0) } }
}

/// One hop of the way that a package has gone (`TraceHeader`).
public struct TraceHop: Hashable, Sendable {
    /// Nil when missing or empty; `null` occurs in traffic and is kept.
    public var organID: String?
    /// `yyyy/MM/dd HH:mm:ss` as written.
    public var timestampText: String?

    public init(organID: String? = nil, timestampText: String? = nil) {
        self.organID = organID
        self.timestampText = timestampText
    }

    public init(organID: String, at timestamp: Instant) {
        self.init(organID: organID, timestampText: timestamp.edXML)
    }

    /// Vietnam's time (QĐ 28/2018/QĐ-TTg Điều 14.4). Never a ground for an order: clocks of other systems differ.
    public var timestamp: Instant? { timestampText.flatMap { try? Instant(edXML: $0) } }
}
