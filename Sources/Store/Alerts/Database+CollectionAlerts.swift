// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// Most alerts of one list.
    public static let maxListedAlerts = 10_000
    /// Most lines looked at, and most alerts moved on, of the urgent and of the others, in one round.
    static let maxCollectionRound: Int64 = 100
    /// Most lines that a gauge counts: so many are "at least". No gauge reads on for ever.
    public static let maxCounted = 10_001

    /// Looks at what was accepted since the last time and has been silent for as long as alerts take, and moves on the
    /// alerts whose time has come. What `CollectionAlert` decides is written with its history in one transaction.
    public func keepCollectionAlerts(
        by schedule: CollectionAlertSchedule, _ calendar: WorkingCalendar, at now: Instant
    ) async throws -> CollectionRound {
        try await run { connection in
            var round = CollectionRound()
            let keeper = CollectionKeeper(connection: connection, schedule: schedule, calendar: calendar, now: now)
            for line in [CollectionKeeper.Line.urgent, .ordinary] {
                if try connection.transaction({ try keeper.watch(line) }) { round.isMore = true }
                if try connection.transaction({ try keeper.moveOn(line, &round) }) { round.isMore = true }
            }
            return round
        }
    }

    /// Removes alerts that have been over for `CollectionAlert.remembrance`; the history keeps them.
    ///
    /// - Returns: whether there may be more.
    public func removeClosedAlerts(at now: Instant) async throws -> Bool {
        try await run { connection in
            let before = now.advanced(by: .zero - CollectionAlert.remembrance)
            let removed = try connection.query(
                CollectionStatements.removeClosed, [.timestamptz(before), .int8(Self.maxCollectionRound)])
            return removed.count == Int(Self.maxCollectionRound)
        }
    }

    /// Alerts that are open, the most urgent first and the oldest first within.
    public func openAlerts(limit: Int) async throws -> [OpenAlert] {
        try await run { connection in
            try connection.query(CollectionStatements.open, [.int8(Int64(min(limit, Self.maxListedAlerts)))])
                .map(OpenAlert.init(row:))
        }
    }

    /// How many alerts are open, by what is owed and who was alerted last, and how many of them are about documents from
    /// hỏa tốc on whose recipients say nothing.
    ///
    /// - Parameter limit: most alerts counted, the most urgent first; so many are "at least".
    public func countOpenAlerts(limit: Int = Database.maxCounted) async throws -> AlertCount {
        try await run { connection in
            try connection.transaction {
                try connection.query(ReadingStatements.timeout)
                var count = AlertCount()
                for row in try connection.query(CollectionStatements.count, [.int8(Int64(limit))]) {
                    guard let duty = CollectionAlert.Duty(rawValue: try row.decode("duty", as: String.self)),
                        let step = CollectionAlert.Step(rawValue: try row.decode("step", as: String.self))
                    else { throw Refusal(.internalError, "unknown step of an alert") }
                    count.open[duty, default: [:]][step] = Int(try row.decode("alerts", as: Int64.self))
                    if duty == .word { count.urgentSilences += Int(try row.decode("urgent", as: Int64.self)) }
                }
                return count
            }
        }
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
        var beginnings: [Instant?] = []
        var instants: [Instant?] = []
        for row in rows {
            let facts = try CollectionAlert.Facts(row: row)
            guard facts.urgency >= CollectionAlertSchedule.leastUrgent ? line == .urgent : line == .ordinary,
                PackageKind(rawValue: try row.decode("kind", as: String.self))?.isKnownByDocumentID == true,
                let alert = CollectionAlert.watching(
                    facts, since: try row.decode("created_at", as: Instant.self), by: schedule, calendar)
            else { continue }
            ids.append(try row.decode("id", as: UUID.self))
            urgencies.append(Int16(facts.urgency.rawValue))
            beginnings.append(alert.since)
            instants.append(alert.next)
        }
        try connection.pipeline([
            (
                CollectionStatements.watch,
                [.uuids(ids), .int2s(urgencies), .timestamptzs(beginnings), .timestamptzs(instants)]
            ),
            (CollectionStatements.moveCursor, [.text(line.rawValue), .uuid(last)]),
        ])
        return lines.count == Int(Database.maxCollectionRound)
    }

    /// Moves on the alerts whose time has come.
    ///
    /// - Returns: whether there may be more.
    func moveOn(_ line: Line, _ round: inout CollectionRound) throws -> Bool {
        let due = line == .urgent ? CollectionStatements.urgentDue : CollectionStatements.ordinaryDue
        var alerts: [UUID: [CollectionAlert]] = [:]
        let rows = try connection.query(due, [.timestamptz(now), .int8(Database.maxCollectionRound)])
        for row in rows {
            alerts[try row.decode("delivery_id", as: UUID.self), default: []].append(try CollectionAlert(row: row))
        }
        guard !rows.isEmpty else { return false }
        var statements: [PostgresStatement] = []
        for row in try connection.query(CollectionStatements.factsByDelivery, [.uuids(alerts.keys.map { $0 })]) {
            let facts = try CollectionAlert.Facts(row: row)
            let id = try row.decode("id", as: UUID.self)
            for alert in alerts[id] ?? [] {
                let action = alert.decide(facts, by: schedule, calendar, now: now)
                if case .raise(let step, _) = action { round.raised[step, default: 0] += 1 }
                statements += try write(action, of: alert, facts, row)
            }
        }
        try connection.pipeline(statements)
        return rows.count == Int(Database.maxCollectionRound)
    }

    private func write(
        _ action: CollectionAlert.Action, of alert: CollectionAlert, _ facts: CollectionAlert.Facts, _ row: PostgresRow
    ) throws -> [PostgresStatement] {
        let delivery = DeliveryID(uuid: try row.decode("id", as: UUID.self))
        let package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        let key: [PostgresValue] = [.uuid(delivery.uuid), .text(alert.duty.rawValue)]
        switch action {
        case .wait(let until): return [(CollectionStatements.wait, key + [.timestamptz(until)])]
        case .forget: return [(CollectionStatements.forget, key)]
        case .close(let ending):
            return [
                (CollectionStatements.close, key + [.timestamptz(now), .text(ending.rawValue)]),
                history(
                    .alertClosed, delivery, package,
                    ["duty": .string(alert.duty.rawValue), "ending": .string(ending.rawValue)]),
            ]
        case .raise(let step, let next):
            let stage = CollectionAlert.Stage(
                of: alert.duty, state: facts.state, isFetched: try row.decode("is_fetched", as: Bool.self),
                recall: facts.recall)
            let raised: PostgresStatement = (
                CollectionStatements.raise, key + [.text(step.rawValue), .timestamptz(next), .timestamptz(now)]
            )
            return [raised] + notices(step, stage, delivery, package, facts.urgency, since: alert.since)
                + [
                    history(
                        step == .agency ? .alertRaised : .alertEscalated, delivery, package,
                        [
                            "duty": .string(alert.duty.rawValue), "step": .string(step.rawValue),
                            "stage": .string(stage.rawValue),
                        ])
                ]
        }
    }

    private func notices(
        _ step: CollectionAlert.Step, _ stage: CollectionAlert.Stage, _ delivery: DeliveryID, _ package: PackageID,
        _ urgency: Urgency, since: Instant
    ) -> [PostgresStatement] {
        let addressees: [AlertNotice.Addressee] =
            switch step {
            case .agency: [.sender, .recipient]
            case .superior: [.superior]
            // The operator's list, metric and alert rule.
            case .watched, .hub: []
            }
        return addressees.map { addressee in
            (
                AlertNoticeStatements.addSilence,
                [
                    .text(addressee.rawValue), .int2(Int16(urgency.rawValue)), .uuid(package.uuid),
                    .uuid(delivery.uuid), .text(stage.rawValue), .timestamptz(since), .timestamptz(now),
                ]
            )
        }
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

extension CollectionAlert {
    fileprivate init(row: PostgresRow) throws {
        guard let duty = Duty(rawValue: try row.decode("duty", as: String.self)),
            let step = Step(rawValue: try row.decode("step", as: String.self))
        else { throw Refusal(.internalError, "unknown step of an alert") }
        self.init(duty, step: step, since: try row.decode("since"), next: try row.decode("next_at"))
    }
}

extension CollectionAlert.Facts {
    fileprivate init(row: PostgresRow) throws {
        guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown delivery state") }
        self.init(
            state: state,
            said: try row.decodeIfPresent("latest", as: String.self).flatMap(DocumentStatus.init(rawValue:)),
            hasReason: try row.decodeIfPresent("latest_description", as: String.self) != nil,
            recall: try row.decodeIfPresent("recalled", as: String.self).flatMap(RecallOutcome.init(rawValue:)),
            isSealed: try row.decode("is_sealed", as: Bool.self), urgency: urgency)
    }
}

extension OpenAlert {
    fileprivate init(row: PostgresRow) throws {
        guard let step = CollectionAlert.Step(rawValue: try row.decode("step", as: String.self)),
            let duty = CollectionAlert.Duty(rawValue: try row.decode("duty", as: String.self)),
            let state = DeliveryState(rawValue: try row.decode("state", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown step of an alert") }
        self.init(
            delivery: DeliveryID(uuid: try row.decode("delivery_id", as: UUID.self)),
            package: PackageID(uuid: try row.decode("package_id", as: UUID.self)), duty: duty, step: step,
            stage: .init(
                of: duty, state: state, isFetched: try row.decode("is_fetched", as: Bool.self),
                recall: try row.decodeIfPresent("recalled", as: String.self).flatMap(RecallOutcome.init(rawValue:))),
            urgency: urgency, since: try row.decode("since"), raisedAt: try row.decode("raised_at"),
            recipient: AgencyKey(try row.decode("recipient_agency_id", as: Int64.self)),
            recipientWritten: try row.decode("recipient_written"), senderWritten: try row.decode("sender_written"),
            documentID: try row.decode("document_id"))
    }
}
