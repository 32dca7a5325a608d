// SPDX-License-Identifier: Apache-2.0
import Exchange

extension Database {
    /// Most requests of one system that wait at a time.
    public static let maxWaitingAgencyRequests = 50

    /// Takes down what a system asks for. One that waits already, the same in every word, gets its number again.
    ///
    /// - Throws: `Refusal`: `.agencyRequestWaiting` when another one about the same identifier waits,
    ///   `.agencyRequestsFull` when `maxWaitingAgencyRequests` of the system do.
    public func propose(
        _ proposal: AgencyProposal, by system: SystemID, request: RequestID, at now: Instant
    ) async throws -> AgencyRequestNumber {
        try await run { connection in
            try connection.transaction {
                // One after the other for each system: the count must hold.
                try connection.query(RequestStatements.lockSystem, [.text(system.text)])
                let values = proposal.values(system)
                let code = proposal.code.text
                let waiting = try connection.query(RequestStatements.waiting, values)
                if let row = waiting.first {
                    let number = AgencyRequestNumber(try row.decode("id"))
                    guard try row.decode("is_same", as: Bool.self) else {
                        throw Refusal(.agencyRequestWaiting, code)
                    }
                    return number
                }
                let count = try connection.query(RequestStatements.count, [.text(system.text)])
                guard let count = try count.first?.decode("count", as: Int64.self),
                    count < Int64(Self.maxWaitingAgencyRequests)
                else { throw Refusal(.agencyRequestsFull, "\(Self.maxWaitingAgencyRequests)") }
                let added = try connection.query(
                    RequestStatements.add, values + [.timestamptz(now), .uuid(request.uuid)])
                guard let row = added.first else { throw Refusal(.agencyRequestWaiting, code) }
                let number = AgencyRequestNumber(try row.decode("id"))
                try connection.write(
                    .agencyRequested, of: number, proposal.kind, code, by: system.text, request: request, at: now)
                return number
            }
        }
    }

    /// Most lines of the operator's list.
    public static let maxListedAgencyRequests = 10_000

    /// The requests in one state, oldest first.
    public func agencyRequests(in state: AgencyRequestState, limit: Int) async throws -> [AgencyRequestRecord] {
        try await run { connection in
            try connection.query(
                RequestStatements.inState,
                [.text(state.rawValue), .int8(Int64(min(limit, Self.maxListedAgencyRequests)))]
            ).map(AgencyRequestRecord.init(row:))
        }
    }

    /// Does what a request asks for, and writes down on whose decision.
    ///
    /// A new agency gets the system that has asked.
    ///
    /// - Returns: the request as it stands now.
    /// - Throws: `Refusal`: `.agencyRequestNotFound`, `.agencyRequestDecided`, `.registryInvalid` for an approval of
    ///   another kind, and as `addAgency` and `close`; then nothing is changed.
    public func approve(
        _ number: AgencyRequestNumber, _ approval: AgencyApproval, on decision: Decision, actor: String,
        at now: Instant
    ) async throws -> AgencyRequestRecord {
        try await run { connection in
            try connection.transaction {
                // The same order of locks as of every closing.
                if approval.kind == .close { try connection.query(QueueStatements.changeEndpoints) }
                let request = try connection.decide(
                    number, [.text(decision.number), .date(decision.date), .null], .approved, actor, now)
                switch approval {
                case .register(let aliases) where request.kind == .register:
                    try connection.query(RegistryStatements.bumpVersion)
                    try connection.add(
                        NewAgency(
                            code: request.code, name: request.name, mail: request.mail, parent: request.parent,
                            system: request.system, aliases: aliases.filter { $0 != request.code.text }),
                        actor: actor)
                case .close(let lastDay, let successor) where request.kind == .close:
                    let closing = Succession.Closing(request.code, successors: successor.map { [.init($0)] } ?? [])
                    try connection.close(
                        Succession([closing], effective: lastDay.end, decision: decision), actor: actor, at: now)
                default:
                    throw Refusal(.registryInvalid, "request \(number) is to \(request.kind.rawValue) an agency")
                }
                try connection.write(
                    .agencyRequestApproved, of: number, request.kind, request.code.text, by: actor, at: now,
                    ["decision": .string(decision.number), "decisionDate": .string(decision.date.iso8601)])
                return request
            }
        }
    }

    /// Turns a request down.
    ///
    /// - Returns: the request as it stands now.
    /// - Throws: `Refusal`: `.agencyRequestNotFound`, `.agencyRequestDecided`.
    public func reject(
        _ number: AgencyRequestNumber, reason: String, actor: String, at now: Instant
    ) async throws -> AgencyRequestRecord {
        try await run { connection in
            try connection.transaction {
                let request = try connection.decide(number, [.null, .null, .text(reason)], .rejected, actor, now)
                try connection.write(
                    .agencyRequestRejected, of: number, request.kind, request.code.text, by: actor, at: now,
                    ["reason": .string(reason)])
                return request
            }
        }
    }
}

