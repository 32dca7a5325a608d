// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

/// One acceptance on its way to the committer, with the keys of its contents as the database keeps them.
struct KeyedAcceptance: Sendable {
    let acceptance: Acceptance
    let key: WrappedSecret
    /// Of the notice's content; nil without a notice.
    let noticeKey: WrappedSecret?

    /// - Throws: `Refusal(.keyRingMissing)` before the keys were opened.
    init(_ acceptance: Acceptance, _ keys: KeyRing) throws(Refusal) {
        self.acceptance = acceptance
        key = try ContentKeys.wrap(acceptance.package, keys)
        if let notice = acceptance.notice { noticeKey = try ContentKeys.wrap(notice, keys) } else { noticeKey = nil }
    }
}

/// One acceptance in the committer, with the place of its content.
struct PlacedAcceptance {
    let keyed: KeyedAcceptance
    let place: ContentPlace
    /// Place of the notice's content; nil without a notice.
    let noticePlace: ContentPlace?

    var acceptance: Acceptance { keyed.acceptance }
    var envelope: Envelope { acceptance.package.envelope }
}

/// The transactions of taking packages. Blocking; runs on the committer's thread.
///
/// A batch shares one transaction: identities are claimed first, and only those who won are written. Who lost, because
/// the identity exists or the registry moved on, is told so and writes nothing here.
struct AcceptTransaction {
    let connection: PostgresConnection
    /// Told after the commit for which endpoints something was put on its way.
    let due: DueSignal
    /// Told after the commit that files wait to be scanned.
    let scansDue: ScanSignal

    /// What became of each of a batch, in its order; nil for an identity that exists and must be looked into.
    typealias Outcomes = [AcceptanceResult?]

    /// Writes a batch and commits it when `contentIsDurable` has returned.
    ///
    /// - Parameter contentIsDurable: called once, after the rows are written and before the commit; waits for the sync of
    ///   the batch's content and throws when it failed, and then nothing is committed.
    func commit(_ batch: [PlacedAcceptance], contentIsDurable: () throws -> Void) throws -> Outcomes {
        var endpoints: Set<EndpointKey> = []
        let outcomes: Outcomes = try connection.transaction {
            try lockWords(of: batch)
            let undecided = try undecided(batch)
            let (won, version) = try claim(batch.filter { undecided[$0.envelope.id] == nil })
            var rows: [PackageRows] = []
            try DocumentEffects(connection: connection).lockAhead(batch.map(\.envelope))
            for winner in batch where won.contains(winner.envelope.id.uuid) {
                rows += try packageRows(winner, first: nil, deliveries: winner.acceptance.package.deliveries)
            }
            endpoints = try write(rows)
            try contentIsDurable()
            FaultPoint.acceptBeforeCommit.pass()
            let awaiting = Set(rows.filter { !$0.effect.awaiting.isEmpty }.map(\.package.envelope.id))
            return batch.map { placed in
                let id = placed.envelope.id
                if won.contains(id.uuid) {
                    return .accepted(id, at: placed.envelope.acceptedAt, isAwaiting: awaiting.contains(id))
                }
                if let result = undecided[placed.envelope.id] { return result }
                return placed.acceptance.registryVersion == version ? nil : .registryChanged
            }
        }
        due.signal(endpoints)
        signalScans(of: batch)
        return outcomes
    }

    /// A needless signal harms nobody.
    private func signalScans(of batch: [PlacedAcceptance]) {
        if batch.contains(where: { $0.envelope.awaitsScan }) { scansDue.signal() }
    }

