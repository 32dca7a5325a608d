// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// The package that a message of the hub's own is about, as its sender knows it.
public struct NoticeSubject: Sendable {
    public let package: PackageID
    public let sender: AgencyKey
    public let senderWritten: String
    public let documentID: DocumentID
    public let codeNumber: String?
    public let codeNotation: String?
    public let promulgationDate: CalendarDate?
    /// When what it tells of happened.
    public let at: Instant

    /// What `init(row:at:)` reads, of a row of `package`.
    static let columns = """
        package.id AS package_id, package.sender_agency_id, package.sender_written, package.document_id,
        package.code_number, package.code_notation, package.promulgation_date
        """

    init(row: PostgresRow, at: Instant) throws {
        package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        sender = AgencyKey(try row.decode("sender_agency_id", as: Int64.self))
        senderWritten = try row.decode("sender_written")
        documentID = try DocumentID(parsing: try row.decode("document_id", as: String.self))
        codeNumber = try row.decodeIfPresent("code_number")
        codeNotation = try row.decodeIfPresent("code_notation")
        promulgationDate = try row.decodeIfPresent("promulgation_date")
        self.at = at
    }
}