extension PostgresConnection {
    /// - Parameter grounds: decision, its date, reason.
    /// - Returns: the request as it stands then.
    fileprivate func decide(
        _ number: AgencyRequestNumber, _ grounds: [PostgresValue], _ state: AgencyRequestState, _ actor: String,
        _ now: Instant
    ) throws -> AgencyRequestRecord {
        let decided = try query(
            RequestStatements.decide,
            [.int8(number.value), .text(state.rawValue)] + grounds + [.timestamptz(now), .text(actor)])
        guard let row = try query(RequestStatements.one, [.int8(number.value)]).first else {
            throw Refusal(.agencyRequestNotFound, number.description)
        }
        let request = try AgencyRequestRecord(row: row)
        guard !decided.isEmpty else {
            throw Refusal(.agencyRequestDecided, "\(number): \(request.state.rawValue)")
        }
        return request
    }

    fileprivate func write(
        _ event: HistoryRow.Event, of number: AgencyRequestNumber, _ kind: AgencyProposal.Kind, _ code: String,
        by actor: String, request: RequestID? = nil, at now: Instant, _ grounds: [String: JSONText] = [:]
    ) throws {
        let detail: [String: JSONText] = [
            "number": .string(number.description), "kind": .string(kind.rawValue), "agency": .string(code),
        ]
        let (sql, parameters) = HistoryRow.statement([
            HistoryRow(
                at: now, event: event, actor: actor, request: request, detail: detail.merging(grounds) { $1 })
        ])
        try query(sql, parameters)
    }
}

extension AgencyProposal {
    /// The identifier that it is about.
    fileprivate var code: AgencyID {
        switch self {
        case .register(let application, _): application.code
        case .close(let code, _): code
        }
    }

    /// code, system, kind, parent, agency, name, mail, mobile, fax.
    fileprivate func values(_ system: SystemID) -> [PostgresValue] {
        var parent: AgencyKey?
        var agency: AgencyKey?
        var told: AgencyApplication?
        switch self {
        case .register(let application, let key): (told, parent) = (application, key)
        case .close(_, let key): agency = key
        }
        return [
            .text(code.text), .text(system.text), .text(kind.rawValue), .optional(parent) { .int8($0.value) },
            .optional(agency) { .int8($0.value) }, .optional(told?.name, PostgresValue.text),
            .optional(told?.mail, PostgresValue.text), .optional(told?.mobile, PostgresValue.text),
            .optional(told?.fax, PostgresValue.text),
        ]
    }
}

private enum RequestStatements {
    static let lockSystem = "SELECT pg_advisory_xact_lock(hashtextextended('agency_request ' || $1, 0))"

    static let waiting = """
        SELECT id, system_id = $2 AND kind = $3 AND parent_id IS NOT DISTINCT FROM $4::bigint
            AND agency_id IS NOT DISTINCT FROM $5::bigint AND name IS NOT DISTINCT FROM $6::text
            AND mail IS NOT DISTINCT FROM $7::text AND mobile IS NOT DISTINCT FROM $8::text
            AND fax IS NOT DISTINCT FROM $9::text AS is_same
        FROM agency_request WHERE code = $1 AND state = 'waiting'
        """

    static let count = "SELECT count(*) AS count FROM agency_request WHERE state = 'waiting' AND system_id = $1"

    static let add = """
        INSERT INTO agency_request
            (code, system_id, kind, parent_id, agency_id, name, mail, mobile, fax, requested_at, request_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (code) WHERE state = 'waiting' DO NOTHING RETURNING id
        """

    static let decide = """
        UPDATE agency_request SET state = $2, decision = $3, decision_date = $4, reason = $5, decided_at = $6,
            decided_by = $7
        WHERE id = $1 AND state = 'waiting' RETURNING id
        """

    private static let columns = """
        SELECT request.id, request.kind, request.system_id, request.code, parent.code AS parent,
            coalesce(request.name, agency.name) AS name, request.mail, request.mobile, request.fax,
            request.requested_at, request.request_id, request.state, request.decision, request.decision_date,
            request.reason, request.decided_at, request.decided_by
        FROM agency_request AS request LEFT JOIN agency AS parent ON parent.id = request.parent_id
        LEFT JOIN agency ON agency.id = request.agency_id
        """

    static let one = "\(columns) WHERE request.id = $1"

    static let inState = "\(columns) WHERE request.state = $1 ORDER BY request.id LIMIT $2"
}