    /// Looks into an identity that exists: the same document again, further recipients for it, or a conflict.
    ///
    /// The content of the batch is durable by now, so that a resend that adds recipients can point at its own bytes.
    func resend(_ placed: PlacedAcceptance) throws -> AcceptanceResult {
        let envelope = placed.envelope
        var endpoints: Set<EndpointKey> = []
        defer {
            due.signal(endpoints)
            signalScans(of: [placed])
        }
        return try connection.transaction {
            try connection.query(QueueStatements.holdEndpoints)
            try lockWords(of: [placed], DocumentWord(identityOf: envelope))
            let existing = try connection.query(
                AcceptStatements.existingKey, [.int8(envelope.sender.value), .text(envelope.identity)])
            guard let key = existing.first else { throw Refusal(.internalError, "an identity vanished") }
            // Whoever has ended since the decision gets nothing by it.
            guard try key.decode("registry_version", as: Int64.self) == placed.acceptance.registryVersion else {
                return .registryChanged
            }
            let first = PackageID(uuid: try key.decode("package_id", as: UUID.self))
            let firstAt = try key.decode("accepted_at", as: Instant.self)
            let addressed = try addressed(of: first)
            let deliveries = placed.acceptance.package.deliveries
            let isAwaited = try key.decode("is_awaited", as: Bool.self)
            let decision = ResendDecision.decide(
                sameMeaning: try key.decode("meaning", as: [UInt8].self) == envelope.meaning.bytes,
                isDestroyed: try key.decode("is_destroyed", as: Bool.self),
                isRecalled: try key.decode("is_recalled", as: Bool.self),
                isSealed: try key.decode("is_sealed", as: Bool.self),
                alreadyAddressed: deliveries.map(addressed.contains))
            switch decision {
            case .conflict:
                try write(history: envelope, .packageConflict, on: first)
                return .conflict(with: first)
            case .destroyed:
                // As a conflict it is refused, and an auditor finds that it was tried.
                try write(history: envelope, .packageConflict, on: first)
                return .destroyed(first)
            case .frozen:
                try write(history: envelope, .packageFrozen, on: first)
                return .frozen(first)
            case .sealed:
                try write(history: envelope, .packageConflict, on: first)
                return .sealed(first)
            case .firstReceipt:
                try write(history: envelope, .packageRepeated, on: first)
                return .known(first, at: firstAt, added: 0, isAwaited: isAwaited)
            case .addRecipients(let positions):
                let added = positions.map { deliveries[$0] }
                endpoints = try write(packageRows(placed, first: first, deliveries: added))
                return .known(first, at: firstAt, added: added.count, isAwaited: isAwaited)
            }
        }
    }

    private func claim(_ batch: [PlacedAcceptance]) throws -> (won: Set<UUID>, version: Int64) {
        let results = try connection.pipeline([
            (QueueStatements.holdEndpoints, []),
            (
                AcceptStatements.claimKeys,
                [
                    .int8s(batch.map { $0.envelope.sender.value }),
                    .texts(batch.map { $0.envelope.identity }),
                    .uuids(batch.map { $0.envelope.id.uuid }),
                    .byteas(batch.map { $0.envelope.meaning.bytes }),
                    .int8s(batch.map { $0.acceptance.registryVersion }),
                ]
            ),
            (AcceptStatements.registryVersion, []),
        ])
        let won = try results[1].map { try $0.decode("package_id", as: UUID.self) }
        guard let version = try results[2].first?.decode("registry_version", as: Int64.self) else {
            throw Refusal(.internalError, "the table hub has no row")
        }
        return (Set(won), version)
    }

    private func addressed(of document: PackageID) throws -> Addressed {
        var addressed = Addressed()
        for row in try connection.query(AcceptStatements.addressed, [.uuid(document.uuid)]) {
            let written = try row.decode("recipient_written", as: String.self)
            if let agency = try row.decodeIfPresent("recipient_agency_id", as: Int64.self) {
                addressed.agencies.insert(AgencyKey(agency))
                addressed.delivered.insert(written)
            }
            addressed.names.insert(written)
        }
        return addressed
    }

    private func lockWords(of batch: [PlacedAcceptance], _ further: DocumentWord...) throws {
        try DocumentWord.lock(Set(batch.flatMap { DocumentWord.all(of: $0.envelope) } + further), connection)
    }

