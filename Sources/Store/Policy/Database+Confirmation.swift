// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// Takes a sender's word on a document of its own that awaits it; on all of its recipients alike, but for those from
    /// whom it was recalled meanwhile.
    ///
    /// What is confirmed goes on its way, or waits for its scan. Updates that waited for the document follow it.
    /// - Parameters:
    ///   - package: the receipt's id.
    ///   - agencies: for which the system speaks.
    /// - Returns: how many deliveries it moved; none when the word was said before, or the operator was faster.
    /// - Throws: `Refusal`: `.documentFrozen` when it was recalled from all of them, `.packageSealed` when it is
    ///   sealed; `.packageNotFound`, the same whether there is no such id, it is somebody else's, or its sender
    ///   was never asked.
    public func take(
        _ word: SenderWord, on package: PackageID, description: String?, agencies: [AgencyKey], system: SystemID,
        request: RequestID, at now: Instant
    ) async throws -> Int {
        try await run { connection in
            try connection.transaction {
                try connection.query(QueueStatements.holdEndpoints)
                let mine = try connection.query(
                    ConfirmationStatements.document,
                    [.uuid(package.uuid), .int8s(agencies.map { $0.value })])
                guard let row = mine.first else { throw Refusal(.packageNotFound) }
                let document = PackageID(uuid: try row.decode("id", as: UUID.self))
                let results = try connection.pipeline([
                    (HoldStatements.lockScans, [.uuid(document.uuid)]),
                    (ConfirmationStatements.lock, [.uuid(document.uuid)]),
                ])
                let held = try results[1].map(AwaitedDelivery.init)
                if held.isEmpty {
                    guard try connection.query(ConfirmationStatements.wasAsked, [.uuid(document.uuid)]).isEmpty else {
                        return 0
                    }
                    throw Refusal(.packageNotFound)
                }
                let spoken = SpokenWord(
                    connection: connection, document: document, description: description, system: system,
                    request: request, now: now)
                switch word {
                case .confirm: return try spoken.confirm(held)
                case .decline: return try spoken.decline(held)
                }
            }
        }
    }
}

/// A delivery that awaits its sender's word, locked.
private struct AwaitedDelivery {
    let id: DeliveryID
    let package: PackageID
    let recipient: AgencyKey
    let life: DeliveryLife
    let isRecalled: Bool
    let isSealed: Bool

    init(_ row: PostgresRow) throws {
        id = DeliveryID(uuid: try row.decode("id", as: UUID.self))
        package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        recipient = AgencyKey(try row.decode("recipient_agency_id"))
        life = DeliveryLife(state: .held, failures: Int(try row.decode("failures", as: Int32.self)))
        isRecalled = try row.decode("is_recalled", as: Bool.self)
        isSealed = try row.decode("is_sealed", as: Bool.self)
    }
}

/// A sender's word, inside its transaction: some statements, however many recipients there are.
private struct SpokenWord {
    let connection: PostgresConnection
    let document: PackageID
    let description: String?
    let system: SystemID
    let request: RequestID
    let now: Instant

    func confirm(_ held: [AwaitedDelivery]) throws -> Int {
        guard !held.contains(where: \.isSealed) else { throw Refusal(.packageSealed, "\(document)") }
        let free = held.filter { !$0.isRecalled }
        guard !free.isEmpty else { throw Refusal(.documentFrozen, "\(document)") }
        for delivery in free { _ = try after(delivery, .release) }
        let (released, _) = try KeptDeliveries(connection: connection).release(
            free.map(\.id.uuid), document: document, at: now)
        try write(.deliveryConfirmedBySender, released.map { ($0.package, $0.delivery) })
        return released.count
    }

    /// What waits for it goes nowhere, either.
    func decline(_ held: [AwaitedDelivery]) throws -> Int {
        var moves: [DeliveryMove] = []
        for delivery in held {
            moves.append(DeliveryMove(id: delivery.id, after: try after(delivery, .withdraw), at: now))
        }
        let updates = try KeptDeliveries(connection: connection).lockUpdates(of: document, at: held.map(\.recipient))
        for update in updates {
            moves.append(DeliveryMove(id: update.id, after: try after(update.life, .withdraw, update.id), at: now))
        }
        try connection.pipeline([
            QueueStatements.move(moves), (QueueStatements.leave, [.uuids(moves.map(\.id.uuid))]),
        ])
        try write(.deliveryDeclinedBySender, held.map { ($0.package, $0.id) } + updates.map { ($0.package, $0.id) })
        return held.count
    }

    private func after(_ delivery: AwaitedDelivery, _ act: DeliveryLife.Act) throws -> DeliveryLife {
        try after(delivery.life, act, delivery.id)
    }

    private func after(_ life: DeliveryLife, _ act: DeliveryLife.Act, _ id: DeliveryID) throws -> DeliveryLife {
        // Held since it was accepted: nobody has seen it.
        guard case .become(let after) = life.decide(act, isSeen: false) else {
            throw Refusal(.confirmationConflict, id.description)
        }
        return after
    }

    private func write(_ event: HistoryRow.Event, _ deliveries: [(PackageID, DeliveryID)]) throws {
        let rows = deliveries.map { package, delivery in
            HistoryRow(
                at: now, event: event, package: package, delivery: delivery, actor: system.text, request: request,
                detail: ["description": .string(description ?? "")])
        }
        try connection.pipeline([HistoryRow.statement(rows)])
    }
}

enum ConfirmationStatements {
    /// Whether a delivery awaits its sender's word.
    static let isAwaited = HoldStatements.isHeld(for: .confirmationNeeded)

    /// The document of which the package is the first or a further one, if one of these agencies sent it.
    static let document = """
        SELECT coalesce(first_package_id, id) AS id FROM package WHERE id = $1 AND sender_agency_id = ANY ($2)
        """

    /// In the order of their ids.
    static let lock = """
        SELECT delivery.id, delivery.package_id, delivery.recipient_agency_id, delivery.failures,
            EXISTS (SELECT FROM recall WHERE recall.recipient_agency_id = delivery.recipient_agency_id
                AND recall.document_package_id = \(RecallStatements.carriedDocument)) AS is_recalled,
            \(SealStatements.isSealed(first: "delivery.document_package_id")) AS is_sealed
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.document_package_id = $1 AND \(isAwaited)
        ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
        """

    /// By whichever of its packages, and whoever has answered.
    static let wasAsked = """
        SELECT FROM history WHERE event = '\(HistoryRow.Event.deliveryHeld.rawValue)'
            AND package_id IN (SELECT package_id FROM delivery WHERE document_package_id = $1)
            AND detail ->> 'refusal' = '\(Refusal.Code.confirmationNeeded.rawValue)'
        LIMIT 1
        """

    /// Whether anything of a document awaits its sender's word.
    static func isAnyAwaited(document: String) -> String {
        "EXISTS (SELECT FROM delivery WHERE delivery.document_package_id = \(document) AND \(isAwaited))"
    }
}
