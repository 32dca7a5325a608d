// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

extension Database {
    /// Every duty contact: at most one for each agency.
    public func dutyContacts() async throws -> [DutyContact] {
        try await run { connection in
            try connection.query(ContactStatements.all).map { row in
                DutyContact(
                    agency: AgencyKey(try row.decode("agency_id", as: Int64.self)), name: try row.decode("name"),
                    phone: try PhoneNumber(parsing: try row.decode("phone", as: String.self)),
                    mail: try row.decodeIfPresent("mail"))
            }
        }
    }

    /// Names whom to call at an agency, instead of whoever was named before. The history keeps that it was done, and no
    /// name and number.
    ///
    /// - Throws: `Refusal(.agencyNotFound)`.
    public func setDutyContact(
        of agency: AgencyID, name: String, phone: PhoneNumber, mail: String?, actor: String, at now: Instant
    ) async throws {
        _ = try await run { connection in
            try connection.transaction {
                try connection.pipeline([
                    (
                        ContactStatements.set,
                        [
                            .int8(try connection.agencyKey(agency)), .text(name), .text(phone.text),
                            .optional(mail) { .text($0) }, .timestamptz(now),
                        ]
                    ),
                    HistoryRow.statement([
                        HistoryRow(
                            at: now, event: .contactSet, actor: actor, detail: ["agency": .string(agency.text)])
                    ]),
                ])
            }
        }
    }

    /// - Returns: false when there was none; nothing is recorded then.
    /// - Throws: `Refusal(.agencyNotFound)`.
    public func removeDutyContact(of agency: AgencyID, actor: String, at now: Instant) async throws -> Bool {
        try await run { connection in
            try connection.transaction {
                let key = try connection.agencyKey(agency)
                guard try !connection.query(ContactStatements.remove, [.int8(key)]).isEmpty else { return false }
                let (sql, parameters) = HistoryRow.statement([
                    HistoryRow(
                        at: now, event: .contactRemoved, actor: actor, detail: ["agency": .string(agency.text)])
                ])
                try connection.query(sql, parameters)
                return true
            }
        }
    }
}

private enum ContactStatements {
    static let all = "SELECT agency_id, name, phone, mail FROM duty_contact"
    static let set = """
        INSERT INTO duty_contact (agency_id, name, phone, mail, changed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (agency_id) DO UPDATE SET
            name = excluded.name, phone = excluded.phone, mail = excluded.mail, changed_at = excluded.changed_at
        """
    static let remove = "DELETE FROM duty_contact WHERE agency_id = $1 RETURNING agency_id"
}
