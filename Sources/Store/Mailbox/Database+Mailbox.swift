// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

extension Database {
    /// A page of the pending list, oldest first, at most `ListFilter.pageSize` lines.
    ///
    /// The filter's instants go by the last change: what is given back after a failure is new to who asks from then on.
    /// - Parameter after: the last line of the page before; nil for the first page.
    public func pending(_ filter: ListFilter, after: DeliveryID?) async throws -> [PendingDelivery] {
        try await run { connection in
            try connection.query(
                MailboxStatements.pending,
                [
                    .int8s(filter.agencies.map { $0.value }), .text(filter.messageType.rawValue),
                    .optional(filter.from) { .timestamptz($0) }, .optional(filter.to) { .timestamptz($0) },
                    .uuid((after ?? Self.beforeAll).uuid), .int8(Int64(ListFilter.pageSize)),
                ]
            ).map(PendingDelivery.init(row:))
        }
    }

    /// How many deliveries of the type wait for the agencies. Linear in that number, read from the index of what waits.
    public func countPending(_ agencies: [AgencyKey], _ type: MessageType) async throws -> Int {
        try await run { connection in
            let row = try connection.query(
                MailboxStatements.countPending, [.int8s(agencies.map { $0.value }), .text(type.rawValue)]
            ).only()
            return Int(try row.decode("waiting", as: Int64.self))
        }
    }

    /// A page of what agencies have sent, in the order in which it was accepted, at most `ListFilter.pageSize` lines.
    ///
    /// - Parameter package: only this one, when one of the agencies sent it; any other id narrows nothing.
    public func sent(
        _ filter: ListFilter, package: PackageID?, after: DeliveryID?
    ) async throws -> [SentDelivery] {
        try await run { connection in
            let agencies = PostgresValue.int8s(filter.agencies.map { $0.value })
            let parameters: [PostgresValue] = [
                agencies, .text(filter.messageType.rawValue), .optional(filter.from) { .timestamptz($0) },
                .optional(filter.to) { .timestamptz($0) }, .uuid((after ?? Self.beforeAll).uuid),
                .int8(Int64(ListFilter.pageSize)),
            ]
            if let package, try !connection.query(MailboxStatements.own, [.uuid(package.uuid), agencies]).isEmpty {
                return try connection.query(MailboxStatements.sentOne, parameters + [.uuid(package.uuid)])
                    .map(SentDelivery.init(row:))
            }
            return try connection.query(MailboxStatements.sent, parameters).map(SentDelivery.init(row:))
        }
    }

    /// The content behind a delivery to one of the agencies, or behind a package that one of them sent; recorded as
    /// fetched in the same transaction.
    ///
    /// - Throws: `Refusal`: `.packageNotFound`, the same whether there is no such id or it is somebody else's;
    ///   `.packageSealed`, `.deliveryWithdrawn`, `.contentCancelled` and `.contentDestroyed`, which are not recorded as a
    ///   fetch.
    public func fetch(
        id: UUID, agencies: [AgencyKey], system: SystemID, request: RequestID, at now: Instant
    ) async throws -> ReadableContent {
        try await run { [keys] connection in
            try connection.transaction {
                let mine: [PostgresValue] = [.uuid(id), .int8s(agencies.map { $0.value })]
                // Under the delivery's lock: either a recall finds it fetched, or the fetch finds it withdrawn.
                let found = try connection.pipeline([
                    (MailboxStatements.lockForFetch, mine), (MailboxStatements.readable, mine),
                ])
                guard let row = found[1].first else { throw Refusal(.packageNotFound) }
                if try row.decode("is_sealed", as: Bool.self) { throw Refusal(.packageSealed) }
                if try row.decode("is_withdrawn", as: Bool.self) { throw Refusal(.deliveryWithdrawn) }
                if try row.decode("is_cancelled", as: Bool.self) { throw Refusal(.contentCancelled) }
                let content = try ReadableContent(row: row, keys)
                var statements: [(String, [PostgresValue])] = []
                if let delivery = content.deliveryID {
                    statements.append((MailboxStatements.markFetched, [.uuid(delivery.uuid), .timestamptz(now)]))
                    statements.append((StandingStatements.notePickUp, [.uuid(delivery.uuid), .timestamptz(now)]))
                }
                statements.append(
                    HistoryRow.statement([
                        HistoryRow(
                            at: now, event: .packageFetched, package: content.packageID, delivery: content.deliveryID,
                            actor: system.text, request: request)
                    ]))
                _ = try connection.pipeline(statements)
                return content
            }
        }
    }

