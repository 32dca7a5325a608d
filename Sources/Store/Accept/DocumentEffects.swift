// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// What a package does to the document of which it speaks. Decides and writes it, inside the transaction that takes the
/// package and under the locks of `DocumentWord`.
///
/// That transaction holds `QueueStatements.holdEndpoints` as well, which who moves deliveries to successors must have alone:
/// what is read here of a delivery and its recipient stays so until the end.
struct DocumentEffects {
    let connection: PostgresConnection

    struct Effect {
        var status: StatusEffect?
        /// The document of which a recall or update speaks, where its sender has sent it through the hub.
        var about: PackageID?
        /// Recipients that do not get the package itself: what it takes back was withdrawn before they saw it.
        var unneeded: Set<AgencyKey> = []
        /// Recipients of whom no delivery is written: of several successors those that have nothing of the document, and who
        /// has nothing of it because it was redirected.
        var unwritten: Set<AgencyKey> = []
        /// For a recipient, those that get the package because what it was sent is theirs now.
        private(set) var followed: [AgencyKey: [AgencyKey]] = [:]
        /// Recipients who do not yet get the document that is updated: the update waits with it.
        var awaiting: Set<AgencyKey> = []

        /// - Parameters:
        ///   - isTold: whether the recipient itself gets it.
        ///   - others: who gets it besides, or in its place.
        fileprivate mutating func tell(_ recipient: AgencyKey, _ isTold: Bool, and others: [AgencyKey]) {
            if !others.isEmpty { followed[recipient] = others }
            guard !isTold else { return }
            if others.isEmpty { unneeded.insert(recipient) } else { unwritten.insert(recipient) }
        }

        /// The deliveries that are written of those that were planned.
        func written(_ planned: [NewDelivery], at now: Instant) -> [NewDelivery] {
            guard !unwritten.isEmpty || !followed.isEmpty else { return planned }
            var written: [NewDelivery] = []
            for delivery in planned {
                guard let recipient = delivery.recipient else {
                    written.append(delivery)
                    continue
                }
                if !unwritten.contains(recipient) { written.append(delivery) }
                for other in followed[recipient] ?? [] {
                    written.append(delivery.given(to: other, DeliveryID(at: now)))
                }
            }
            return written
        }
    }

    /// - Parameter deliveries: those of the package that are new.
    func apply(_ package: NewPackage, to deliveries: [NewDelivery]) throws -> Effect {
        let envelope = package.envelope
        let recipients = deliveries.compactMap(\.recipient)
        switch envelope.kind {
        case .document: return Effect()
        case .replacement: return Effect(status: try replaced(by: envelope))
        case .recall: return try recall(from: recipients, by: envelope)
        case .update: return try update(for: recipients, by: envelope)
        case .status:
            guard let claim = envelope.status else { return Effect() }
            // What the hub says of a delivery is not the recipient's word and moves nothing (house §4.9).
            guard envelope.system != nil else { return Effect(status: .hubNotice) }
            if claim.status.speaker == .sender { return try recall(from: recipients, by: envelope) }
            return Effect(status: try word(claim, envelope))
        }
    }

    // MARK: Taking back

    private func recall(from recipients: [AgencyKey], by envelope: Envelope) throws -> Effect {
        guard let document = try document(envelope.subjectOfChange ?? envelope.documentID, by: envelope) else {
            return Effect(status: .unknownDocument)
        }
        let holdings = try Holdings(of: document, envelope, recipients: recipients, connection)
        let concerned = Array(Set(holdings.holders.joined()))
        let known = try connection.query(RecallStatements.known, [.uuid(document.uuid), .agencies(concerned)])
        var outcomes: [AgencyKey: RecallOutcome] = [:]
        for row in known {
            outcomes[AgencyKey(try row.decode("recipient_agency_id"))] = RecallOutcome(
                rawValue: try row.decode("outcome"))
        }
        let sent = try lock(document, concerned)
        var effect = Effect(about: document)
        var decisions: [RecallDecision] = []
        for (index, recipient) in recipients.enumerated() {
            // Whoever has what is meant; for a document that went to none of them, the one who is named.
            var holders = holdings.holders[index].filter { sent[$0] != nil || outcomes[$0] != nil }
            if holdings.isElsewhere(index, holders) {
                effect.unwritten.insert(recipient)
                continue
            }
            holders = holdings.own(index, holders)
            if holders.isEmpty { holders = [recipient] }
            var told: [AgencyKey] = []
            for holder in holders {
                let deliveries = sent[holder] ?? []
                let decision = RecallDecision.decide(known: outcomes[holder], deliveries: deliveries.map(\.seen))
                decisions.append(decision)
                if decision.isDelivered { told.append(holder) }
                guard let outcome = decision.outcome else { continue }
                try withdraw(deliveries, by: envelope)
                try add(outcome, document, holder, deliveries, envelope)
                outcomes[holder] = outcome
            }
            effect.tell(
                recipient, told.contains { !holdings.isAstray($0, of: index) }, and: holdings.followed(index, told))
        }
        effect.status = RecallDecision.effect(of: decisions)
        return effect
    }

