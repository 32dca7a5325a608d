// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// Most alerts of one list.
    public static let maxListedAlerts = 10_000
    /// Most lines looked at, and most alerts moved on, in one round.
    static let maxCollectionRound: Int64 = 100

    /// Looks at what was accepted since the last time and has been silent for as long as alerts take, and moves on the
    /// alerts whose time has come. What `CollectionAlert` decides is written with its history in one transaction.
    public func keepCollectionAlerts(
        by schedule: CollectionAlertSchedule, _ calendar: WorkingCalendar, at now: Instant
    ) async throws -> CollectionRound {
        try await run { connection in
            var round = CollectionRound()
            for line in [CollectionKeeper.Line.urgent, .ordinary] {
                try connection.transaction {
                    let keeper = CollectionKeeper(
                        connection: connection, schedule: schedule, calendar: calendar, now: now)
                    if try keeper.watch(line) { round.isMore = true }
                }
            }
            try connection.transaction {
                let keeper = CollectionKeeper(connection: connection, schedule: schedule, calendar: calendar, now: now)
                if try keeper.moveOn(&round) { round.isMore = true }
            }
            return round
        }
    }

    /// Alerts that are open, the most urgent first and the oldest first within.
    public func openAlerts(limit: Int) async throws -> [OpenAlert] {
        try await run { connection in
            try connection.query(CollectionStatements.open, [.int8(Int64(min(limit, Self.maxListedAlerts)))])
                .map(OpenAlert.init(row:))
        }
    }

    /// What is to be told to somebody, any of it.
    public func dueAlertNotices(limit: Int) async throws -> [AlertNotice] {
        try await run { connection in
            try connection.query(CollectionStatements.notices, [.int8(Int64(limit))]).map(AlertNotice.init(row:))
        }
    }

    /// It was told, or there is nobody to be told.
    public func alertNoticeTold(_ notice: AlertNotice) async throws {
        _ = try await run { try $0.query(CollectionStatements.noticeTold, [.int8(notice.id)]) }
    }
}

/// One transaction of keeping alerts.
private struct CollectionKeeper {
    enum Line: String {
        case urgent = "silent-urgent"
        case ordinary = "silent-ordinary"
    }

    let connection: PostgresConnection
    let schedule: CollectionAlertSchedule
    let calendar: WorkingCalendar
    let now: Instant

    /// Begins to watch deliveries that have come into the age of alerts.
    ///
    /// - Returns: whether there may be more.
    func watch(_ line: Line) throws -> Bool {
        guard let term = schedule.shortestTerm(ofUrgent: line == .urgent) else { return false }
        guard let cursor = try connection.query(CollectionStatements.lockCursor, [.text(line.rawValue)]).first else {
            return false
        }
        let after = try cursor.decode("after", as: UUID.self)
        let before = PackageID.earliest(at: now.advanced(by: .zero - term)).uuid
        let lines = try connection.query(
            line == .urgent ? CollectionStatements.urgent : CollectionStatements.ordinary,
            [.uuid(after), .uuid(before), .int8(Database.maxCollectionRound)]
        ).map { try $0.decode("id", as: UUID.self) }
        guard let last = lines.last else { return false }
        let rows = try connection.query(
            line == .urgent ? CollectionStatements.factsByPackage : CollectionStatements.factsByDelivery,
            [.uuids(lines.map { $0 })])
        var ids: [UUID?] = []
        var urgencies: [Int16?] = []
        var instants: [Instant?] = []
        for row in rows {
            let facts = try CollectionAlert.Facts(row: row)
            guard facts.urgency >= CollectionAlertSchedule.leastUrgent ? line == .urgent : line == .ordinary,
                PackageKind(rawValue: try row.decode("kind", as: String.self))?.isKnownByDocumentID == true,
                let alert = CollectionAlert.watching(facts, by: schedule, calendar)
            else { continue }
            ids.append(try row.decode("id", as: UUID.self))
            urgencies.append(Int16(facts.urgency.rawValue))
            instants.append(alert.next)
        }
        try connection.pipeline([
            (CollectionStatements.watch, [.uuids(ids), .int2s(urgencies), .timestamptzs(instants)]),
            (CollectionStatements.moveCursor, [.text(line.rawValue), .uuid(last)]),
        ])
        return lines.count == Int(Database.maxCollectionRound)
    }

    /// Moves on the alerts whose time has come.
    ///
    /// - Returns: whether there may be more.
    func moveOn(_ round: inout CollectionRound) throws -> Bool {
        var alerts: [UUID: CollectionAlert] = [:]
        for row in try connection.query(
            CollectionStatements.due, [.timestamptz(now), .int8(Database.maxCollectionRound)])
        {
            guard let step = CollectionAlert.Step(rawValue: try row.decode("step", as: String.self)) else {
                throw Refusal(.internalError, "unknown step of an alert")
            }
            alerts[try row.decode("delivery_id", as: UUID.self)] = CollectionAlert(
                step: step, next: try row.decode("next_at", as: Instant.self))
        }
        guard !alerts.isEmpty else { return false }
        var statements: [PostgresStatement] = []
        for row in try connection.query(CollectionStatements.factsByDelivery, [.uuids(alerts.keys.map { $0 })]) {
            let id = try row.decode("id", as: UUID.self)
            guard let alert = alerts[id] else { continue }
            let facts = try CollectionAlert.Facts(row: row)
            let delivery = DeliveryID(uuid: id)
            let package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
            switch alert.decide(facts, by: schedule, calendar, now: now) {
            case .wait(let until):
                statements.append((CollectionStatements.wait, [.uuid(id), .timestamptz(until)]))
            case .forget: statements.append((CollectionStatements.forget, [.uuid(id)]))
            case .close(let ending):
                statements.append((CollectionStatements.close, [.uuid(id), .timestamptz(now), .text(ending.rawValue)]))
                statements.append(history(.alertClosed, delivery, package, ["ending": .string(ending.rawValue)]))
            case .raise(let step, let next):
                let stage = CollectionAlert.Stage(
                    state: facts.state, isFetched: try row.decode("is_fetched", as: Bool.self))
                round.raised[step, default: 0] += 1
                statements += raise(step, next, stage, delivery, package)
            }
        }
        try connection.pipeline(statements)
        return alerts.count == Int(Database.maxCollectionRound)
    }

