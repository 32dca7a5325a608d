// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

extension Database {
    /// Most seals of one list.
    public static let maxListedSeals = 10_000

    /// Seals a document: from the commit on nothing of it is handed out, listed, or put on its way, at any node.
    ///
    /// Its updates are sealed with it. What a courier carries at this moment may still arrive; it counts as received, and
    /// a further call tells so.
    /// - Parameters:
    ///   - anyID: of the document, of a package or of a delivery of it. Another package than a document is sealed alone.
    ///   - reason: written to the history; of at least one character.
    ///   - isTrial: tells who has it, and changes nothing.
    /// - Returns: who has it already. A document that is sealed stays as it is.
    /// - Throws: `Refusal`: `.packageNotFound`; `.registryInvalid` for a document id of several senders.
    public func seal(
        _ anyID: String, reason: String, actor: String, at now: Instant, isTrial: Bool = false
    ) async throws -> SealReport {
        try await run { connection in
            try connection.transaction {
                let change = try SealChange(anyID, connection)
                let old = try change.current()
                if let old { return try change.report(old) }
                if isTrial { return try change.report(nil) }
                try change.seal(reason: reason, actor: actor, at: now)
                return try change.report(SealReport.Seal(at: now, actor: actor, reason: reason, isOld: false))
            }
        }
    }

    /// Ends a seal: what it had stopped goes on, but for what was recalled meanwhile, or is under another seal.
    ///
    /// A seal of an operator's says nothing of malware that a scan has found: that of the hub follows it.
    /// - Returns: with the seal that is in force then, if there is one; as a trial without, with the one that would end.
    /// - Throws: `Refusal`: as `seal`; `.sealNotFound` for a document that is not sealed; `.contentDestroyed` when
    ///   there is nothing left to be handed out.
    public func unseal(
        _ anyID: String, reason: String, actor: String, at now: Instant, isTrial: Bool = false
    ) async throws -> SealReport {
        try await run { connection in
            try connection.transaction {
                try connection.query(QueueStatements.holdEndpoints)
                let change = try SealChange(anyID, connection)
                guard let old = try change.current() else { throw Refusal(.sealNotFound, anyID) }
                guard try connection.query(SealStatements.isDestroyed, [.uuid(change.document.uuid)]).isEmpty else {
                    throw Refusal(.contentDestroyed, "\(change.document)")
                }
                let next = try change.following(old, at: now)
                if isTrial { return try change.report(next ?? old) }
                try change.unseal(into: next, reason: reason, actor: actor, at: now)
                return try change.report(next)
            }
        }
    }

    /// The seals in force, the oldest first.
    public func seals(limit: Int) async throws -> [ListedSeal] {
        try await run { connection in
            try connection.query(SealStatements.list, [.int8(Int64(min(limit, Self.maxListedSeals)))]).map { row in
                ListedSeal(
                    document: PackageID(uuid: try row.decode("document_package_id", as: UUID.self)),
                    documentID: try row.decode("document_id"), sender: try row.decode("sender_written"),
                    at: try row.decode("sealed_at"), actor: try row.decode("sealed_by"),
                    reason: try row.decode("reason"))
            }
        }
    }
}

extension PostgresConnection {
    /// Seals a document inside a transaction; one that is sealed stays as it is.
    func seal(_ document: PackageID, reason: String, actor: String, at now: Instant) throws {
        let change = try SealChange("\(document)", self)
        if try change.current() == nil { try change.seal(reason: reason, actor: actor, at: now) }
    }
}

/// Keeps what is sealed from going out at an operator's word.
enum SealGuard {
    /// - Throws: `Refusal(.packageSealed)`.
    static func check(_ id: DeliveryID, _ connection: PostgresConnection) throws {
        guard try connection.query(SealStatements.isDeliverySealed, [.uuid(id.uuid)]).isEmpty else {
            throw Refusal(.packageSealed, id.description)
        }
    }
}

/// A document and its deliveries under their locks.
private struct SealChange {
    private struct Locked {
        let id: DeliveryID
        let package: PackageID
        let life: DeliveryLife
        let isStoppedBySeal: Bool
        let isRecalled: Bool
        /// By itself, or with what it updates.
        let isSealedOtherwise: Bool
        /// Of an update it is another than the one that is sealed.
        let document: PackageID
    }

    let document: PackageID
    private let connection: PostgresConnection
    private let deliveries: [Locked]