    /// Updates that cannot be taken: of documents that are frozen or sealed, or are being recalled in the same batch, whose recall would
    /// not find what is not yet written.
    private func undecided(_ batch: [PlacedAcceptance]) throws -> [PackageID: AcceptanceResult] {
        let updates = batch.filter { $0.envelope.kind == .update }
        guard !updates.isEmpty else { return [:] }
        let recalls = batch.filter { $0.envelope.kind == .recall || $0.envelope.status?.status == .recallRequested }
        let recalled = Set(recalls.flatMap { DocumentWord.all(of: $0.envelope) })
        var results: [PackageID: AcceptanceResult] = [:]
        for update in updates where !recalled.isDisjoint(with: DocumentWord.all(of: update.envelope)) {
            results[update.envelope.id] = .registryChanged
        }
        var owned: [(owner: AgencyKey, envelope: Envelope)] = []
        for update in updates {
            owned += update.envelope.family(of: update.envelope.sender).map { ($0, update.envelope) }
        }
        let frozen = try connection.query(
            RecallStatements.frozen,
            [
                .int8s(owned.map { $0.owner.value }),
                .texts(owned.map { $0.envelope.subjectOfChange.map(Envelope.identity) }),
                .texts(owned.map { $0.envelope.identity }), .uuids(owned.map { $0.envelope.id.uuid }),
                .int8s(owned.map { $0.envelope.sender.value }),
            ])
        for row in frozen {
            let id = PackageID(uuid: try row.decode("package_id", as: UUID.self))
            guard let update = updates.first(where: { $0.envelope.id == id }) else { continue }
            let document = PackageID(uuid: try row.decode("document", as: UUID.self))
            let isSealed = try row.decode("is_sealed", as: Bool.self)
            try write(history: update.envelope, isSealed ? .packageConflict : .packageFrozen, on: document)
            results[id] = isSealed ? .sealed(document) : .frozen(document)
        }
        return results
    }

    /// A package, with what it does to the document of which it speaks; and the notice when some of these deliveries get
    /// nothing.
    private func packageRows(
        _ placed: PlacedAcceptance, first: PackageID?, deliveries: [NewDelivery]
    ) throws -> [PackageRows] {
        let effect = try DocumentEffects(connection: connection).apply(placed.acceptance.package, to: deliveries)
        let deliveries = effect.written(deliveries, at: placed.envelope.acceptedAt)
        var rows = [
            PackageRows(
                package: placed.acceptance.package, place: placed.place, key: placed.keyed.key, first: first,
                effect: effect, isNotice: false, deliveries: deliveries)
        ]
        if let notice = placed.acceptance.notice, let place = placed.noticePlace, let key = placed.keyed.noticeKey,
            deliveries.contains(where: \.isTold)
        {
            rows.append(
                PackageRows(
                    package: notice, place: place, key: key, first: nil,
                    effect: DocumentEffects.Effect(status: .hubNotice), isNotice: true, deliveries: notice.deliveries))
        }
        return rows
    }

    /// What came again under an identity that is taken: the request's id leads a trace to the first package.
    private func write(history envelope: Envelope, _ event: HistoryRow.Event, on first: PackageID) throws {
        let (sql, parameters) = HistoryRow.statement([
            HistoryRow(
                at: envelope.acceptedAt, event: event, package: first,
                actor: envelope.system?.text ?? HistoryRow.hubActor, request: envelope.requestID,
                detail: ["sha256": .string(envelope.sha256.hex)])
        ])
        try connection.query(sql, parameters)
    }

    /// - Returns: the endpoints for which something was put on its way.
    private func write(_ rows: [PackageRows]) throws -> Set<EndpointKey> {
        guard !rows.isEmpty else { return [] }
        let made = rows.map { PackageTables($0) }
        let tables: [(BulkInsert, [[PostgresValue]])] = [
            (AcceptStatements.keys, made.filter(\.rows.isNotice).map(\.key)),
            (AcceptStatements.packages, made.map(\.package)),
            (AcceptStatements.contents, made.map(\.content)),
            (ChunkRows.insert, rows.flatMap(\.chunkRows)),
            (AcceptStatements.attachments, made.flatMap(\.attachments)),
            (AcceptStatements.links, made.flatMap(\.links)),
            (AcceptStatements.deliveries, made.flatMap(\.deliveries)),
            (AcceptStatements.scans, rows.compactMap(\.scanRow)),
        ]
        let statements = tables.filter { !$0.1.isEmpty }.map { insert, rows in insert.statement(rows) }
        let history = HistoryRow.statement(made.flatMap { $0.rows.history($0) })
        let results = try connection.pipeline(statements + [history, QueueRows.statement(rows)])
        return try results.last.map(EndpointKey.set) ?? []
    }
}

/// Who has a document already.
private struct Addressed {
    var agencies: Set<AgencyKey> = []
    var names: Set<String> = []
    /// Names that led to an agency, which may have another successor since.
    var delivered: Set<String> = []

    func contains(_ delivery: NewDelivery) -> Bool {
        guard let agency = delivery.recipient else { return names.contains(delivery.written) }
        return agencies.contains(agency) || delivered.contains(delivery.written)
    }
}