    private func raise(
        _ step: CollectionAlert.Step, _ next: Instant, _ stage: CollectionAlert.Stage, _ delivery: DeliveryID,
        _ package: PackageID
    ) -> [PostgresStatement] {
        let addressees: [AlertNotice.Addressee] =
            switch step {
            case .agency: [.sender, .recipient]
            case .superior: [.superior]
            // The operator's list, metric and alert rule.
            case .watched, .hub: []
            }
        let raised: PostgresStatement = (
            CollectionStatements.raise,
            [.uuid(delivery.uuid), .text(step.rawValue), .timestamptz(next), .timestamptz(now)]
        )
        return [raised]
            + addressees.map { addressee in
                (
                    CollectionStatements.addNotice,
                    [
                        .text(addressee.rawValue), .uuid(package.uuid), .uuid(delivery.uuid), .text(stage.rawValue),
                        .timestamptz(now),
                    ]
                )
            } + [
                history(
                    step == .agency ? .alertRaised : .alertEscalated, delivery, package,
                    ["step": .string(step.rawValue), "stage": .string(stage.rawValue)])
            ]
    }

    private func history(
        _ event: HistoryRow.Event, _ delivery: DeliveryID, _ package: PackageID, _ detail: [String: JSONText]
    ) -> PostgresStatement {
        HistoryRow.statement([
            HistoryRow(
                at: now, event: event, package: package, delivery: delivery, actor: HistoryRow.hubActor, detail: detail)
        ])
    }
}

extension CollectionAlert.Facts {
    fileprivate init(row: PostgresRow) throws {
        guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown delivery state") }
        self.init(
            state: state, isHeard: try row.decode("is_heard", as: Bool.self),
            isRecalled: try row.decode("is_recalled", as: Bool.self),
            acceptedAt: try row.decode("created_at", as: Instant.self), urgency: urgency)
    }
}

extension OpenAlert {
    fileprivate init(row: PostgresRow) throws {
        guard let step = CollectionAlert.Step(rawValue: try row.decode("step", as: String.self)),
            let state = DeliveryState(rawValue: try row.decode("state", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown step of an alert") }
        self.init(
            delivery: DeliveryID(uuid: try row.decode("delivery_id", as: UUID.self)),
            package: PackageID(uuid: try row.decode("package_id", as: UUID.self)), step: step,
            stage: .init(state: state, isFetched: try row.decode("is_fetched", as: Bool.self)), urgency: urgency,
            acceptedAt: try row.decode("created_at"), raisedAt: try row.decode("raised_at"),
            recipient: AgencyKey(try row.decode("recipient_agency_id", as: Int64.self)),
            recipientWritten: try row.decode("recipient_written"), senderWritten: try row.decode("sender_written"),
            documentID: try row.decode("document_id"))
    }
}

extension AlertNotice {
    fileprivate init(row: PostgresRow) throws {
        guard let addressee = Addressee(rawValue: try row.decode("addressee", as: String.self)) else {
            throw Refusal(.internalError, "unknown addressee of an alert")
        }
        let matter: Matter =
            if let document = try row.decodeIfPresent("other_document_id", as: String.self) {
                .repeatedCode(documentID: document, acceptedAt: try row.decode("other_accepted_at", as: Instant.self))
            } else {
                .silence(try Silence(row: row))
            }
        self.init(
            id: try row.decode("id", as: Int64.self), addressee: addressee,
            package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
            sender: AgencyKey(try row.decode("sender_agency_id", as: Int64.self)),
            senderWritten: try row.decode("sender_written"),
            documentID: try DocumentID(parsing: try row.decode("document_id", as: String.self)),
            codeNumber: try row.decodeIfPresent("code_number"), codeNotation: try row.decodeIfPresent("code_notation"),
            promulgationDate: try row.decodeIfPresent("promulgation_date"), at: try row.decode("at"), matter: matter)
    }
}

extension AlertNotice.Silence {
    fileprivate init(row: PostgresRow) throws {
        guard let stage = CollectionAlert.Stage(rawValue: try row.decode("stage", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown stage of an alert") }
        self.init(
            delivery: DeliveryID(uuid: try row.decode("delivery_id", as: UUID.self)), stage: stage, urgency: urgency,
            recipient: AgencyKey(try row.decode("recipient_agency_id", as: Int64.self)),
            recipientWritten: try row.decode("recipient_written"), acceptedAt: try row.decode("created_at"))
    }
}
