// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// That the sender of a document agrees to its going to another agency, and where that can be read.
public struct SenderConsent: Sendable, Equatable {
    /// Who said so, for the sender.
    public let person: String
    public let date: CalendarDate
    /// Number and notation of the document that says it.
    public let document: String

    public init(person: String, date: CalendarDate, document: String) {
        self.person = person
        self.date = date
        self.document = document
    }
}

/// What a redirect did, or would do.
public struct Redirected: Sendable, Equatable {
    /// Codes of the agencies.
    public let from: String
    public let to: String
    public let ground: Redirect.Ground
    public let before: DeliveryState
    public let after: DeliveryState
    /// Where it is carried to from there; nil: it stands in the agency's list, or is held.
    public let endpoint: String?
}

extension Database {
    /// Sends a delivery to another agency than the one addressed, or anew to its own, under the same id. What is held stays
    /// held.
    ///
    /// - Parameters:
    ///   - consent: the sender's; needed where the agency is neither the same nor a successor. Written to the history, as
    ///     `reason` is.
    ///   - isTrial: decides and changes nothing.
    /// - Throws: `Refusal`: `.packageNotFound`, `.agencyNotFound`; `.redirectForbidden` without a ground; `.recipientClosed`
    ///   and `.recipientNoSystem` of who would get it; `.confirmationConflict` for what is delivered or over;
    ///   `.redirectSeen`, `.redirectKnown`, `.deliveryInFlight`; `.documentFrozen`, `.packageSealed`;
    ///   `.malwareScanPending` and `.malwareScanImpossible` for what was given up before it was scanned.
    public func redirect(
        _ id: DeliveryID, to agency: AgencyID, consent: SenderConsent? = nil, reason: String, actor: String,
        at now: Instant, isTrial: Bool = false
    ) async throws -> Redirected {
        try await run { connection in
            try connection.transaction {
                let redirection = try Redirection(id, to: agency, connection, at: now)
                let (after, ground) = try redirection.decide(hasConsent: consent != nil)
                try RecallGuard.check(id, connection)
                try SealGuard.check(id, connection)
                if after.state == .waiting { try ScanGuard.check(redirection.scan, id) }
                let done = try redirection.outcome(after, ground)
                // Held where it is already: there is nothing to write.
                if isTrial || ground == .sameAgency && after.state == .held { return done }
                try redirection.write(
                    after, done, consent: ground == .consent ? consent : nil, reason: reason, actor: actor)
                return done
            }
        }
    }
}

/// A delivery and where it would go, under the locks of both.
private struct Redirection {
    private let id: DeliveryID
    private let now: Instant
    private let connection: PostgresConnection
    private let package: PackageID
    private let document: UUID
    private let kind: PackageKind
    private let urgency: Urgency
    private let life: DeliveryLife
    private let from: Int64
    private let to: Int64
    private let wasFetched: Bool
    private let isCarried: Bool
    private let target: PostgresRow
    /// Of its package.
    let scan: PostgresRows