    /// Takes a recipient's confirmation.
    ///
    /// - Throws: `Refusal(.packageNotFound)`, or `.confirmationConflict` when it does not fit the delivery's state.
    public func confirm(
        _ id: DeliveryID, _ confirmation: DeliveryLife.Confirmation, description: String?, agencies: [AgencyKey],
        system: SystemID, request: RequestID, maxFailures: Int = DeliveryLife.maxFailures, at now: Instant
    ) async throws -> DeliveryLife {
        let (delivery, isMoved): (DeliveryLife, Bool) = try await run { connection in
            try connection.transaction {
                let found = try connection.query(
                    MailboxStatements.lockDelivery, [.uuid(id.uuid), .int8s(agencies.map { $0.value })])
                guard let row = found.first else { throw Refusal(.packageNotFound) }
                guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)) else {
                    throw Refusal(.internalError, "unknown delivery state")
                }
                let delivery = DeliveryLife(
                    state: state, failures: Int(try row.decode("failures", as: Int32.self)),
                    isTriedAgain: try row.decode("is_tried_again", as: Bool.self))
                switch delivery.decide(confirmation, maxFailures: maxFailures) {
                case .unchanged: return (delivery, false)
                case .refuse: throw Refusal(.confirmationConflict, "\(state.rawValue) → \(confirmation.rawValue)")
                case .become(let next):
                    let history = HistoryRow(
                        at: now, event: HistoryRow.Event(confirmation, next.state),
                        package: PackageID(uuid: try row.decode("package_id", as: UUID.self)), delivery: id,
                        actor: system.text,
                        request: request,
                        detail: [
                            "failures": .number(next.failures), "description": .string(description ?? ""),
                        ])
                    let queue: [PostgresStatement] =
                        switch next.state {
                        case .delivered: [(QueueStatements.leave, [.uuids([id.uuid])])]
                        case .held: [(QueueStatements.park, [.uuid(id.uuid)])]
                        default: []
                        }
                    _ = try connection.pipeline(
                        [
                            (
                                MailboxStatements.move,
                                [
                                    .uuid(id.uuid), .text(next.state.rawValue), .int4(Int32(next.failures)),
                                    .timestamptz(now),
                                    .optional(confirmation == .fail ? description ?? "" : nil) { .text($0) },
                                ]
                            ),
                            HistoryRow.statement([history]),
                        ] + queue)
                    FaultPoint.confirmBeforeCommit.pass()
                    return (next, true)
                }
            }
        }
        if isMoved { confirmations.count(delivery.state) }
        return delivery
    }

    /// Most lines of the operator's list.
    public static let maxListed = 10_000

    /// The deliveries in one state, oldest first.
    public func deliveries(in state: DeliveryState, limit: Int) async throws -> [ListedDelivery] {
        try await run { connection in
            try connection.query(
                MailboxStatements.inState, [.text(state.rawValue), .int8(Int64(min(limit, Self.maxListed)))]
            ).map { row in
                ListedDelivery(
                    id: DeliveryID(uuid: try row.decode("id")), state: state,
                    senderWritten: try row.decode("sender_written"),
                    recipientWritten: try row.decode("recipient_written"), documentID: try row.decode("document_id"),
                    failures: Int(try row.decode("failures", as: Int32.self)),
                    detail: try row.decodeIfPresent("detail"), updatedAt: try row.decode("updated_at"))
            }
        }
    }

    /// Sorts before every time-ordered id.
    static let beforeAll = DeliveryID(uuid: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
}

extension HistoryRow.Event {
    init(_ confirmation: DeliveryLife.Confirmation, _ state: DeliveryState) {
        switch confirmation {
        case .processing: self = .deliveryProcessing
        case .done: self = .deliveryDelivered
        case .fail: self = state == .held ? .deliveryHeld : .deliveryFailed
        }
    }
}

private enum MailboxStatements {
    /// One short index scan for each agency: a long list of one must not be sorted for every page.
    static let pending = """
        SELECT line.* FROM unnest($1::bigint[]) AS mine (agency_id), LATERAL (
            SELECT delivery.id, delivery.message_type, package.sender_written, delivery.recipient_written,
                delivery.state, delivery.failures, delivery.created_at, delivery.updated_at, EXISTS (
                    SELECT FROM malware_scan AS scan WHERE scan.package_id = delivery.package_id
                        AND scan.outcome = '\(ScanOutcome.passed.rawValue)') AS is_unscanned
            FROM delivery JOIN package ON package.id = delivery.package_id
            WHERE \(PendingLine.range("mine.agency_id", "$2", after: "$5"))
                AND ($3::timestamptz IS NULL OR delivery.updated_at >= $3)
                AND ($4::timestamptz IS NULL OR delivery.updated_at <= $4)
            ORDER BY \(PendingLine.order) LIMIT $6
        ) AS line ORDER BY line.id LIMIT $6
        """