    private func add(
        _ outcome: RecallOutcome, _ document: PackageID, _ recipient: AgencyKey, _ deliveries: [LockedDelivery],
        _ envelope: Envelope
    ) throws {
        var statements: [PostgresStatement] = [
            (
                RecallStatements.add,
                [
                    .uuid(document.uuid), .int8(recipient.value), .uuid(envelope.id.uuid), .text(outcome.rawValue),
                    .timestamptz(envelope.acceptedAt),
                ]
            )
        ]
        if outcome == .owed {
            statements.append(
                history(.recallAsked, document, deliveries.first?.id, envelope))
            statements.append(
                CollectionStatements.begin(.cancellation, of: deliveries.prefix(1).map(\.id), at: envelope.acceptedAt))
        }
        try connection.pipeline(statements)
    }

    /// Withdraws those that nobody has seen.
    private func withdraw(_ deliveries: [LockedDelivery], by envelope: Envelope) throws {
        var statements: [PostgresStatement] = []
        for delivery in deliveries {
            guard case .become(let after) = delivery.seen.life.decide(.withdraw, isSeen: delivery.seen.isSeen) else {
                continue
            }
            statements += moved(delivery, to: after, at: envelope.acceptedAt)
            statements.append(
                history(
                    .deliveryWithdrawn, delivery.package, delivery.id, envelope))
        }
        guard !statements.isEmpty else { return }
        try connection.pipeline(statements)
    }

    /// An update takes the document back from recipients that it removes and that have not seen it. The others read in
    /// the update that they were removed: only a recall obliges them to cancel it.
    private func update(for recipients: [AgencyKey], by envelope: Envelope) throws -> Effect {
        guard let subject = envelope.subjectOfChange, let document = try document(subject, by: envelope) else {
            return Effect(status: .unknownDocument)
        }
        let holdings = try Holdings(
            of: document, envelope, recipients: recipients, and: envelope.receivers.removed, connection)
        let sent = try lock(document, Array(Set(holdings.holders.joined())))
        var effect = Effect(about: document)
        var taken: Set<AgencyKey> = []
        for removed in holdings.holders.dropFirst(recipients.count) {
            let deliveries = removed.flatMap { sent[$0] ?? [] }
            guard RecallDecision.decide(known: nil, deliveries: deliveries.map(\.seen)) == .withdrawn else { continue }
            try withdraw(deliveries, by: envelope)
            taken.formUnion(removed)
        }
        for (index, recipient) in recipients.enumerated() where !envelope.receivers.added.contains(recipient) {
            let holders = holdings.holders[index].filter { sent[$0] != nil }
            let own = holdings.own(index, holders)
            if holdings.isElsewhere(index, holders) {
                effect.unwritten.insert(recipient)
            } else if !own.isEmpty {
                let told = own.filter { !taken.contains($0) }
                effect.tell(
                    recipient, told.contains { !holdings.isAstray($0, of: index) }, and: holdings.followed(index, told))
            }
        }
        for (index, recipient) in recipients.enumerated() {
            for holder in holdings.holders[index] where sent[holder]?.contains(where: \.isKept) == true {
                effect.awaiting.insert(holdings.isAstray(holder, of: index) ? holder : recipient)
            }
        }
        let isNew = recipients.contains(where: envelope.receivers.added.contains)
        effect.status = !sent.isEmpty || isNew ? .applied : .notARecipient
        return effect
    }

    private func replaced(by envelope: Envelope) throws -> StatusEffect {
        for link in envelope.links where link.relation == .replaces {
            if try document(link.documentID, by: envelope) != nil { return .applied }
        }
        return .unknownDocument
    }

    // MARK: Words