    init(_ anyID: String, _ connection: PostgresConnection) throws {
        self.connection = connection
        document = try Self.find(anyID, connection)
        // As resends and updates do: none of them must add a delivery behind our back.
        let key = try connection.query(DestructionStatements.key, [.uuid(document.uuid)]).only()
        try connection.query(
            AcceptStatements.lockWord,
            [.text(try key.decode("identity", as: String.self)), .int8(try key.decode("agency_id", as: Int64.self))])
        // Fetches take the same locks: whoever got the content is in the report, whoever comes later gets nothing.
        deliveries = try connection.query(SealStatements.lockDeliveries, [.uuid(document.uuid)]).map { row in
            guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)) else {
                throw Refusal(.internalError, "unknown delivery state")
            }
            let refusal = try row.decodeIfPresent("refusal", as: String.self)
            return Locked(
                id: DeliveryID(uuid: try row.decode("id", as: UUID.self)),
                package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
                life: DeliveryLife(state: state, failures: Int(try row.decode("failures", as: Int32.self))),
                isStoppedBySeal: state == .held
                    && [.packageSealed, .malwareFound].contains(refusal.flatMap(Refusal.Code.init(rawValue:))),
                isRecalled: try row.decode("is_recalled", as: Bool.self),
                isSealedOtherwise: try row.decode("is_sealed_otherwise", as: Bool.self),
                document: PackageID(uuid: try row.decode("document_package_id", as: UUID.self)))
        }
        try connection.query(SealStatements.lockQueue, [.uuids(deliveries.map { $0.id.uuid })])
    }

    private static func find(_ anyID: String, _ connection: PostgresConnection) throws -> PackageID {
        let id = anyID.trimmingCharacters(in: .whitespaces)
        if let package = try? PackageID(parsing: id) {
            let found = try connection.query(SealStatements.byID, [.uuid(package.uuid)])
            if let row = found.first { return PackageID(uuid: try row.decode("id", as: UUID.self)) }
        }
        let found = try connection.query(
            SealStatements.byDocument, [.text(id.precomposedStringWithCanonicalMapping)]
        ).map { PackageID(uuid: try $0.decode("id", as: UUID.self)) }
        guard let document = found.first else { throw Refusal(.packageNotFound, id) }
        guard found.count == 1 else {
            throw Refusal(.registryInvalid, "\(id): \(found.map(\.description).joined(separator: ", ")), …")
        }
        return document
    }

    func current() throws -> SealReport.Seal? {
        try connection.query(SealStatements.current, [.uuid(document.uuid)]).first.map { row in
            SealReport.Seal(
                at: try row.decode("sealed_at"), actor: try row.decode("sealed_by"), reason: try row.decode("reason"),
                isOld: true)
        }
    }

    func seal(reason: String, actor: String, at now: Instant) throws {
        var statements = [added(SealReport.Seal(at: now, actor: actor, reason: reason, isOld: false))]
        var stopped = 0
        for delivery in deliveries {
            guard case .become(let held) = delivery.life.decide(.hold, isSeen: true) else { continue }
            statements.append(moved(delivery, to: held, .packageSealed, reason, at: now))
            statements.append((QueueStatements.park, [.uuid(delivery.id.uuid)]))
            statements.append(history(.deliveryHeld, delivery, reason, actor, at: now))
            stopped += 1
        }
        statements.append(history(.packageSealed, stopped: stopped, reason, actor, at: now))
        try run(statements)
    }

    /// The seal that takes the place of an operator's when that is taken off: whoever does it may know nothing of the malware
    /// that was found meanwhile. Nil: none.
    func following(_ old: SealReport.Seal, at now: Instant) throws -> SealReport.Seal? {
        guard old.actor != HistoryRow.hubActor else { return nil }
        let packages = Set(deliveries.filter { $0.document == document }.map { $0.package.uuid })
        let found = try connection.query(SealStatements.malware, [.uuids(Array(packages)), .uuid(document.uuid)])
        return try found.first.map { row in
            SealReport.Seal(
                at: now, actor: HistoryRow.hubActor,
                reason: SealReport.malware(try row.decode("detail", as: String.self)), isOld: false)
        }
    }

    func unseal(into next: SealReport.Seal?, reason: String, actor: String, at now: Instant) throws {
        try connection.query(SealStatements.end, [.uuid(document.uuid), .timestamptz(now)])
        var statements: [PostgresStatement] = []
        if let next {
            statements.append(history(.packageUnsealed, stopped: 0, reason, actor, at: now))
            statements.append(added(next))
            statements.append(history(.packageSealed, stopped: 0, next.reason, next.actor, at: now))
            return try run(statements)
        }
        let stopped = deliveries.filter { $0.isStoppedBySeal && !$0.isSealedOtherwise }
        // What else keeps one of them back, a scan for example, still does.
        let (free, _) = try KeptDeliveries(connection: connection).release(
            stopped.filter { !$0.isRecalled }.map { $0.id.uuid }, document: document, at: now)
        for delivery in stopped where delivery.isRecalled {
            // Held as ever, but no more for the seal's sake.
            statements.append(moved(delivery, to: delivery.life, nil, reason, at: now))
        }
        let released = Set(free.filter(\.isOnItsWay).map(\.delivery))
        for delivery in stopped where released.contains(delivery.id) {
            statements.append(history(.deliveryReleased, delivery, reason, actor, at: now))
        }
        let readable = deliveries.filter { !$0.isSealedOtherwise }
        statements.append(CollectionStatements.begin(.word, of: readable.map(\.id), at: now))
        statements.append(history(.packageUnsealed, stopped: released.count, reason, actor, at: now))
        try run(statements)
        try KeptDeliveries(connection: connection).releaseUpdates(ofDocument: document, at: now)
    }

    private func added(_ seal: SealReport.Seal) -> PostgresStatement {
        (
            SealStatements.add,
            [.uuid(document.uuid), .timestamptz(seal.at), .text(seal.actor), .text(seal.reason)]
        )
    }

    /// A document may have more recipients than one pipeline has room for.
    private func run(_ statements: [PostgresStatement]) throws {
        for start in stride(from: 0, to: statements.count, by: PostgresConnection.maxPipelineLength) {
            try connection.pipeline(
                Array(statements[start..<min(start + PostgresConnection.maxPipelineLength, statements.count)]))
        }
    }

    private func moved(
        _ delivery: Locked, to after: DeliveryLife, _ code: Refusal.Code?, _ reason: String, at now: Instant
    ) -> PostgresStatement {
        QueueStatements.move([DeliveryMove(id: delivery.id, after: after, at: now, code: code, detail: reason)])
    }

    private func history(
        _ event: HistoryRow.Event, _ delivery: Locked, _ reason: String, _ actor: String, at now: Instant
    ) -> PostgresStatement {
        HistoryRow.statement([
            HistoryRow(
                at: now, event: event, package: delivery.package, delivery: delivery.id, actor: actor,
                detail: ["reason": .string(reason), "seal": .string(document.description)])
        ])
    }

    private func history(
        _ event: HistoryRow.Event, stopped: Int, _ reason: String, _ actor: String, at now: Instant
    ) -> PostgresStatement {
        HistoryRow.statement([
            HistoryRow(
                at: now, event: event, package: document, actor: actor,
                detail: ["reason": .string(reason), "deliveries": .number(stopped)])
        ])
    }

    // MARK: Report

    func report(_ seal: SealReport.Seal?) throws -> SealReport {
        let packages = Set(deliveries.map(\.package) + [document])
        let results = try connection.pipeline([
            (SealStatements.document, [.uuid(document.uuid)]),
            (SealStatements.recipients, [.uuids(deliveries.map { $0.id.uuid })]),
            (SealStatements.reads, [.uuids(packages.map { $0.uuid })]),
        ])
        let row = try results[0].only()
        var reads: [DeliveryID?: [SealReport.Read]] = [:]
        for row in results[2] {
            let delivery = try row.decodeIfPresent("delivery_id", as: UUID.self).map(DeliveryID.init(uuid:))
            reads[delivery, default: []].append(
                SealReport.Read(
                    system: try row.decode("actor"), first: try row.decode("first"), last: try row.decode("last"),
                    count: Int(try row.decode("reads", as: Int64.self))))
        }
        return SealReport(
            hubName: try row.decode("hub_name"), document: try SealReport.Document(row: row), seal: seal,
            recipients: try results[1].map { row in
                let id = DeliveryID(uuid: try row.decode("id", as: UUID.self))
                return try SealReport.Recipient(row: row, id: id, reads: reads[id] ?? [])
            },
            senderReads: reads[nil] ?? [])
    }
}