    init(_ id: DeliveryID, to agency: AgencyID, _ connection: PostgresConnection, at now: Instant) throws {
        (self.id, self.now, self.connection) = (id, now, connection)
        // Neither an endpoint nor a succession changes from here on.
        try connection.query(QueueStatements.holdEndpoints)
        // As the end of a scan does: one that ends meanwhile is seen, or sees what is done here.
        scan = try connection.query(ScanStatements.lockOfDelivery, [.uuid(id.uuid)])
        guard let about = try connection.query(RedirectStatements.subject, [.uuid(id.uuid)]).first else {
            throw Refusal(.packageNotFound, id.description)
        }
        let subject = try connection.query(
            DestructionStatements.key, [.uuid(try about.decode("subject", as: UUID.self))]
        ).only()
        // As recalls and seals do: none of them must look for the delivery where it is no more.
        try connection.query(
            AcceptStatements.lockWord,
            [
                .text(try subject.decode("identity", as: String.self)),
                .int8(try subject.decode("agency_id", as: Int64.self)),
            ])
        let locked = try connection.pipeline([
            (QueueStatements.lockDelivery, [.uuids([id.uuid])]), (QueueStatements.lockQueue, [.uuids([id.uuid])]),
        ])
        let row = try locked[0].only()
        guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)),
            let kind = PackageKind(rawValue: try about.decode("kind", as: String.self))
        else { throw Refusal(.internalError, "unknown delivery state") }
        guard let from = try row.decodeIfPresent("recipient_agency_id", as: Int64.self) else {
            throw Refusal(.confirmationConflict, "\(id): \(state.rawValue)")
        }
        package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        document = try about.decode("document_package_id", as: UUID.self)
        self.kind = kind
        urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self))) ?? .normal
        life = DeliveryLife(
            state: state, failures: Int(try row.decode("failures", as: Int32.self)),
            hasEntered: try row.decode("has_entered", as: Bool.self))
        wasFetched = try row.decodeIfPresent("fetched_at", as: Instant.self) != nil
        isCarried = try locked[1].first.map { try $0.decodeIfPresent("node", as: UUID.self) != nil } ?? false
        self.from = from
        to = try connection.agencyKey(agency)
        target = try connection.query(
            RedirectStatements.target,
            [
                .int8(from), .int8(to), .uuid(id.uuid), .uuid(document), .timestamptz(now),
                .uuid(try subject.decode("package_id", as: UUID.self)),
            ]
        ).only()
    }

    func decide(hasConsent: Bool) throws -> (DeliveryLife, Redirect.Ground) {
        let (fromCode, toCode) = (try target.decode("from_code", as: String.self), try code())
        let redirect = Redirect(
            life, isSameAgency: from == to, isSuccessor: try target.decode("is_successor", as: Bool.self),
            hasConsent: hasConsent, bringsDocument: kind != .status && kind != .recall,
            isSeen: try wasFetched || target.decode("has_spoken", as: Bool.self), isCarried: isCarried,
            isKnown: try target.decode("is_known", as: Bool.self))
        switch redirect.decide() {
        case .refuse(let code):
            throw Refusal(code, "\(id): \(life.state.rawValue), \(fromCode) → \(toCode)")
        case .become(let after, let ground):
            if ground != .sameAgency {
                // Recalled from anybody, a document gets no further recipient.
                if try ground == .consent && target.decode("is_frozen", as: Bool.self) {
                    throw Refusal(.documentFrozen, id.description)
                }
                if try !target.decode("is_open", as: Bool.self) { throw Refusal(.recipientClosed, toCode) }
                if try !target.decode("has_system", as: Bool.self) { throw Refusal(.recipientNoSystem, toCode) }
            }
            return (after, ground)
        }
    }

    func outcome(_ after: DeliveryLife, _ ground: Redirect.Ground) throws -> Redirected {
        Redirected(
            from: try target.decode("from_code"), to: try code(), ground: ground, before: life.state,
            after: after.state,
            endpoint: after.state == .waiting ? try target.decodeIfPresent("url") : nil)
    }

    func write(
        _ after: DeliveryLife, _ done: Redirected, consent: SenderConsent?, reason: String, actor: String
    ) throws {
        var statements: [PostgresStatement] = []
        if done.ground != .sameAgency {
            // With its row goes the token: who was thought dead and comes back finishes nothing of the other's.
            statements.append((QueueStatements.leaveUnended, [.uuids([id.uuid])]))
            statements.append((RedirectStatements.give, [.uuid(id.uuid), .int8(to), .timestamptz(now)]))
        }
        if done.ground == .successor {
            // What was said of it is its successor's word now.
            statements.append(
                (SuccessionStatements.moveWords, [.uuids([document]), .int8s([from]), .int8s([to])]))
        }
        if after.state == .waiting {
            statements.append(QueueStatements.move([DeliveryMove(id: id, after: after, at: now, detail: reason)]))
            statements.append(
                (QueueStatements.enter, [.uuid(id.uuid), .int2(ClaimCursor.rank(urgency)), .timestamptz(now)]))
            // Who gets it can speak of it from now on.
            statements.append(CollectionStatements.begin(.word, of: [id], at: now))
        }
        let detail = detail(done, consent, reason: reason)
        var going = [(package: package, delivery: id)]
        if done.ground != .sameAgency {
            going += try KeptDeliveries(connection: connection).giveUpdates(
                of: PackageID(uuid: document), from: AgencyKey(from), to: AgencyKey(to), at: now)
        }
        statements.append(
            HistoryRow.statement(
                going.map { each in
                    HistoryRow(
                        at: now, event: .deliveryRedirected, package: each.package, delivery: each.delivery,
                        actor: actor, detail: detail)
                }))
        try connection.pipeline(statements)
    }

    private func detail(_ done: Redirected, _ consent: SenderConsent?, reason: String) -> [String: JSONText] {
        var detail: [String: JSONText] = [
            "reason": .string(reason), "from": .string(done.from), "to": .string(done.to),
            "ground": .string(done.ground.rawValue), "before": .string(done.before.rawValue),
        ]
        if let consent {
            detail["consentBy"] = .string(consent.person)
            detail["consentDate"] = .string(consent.date.iso8601)
            detail["consent"] = .string(consent.document)
        }
        return detail
    }

    private func code() throws -> String { try target.decode("to_code", as: String.self) }
}

private enum RedirectStatements {
    /// The document whose word is locked, and what the delivery brings.
    static let subject = """
        SELECT package.kind, delivery.document_package_id,
            CASE package.kind WHEN 'update' THEN coalesce(package.about_package_id, delivery.document_package_id)
                ELSE delivery.document_package_id END AS subject
        FROM delivery JOIN package ON package.id = delivery.package_id WHERE delivery.id = $1
        """

    /// All that is to be known of whom it leaves and who would get it. Only a succession that is in force counts; each
    /// agency is met once, whatever names whom.
    static let target = """
        WITH RECURSIVE heir (id) AS (
            SELECT next.successor_id FROM agency_successor AS next JOIN agency AS ended ON ended.id = next.agency_id
            WHERE next.agency_id = $1 AND ended.valid_until <= $5
            UNION
            SELECT next.successor_id FROM heir JOIN agency_successor AS next ON next.agency_id = heir.id
            JOIN agency AS ended ON ended.id = next.agency_id WHERE ended.valid_until <= $5
        )
        SELECT origin.code AS from_code, target.code AS to_code,
            target.system_id IS NOT NULL AND NOT target.is_hub AS has_system,
            target.valid_from <= $5 AND (target.valid_until IS NULL OR target.valid_until > $5) AS is_open,
            EXISTS (SELECT FROM heir WHERE heir.id = target.id) AS is_successor,
            EXISTS (
                SELECT FROM document_status WHERE document_package_id = $4 AND recipient_agency_id = $1
            ) AS has_spoken,
            EXISTS (
                SELECT FROM delivery WHERE document_package_id = $4 AND recipient_agency_id = $2 AND id <> $3
            ) AS is_known,
            EXISTS (SELECT FROM recall WHERE document_package_id = $6) AS is_frozen,
            (SELECT url FROM endpoint WHERE agency_id = $2 AND state <> 'removed') AS url
        FROM agency AS origin, agency AS target WHERE origin.id = $1 AND target.id = $2
        """

    static let give = "UPDATE delivery SET recipient_agency_id = $2, updated_at = $3 WHERE id = $1"
}