    static let countPending = """
        SELECT coalesce(sum(line.waiting), 0)::bigint AS waiting FROM unnest($1::bigint[]) AS mine (agency_id), LATERAL (
            SELECT count(*) AS waiting FROM delivery
            WHERE delivery.recipient_agency_id = mine.agency_id AND delivery.message_type = $2
                AND delivery.state IN ('waiting', 'processing')
        ) AS line
        """

    /// A text of a package under its own name, cut by the server: no list may cost what a hostile sender can write.
    private static func cut(_ column: StaticString) -> String {
        "left(\(column), \(SentDelivery.maxTextLength)) AS \("\(column)".split(separator: ".").last ?? "")"
    }

    private static let sentColumns = """
        SELECT delivery.id, delivery.package_id, delivery.message_type, \(cut("package.subject")),
            \(cut("package.code_number")), \(cut("package.code_notation")), package.sender_written,
            \(cut("delivery.recipient_written")), package.accepted_at, delivery.entered_at, delivery.state,
            delivery.refusal, delivery.failures, said.latest, recall.outcome AS recalled,
            content.package_id IS NOT NULL AND content.wrapped_key IS NULL AS is_destroyed
        FROM package JOIN delivery ON delivery.package_id = package.id
        LEFT JOIN content ON content.package_id = package.id
        LEFT JOIN recall ON recall.document_package_id = delivery.document_package_id
            AND recall.recipient_agency_id = delivery.recipient_agency_id
        LEFT JOIN document_status AS said ON said.document_package_id = delivery.document_package_id
            AND said.recipient_agency_id = delivery.recipient_agency_id
        """

    /// Walks each agency's packages from the last line's on, so that a page costs what is on it and not what was ever
    /// sent. The bounds of the first column stand alone for the index; the comparison of three is exact.
    static let sent = """
        WITH last AS (
            SELECT coalesce(max(package.accepted_at), '-infinity') AS accepted_at,
                coalesce((array_agg(package.id))[1], $5) AS package_id
            FROM delivery JOIN package ON package.id = delivery.package_id WHERE delivery.id = $5
        )
        SELECT line.* FROM last, unnest($1::bigint[]) AS mine (agency_id), LATERAL (
            \(sentColumns)
            WHERE package.sender_agency_id = mine.agency_id AND delivery.message_type = $2
                AND package.accepted_at >= greatest(last.accepted_at, $3::timestamptz)
                AND package.accepted_at <= coalesce($4::timestamptz, 'infinity')
                AND (package.accepted_at, package.id, delivery.id) > (last.accepted_at, last.package_id, $5::uuid)
            ORDER BY package.accepted_at, package.id, delivery.id LIMIT $6
        ) AS line ORDER BY line.accepted_at, line.package_id, line.id LIMIT $6
        """

    /// The lines of one package.
    static let sentOne = """
        \(sentColumns)
        WHERE package.id = $7 AND package.sender_agency_id = ANY ($1) AND delivery.message_type = $2
            AND package.accepted_at >= coalesce($3::timestamptz, '-infinity')
            AND package.accepted_at <= coalesce($4::timestamptz, 'infinity')
            AND delivery.id > $5
        ORDER BY delivery.id LIMIT $6
        """

    static let own = "SELECT id FROM package WHERE id = $1 AND sender_agency_id = ANY ($2)"

    static let inState = """
        SELECT delivery.id, package.sender_written, \(cut("delivery.recipient_written")), package.document_id,
            delivery.failures, delivery.detail, delivery.updated_at
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.state = $1 ORDER BY delivery.id LIMIT $2
        """

    /// Of what is kept back its recipient learns nothing.
    private static let isKnown = "NOT \(HoldStatements.isKept())"

    static let lockForFetch = """
        SELECT FROM delivery WHERE id = $1 AND recipient_agency_id = ANY ($2) FOR NO KEY UPDATE
        """