    /// A recipient's word to the document's sender.
    private func word(_ claim: Envelope.StatusClaim, _ envelope: Envelope) throws -> StatusEffect {
        let targets = try targets(of: claim, envelope)
        guard let first = targets.first else { return .unknownDocument }
        guard first.delivery != nil else { return .notARecipient }
        let (target, holder) = (first.row, first.holder)
        let document = PackageID(uuid: try target.decode("document", as: UUID.self))
        var isAnswer = false
        var heard: [PostgresStatement] = []
        // Who answers for several that had the document answers for each.
        for each in targets {
            guard let delivery = each.delivery else { continue }
            let own = Envelope.StatusClaim(
                status: claim.status, description: claim.description, owner: claim.owner, recipient: each.holder)
            if try answer(each.row, document, delivery, own, envelope) { isAnswer = true }
            guard DocumentStatus.owesReason(claim.status, hasReason: claim.description != nil) else {
                heard.append(CollectionStatements.heard(delivery, [.word, .reason], at: envelope.acceptedAt))
                continue
            }
            heard.append(CollectionStatements.heard(delivery, [.word], at: envelope.acceptedAt))
            heard.append(CollectionStatements.begin(.reason, of: [delivery], at: envelope.acceptedAt))
        }
        let before = try target.decodeIfPresent("latest", as: String.self).flatMap(DocumentStatus.init(rawValue:)).map {
            latest in
            StatusRecord(
                latest: latest,
                furthest: try target.decodeIfPresent("furthest", as: String.self).flatMap(
                    DocumentStatus.init(rawValue:)))
        }
        // The same word again says something new where it gives the reason that the first one lacked.
        let hadReason = try target.decodeIfPresent("latest_description", as: String.self) != nil
        let givesReason =
            DocumentStatus.owesReason(before?.latest, hasReason: hadReason)
            && !DocumentStatus.owesReason(claim.status, hasReason: claim.description != nil)
        if before?.latest == claim.status, !givesReason { return isAnswer ? .applied : .repeated }
        let after = StatusRecord.after(before, saying: claim.status)
        try write(
            [
                (
                    AcceptStatements.applyStatus,
                    [
                        .uuid(document.uuid), .int8(holder.value), .text(after.latest.rawValue),
                        .optional(claim.description) { .text($0) }, .timestamptz(envelope.acceptedAt),
                        .uuid(envelope.id.uuid), .optional(after.furthest) { .text($0.rawValue) },
                    ]
                )
            ] + heard, by: envelope)
        return .applied
    }

    /// A document of which a word speaks, at one agency.
    private struct Target {
        let row: PostgresRow
        let holder: AgencyKey
        /// What brought the document there; nil where nothing did.
        let delivery: DeliveryID?
    }

    /// The document of which a word speaks, at each of the speaker's family that has it; where none has, at the speaker.
    private func targets(of claim: Envelope.StatusClaim, _ envelope: Envelope) throws -> [Target] {
        let identity = PostgresValue.text(Envelope.identity(envelope.documentID))
        for owner in envelope.family(of: claim.owner) {
            var found: [Target] = []
            for holder in envelope.family(of: claim.recipient) {
                let rows = try connection.query(
                    AcceptStatements.statusTarget, [.int8(owner.value), identity, .int8(holder.value)])
                guard let row = rows.first else { continue }
                found.append(Target(row: row, holder: holder, delivery: try delivery(of: row, to: holder)))
            }
            guard !found.isEmpty else { continue }
            let held = found.filter { $0.delivery != nil }
            return held.isEmpty ? found : held
        }
        return []
    }

    /// The document's own delivery, or that of the first update which brought it to a recipient that was added.
    private func delivery(of target: PostgresRow, to holder: AgencyKey) throws -> DeliveryID? {
        if let own = try target.decodeIfPresent("delivery", as: UUID.self) { return DeliveryID(uuid: own) }
        let updates = try connection.query(
            RecallStatements.firstUpdate, [.uuid(try target.decode("document", as: UUID.self)), .int8(holder.value)])
        return try updates.first.map { DeliveryID(uuid: try $0.decode("id", as: UUID.self)) }
    }

    /// Takes 15 or 16 as the answer to a recall.
    ///
    /// - Returns: whether there was one to be answered.
    private func answer(
        _ target: PostgresRow, _ document: PackageID, _ delivery: DeliveryID, _ claim: Envelope.StatusClaim,
        _ envelope: Envelope
    ) throws -> Bool {
        let known = try target.decodeIfPresent("recalled", as: String.self).flatMap(RecallOutcome.init(rawValue:))
        guard let after = known?.answered(claim.status) else { return false }
        var statements: [PostgresStatement] = [
            (
                RecallStatements.answer,
                [
                    .uuid(document.uuid), .int8(claim.recipient.value), .text(after.rawValue), .uuid(envelope.id.uuid),
                    .timestamptz(envelope.acceptedAt),
                ]
            ),
            history(
                after == .cancelled ? .recallAgreed : .recallDeclined, document, delivery, envelope),
        ]
        if after == .cancelled {
            statements.append(CollectionStatements.heard(delivery, [.cancellation], at: envelope.acceptedAt))
            // Whoever cancels it has it: nothing of it stays in the list or on its way.
            for sent in try lock(document, [claim.recipient]).values.joined() {
                guard case .become(let entered) = sent.seen.life.decide(.done) else { continue }
                statements += moved(sent, to: entered, at: envelope.acceptedAt)
                statements.append(
                    history(
                        .deliveryDelivered, sent.package, sent.id, envelope))
            }
        }
        try write(statements, by: envelope)
        return true
    }