extension SealReport.Document {
    fileprivate init(row: PostgresRow) throws {
        guard let kind = PackageKind(rawValue: try row.decode("kind")),
            let sha256 = SHA256Digest(bytes: try row.decode("sha256", as: [UInt8].self))
        else { throw Refusal(.internalError, "a package row is not of this version") }
        self.init(
            package: PackageID(uuid: try row.decode("id")), kind: kind, documentID: try row.decode("document_id"),
            codeNumber: try row.decodeIfPresent("code_number"), codeNotation: try row.decodeIfPresent("code_notation"),
            promulgationDate: try row.decodeIfPresent("promulgation_date"), sender: try row.decode("sender_written"),
            senderName: try row.decode("sender_name"),
            system: try row.decodeIfPresent("system_id", as: String.self).map { try SystemID(parsing: $0) },
            acceptedAt: try row.decode("accepted_at"), sha256: sha256)
    }
}

extension SealReport.Recipient {
    fileprivate init(row: PostgresRow, id: DeliveryID, reads: [SealReport.Read]) throws {
        guard let state = DeliveryState(rawValue: try row.decode("state")) else {
            throw Refusal(.internalError, "unknown delivery state")
        }
        let enteredAt = try row.decodeIfPresent("entered_at", as: Instant.self)
        let endpoint = try row.decodeIfPresent("url", as: String.self)
        let status = try row.decodeIfPresent("latest", as: String.self).flatMap(DocumentStatus.init(rawValue:))
        self.init(
            delivery: id, package: PackageID(uuid: try row.decode("package_id")),
            written: try row.decode("recipient_written"), name: try row.decodeIfPresent("name"), state: state,
            possession: .of(
                isFetched: try row.decode("was_fetched", as: Bool.self), isEntered: enteredAt != nil,
                isCarried: endpoint != nil, hasSpoken: status != nil),
            enteredAt: enteredAt, endpoint: endpoint, status: status,
            statusAt: try row.decodeIfPresent("latest_at"), reads: reads)
    }
}