    static let readable = """
        SELECT delivery.id AS delivery_id, content.package_id, content.place, content.length, content.sha256,
            content.wrapped_key, delivery.state = 'withdrawn' AS is_withdrawn,
            coalesce(recall.outcome = 'cancelled', false) AS is_cancelled,
            \(SealStatements.isSealed(first: "delivery.document_package_id")) AS is_sealed
        FROM delivery JOIN content ON content.package_id = delivery.package_id
        JOIN package ON package.id = delivery.package_id
        LEFT JOIN recall ON recall.recipient_agency_id = delivery.recipient_agency_id
            AND recall.document_package_id = \(RecallStatements.carriedDocument)
        WHERE delivery.id = $1 AND delivery.recipient_agency_id = ANY ($2) AND \(isKnown)
        UNION ALL
        SELECT NULL, content.package_id, content.place, content.length, content.sha256, content.wrapped_key,
            false, false, \(SealStatements.isSealed(first: "coalesce(package.first_package_id, package.id)"))
        FROM package JOIN content ON content.package_id = package.id
        WHERE package.id = $1 AND package.sender_agency_id = ANY ($2)
        """

    static let markFetched = """
        UPDATE delivery SET fetched_at = coalesce(fetched_at, $2), last_fetched_at = $2 WHERE id = $1
        """

    static let lockDelivery = """
        SELECT package_id, state, failures,
            coalesce(failed_at IS NULL OR last_fetched_at > failed_at, false) AS is_tried_again
        FROM delivery WHERE id = $1 AND recipient_agency_id = ANY ($2) AND \(isKnown) FOR NO KEY UPDATE
        """

    static let move = """
        UPDATE delivery SET state = $2, failures = $3, updated_at = $4, detail = coalesce($5, detail),
            failed_at = CASE WHEN $5 IS NULL THEN failed_at ELSE $4 END,
            entered_at = CASE WHEN $2 = 'delivered' THEN coalesce(entered_at, $4) ELSE entered_at END,
            refusal = NULL, is_notice_due = false
        WHERE id = $1
        """
}

extension PendingDelivery {
    init(row: PostgresRow) throws {
        guard let type = MessageType(rawValue: try row.decode("message_type", as: String.self)),
            let state = DeliveryState(rawValue: try row.decode("state", as: String.self))
        else { throw Refusal(.internalError, "unknown delivery state") }
        self.init(
            id: DeliveryID(uuid: try row.decode("id", as: UUID.self)), messageType: type,
            senderWritten: try row.decode("sender_written", as: String.self),
            recipientWritten: try row.decode("recipient_written", as: String.self),
            state: state, failures: Int(try row.decode("failures", as: Int32.self)),
            createdAt: try row.decode("created_at", as: Instant.self),
            updatedAt: try row.decode("updated_at", as: Instant.self),
            isUnscanned: try row.decode("is_unscanned", as: Bool.self))
    }
}

extension SentDelivery {
    init(row: PostgresRow) throws {
        guard let type = MessageType(rawValue: try row.decode("message_type", as: String.self)),
            let state = DeliveryState(rawValue: try row.decode("state", as: String.self))
        else { throw Refusal(.internalError, "unknown delivery state") }
        self.init(
            id: DeliveryID(uuid: try row.decode("id", as: UUID.self)),
            packageID: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
            messageType: type, subject: try row.decodeIfPresent("subject", as: String.self),
            codeNumber: try row.decodeIfPresent("code_number", as: String.self),
            codeNotation: try row.decodeIfPresent("code_notation", as: String.self),
            senderWritten: try row.decode("sender_written", as: String.self),
            recipientWritten: try row.decode("recipient_written", as: String.self),
            sentAt: try row.decode("accepted_at", as: Instant.self),
            enteredAt: try row.decodeIfPresent("entered_at", as: Instant.self), state: state,
            refusal: try row.decodeIfPresent("refusal", as: String.self).flatMap(Refusal.Code.init(rawValue:)),
            failures: Int(try row.decode("failures", as: Int32.self)),
            documentState: .shown(
                said: try row.decodeIfPresent("latest", as: String.self).flatMap(DocumentStatus.init(rawValue:)),
                recall: try row.decodeIfPresent("recalled", as: String.self).flatMap(RecallOutcome.init(rawValue:)),
                isDestroyed: try row.decode("is_destroyed", as: Bool.self)))
    }
}

extension ReadableContent {
    init(row: PostgresRow, _ keys: KeyRing) throws {
        let package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        guard let content = try StoredContent(of: package, row: row, keys) else {
            throw Refusal(.contentDestroyed, "\(package)")
        }
        self.init(
            packageID: package,
            deliveryID: try row.decodeIfPresent("delivery_id", as: UUID.self).map(DeliveryID.init(uuid:)),
            content: content)
    }
}