    // MARK: Rows

    /// A delivery under its lock.
    private struct LockedDelivery {
        let id: DeliveryID
        let package: PackageID
        let seen: SeenDelivery
        /// Its recipient learns nothing of it yet.
        let isKept: Bool
    }

    /// A document of the package's sender, or of one whose documents are its own now.
    private func document(_ id: DocumentID, by envelope: Envelope) throws -> PackageID? {
        for owner in envelope.family(of: envelope.sender) {
            let found = try connection.query(
                RecallStatements.document, [.int8(owner.value), .text(Envelope.identity(id))])
            if let row = found.first { return PackageID(uuid: try row.decode("package_id", as: UUID.self)) }
        }
        return nil
    }

    /// Locks what was sent of a document to these recipients: the deliveries in the order of their ids, their rows in the
    /// queue after them. Without what the hub could give to nobody.
    private func lock(_ document: PackageID, _ recipients: [AgencyKey]) throws -> [AgencyKey: [LockedDelivery]] {
        let found = try connection.query(
            RecallStatements.lockDeliveries, [.uuid(document.uuid), .agencies(recipients)])
        guard !found.isEmpty else { return [:] }
        let ids = PostgresValue.uuids(try found.map { try $0.decode("id", as: UUID.self) })
        let about = try connection.pipeline([
            (RecallStatements.lockQueue, [ids]), (RecallStatements.carried, [ids]),
            (RecallStatements.spoken, [.uuid(document.uuid), .agencies(recipients)]),
        ])
        var carried = Set(try about[1].map { try $0.decode("delivery_id", as: UUID.self) })
        for row in about[0] where try row.decodeIfPresent("node", as: UUID.self) != nil {
            carried.insert(try row.decode("delivery_id", as: UUID.self))
        }
        // Who has said anything of the document has it, by whatever way it came.
        let spoken = Set(try about[2].map { AgencyKey(try $0.decode("recipient_agency_id")) })
        var sent: [AgencyKey: [LockedDelivery]] = [:]
        for row in found {
            guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)) else {
                throw Refusal(.internalError, "unknown delivery state")
            }
            guard state != .undeliverable else { continue }
            let id = try row.decode("id", as: UUID.self)
            let recipient = AgencyKey(try row.decode("recipient_agency_id"))
            let wasFetched = try row.decode("was_fetched", as: Bool.self)
            sent[recipient, default: []].append(
                LockedDelivery(
                    id: DeliveryID(uuid: id), package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
                    seen: SeenDelivery(
                        life: DeliveryLife(
                            state: state, failures: Int(try row.decode("failures", as: Int32.self)),
                            hasEntered: try row.decode("has_entered", as: Bool.self)),
                        isSeen: wasFetched || carried.contains(id) || spoken.contains(recipient)),
                    isKept: try row.decode("is_kept", as: Bool.self)))
        }
        return sent
    }

    /// Writes, and then what the history says of alerts that were ended by it.
    private func write(_ statements: [PostgresStatement], by envelope: Envelope) throws {
        let closed = try CollectionStatements.closed(try connection.pipeline(statements), by: envelope)
        if !closed.isEmpty { try connection.pipeline([HistoryRow.statement(closed)]) }
    }

    private func moved(_ delivery: LockedDelivery, to after: DeliveryLife, at now: Instant) -> [PostgresStatement] {
        [
            QueueStatements.move([DeliveryMove(id: delivery.id, after: after, at: now)]),
            (QueueStatements.leave, [.uuids([delivery.id.uuid])]),
        ]
    }

    private func history(
        _ event: HistoryRow.Event, _ package: PackageID, _ delivery: DeliveryID?, _ envelope: Envelope
    ) -> PostgresStatement {
        HistoryRow.statement([
            HistoryRow(
                at: envelope.acceptedAt, event: event, package: package, delivery: delivery,
                actor: envelope.system?.text ?? HistoryRow.hubActor, request: envelope.requestID,
                detail: ["by": .string("\(envelope.id)")])
        ])
    }
}

extension PostgresValue {
    fileprivate static func agencies(_ keys: [AgencyKey]) -> PostgresValue { .int8s(keys.map { $0.value }) }
}
