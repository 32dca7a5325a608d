// SPDX-License-Identifier: Apache-2.0
import Exchange

/// A request about the registry as the database has it.
public struct AgencyRequestRecord: Sendable, Equatable {
    public let number: AgencyRequestNumber
    public let kind: AgencyProposal.Kind
    public let system: SystemID
    /// To be registered, or of the agency that is to be closed.
    public let code: AgencyID
    /// The agency above one that is to be registered, as the hub lists it; nil for one to be closed.
    public let parent: AgencyID?
    public let name: String
    public let mail: String?
    public let mobile: String?
    public let fax: String?
    public let requestedAt: Instant
    /// Of the call that brought it, as in the log.
    public let requestID: RequestID
    public let state: AgencyRequestState
    /// What an approval rests on.
    public let decision: Decision?
    /// Of a rejection.
    public let reason: String?
    public let decidedAt: Instant?
    public let decidedBy: String?
}

extension AgencyRequestRecord {
    init(row: PostgresRow) throws {
        guard let kind = AgencyProposal.Kind(rawValue: try row.decode("kind")),
            let state = AgencyRequestState(rawValue: try row.decode("state"))
        else { throw Refusal(.internalError, "unknown kind or state of a request") }
        let date = try row.decodeIfPresent("decision_date", as: CalendarDate.self)
        self.init(
            number: AgencyRequestNumber(try row.decode("id")), kind: kind,
            system: try SystemID(parsing: try row.decode("system_id", as: String.self)),
            code: try AgencyID(parsing: try row.decode("code", as: String.self)),
            parent: try row.decodeIfPresent("parent", as: String.self).map { try AgencyID(parsing: $0) },
            name: try row.decode("name"), mail: try row.decodeIfPresent("mail"),
            mobile: try row.decodeIfPresent("mobile"), fax: try row.decodeIfPresent("fax"),
            requestedAt: try row.decode("requested_at"), requestID: RequestID(uuid: try row.decode("request_id")),
            state: state,
            decision: try row.decodeIfPresent("decision", as: String.self).flatMap { number in
                date.map { Decision(number: number, date: $0) }
            },
            reason: try row.decodeIfPresent("reason"), decidedAt: try row.decodeIfPresent("decided_at"),
            decidedBy: try row.decodeIfPresent("decided_by"))
    }
}
