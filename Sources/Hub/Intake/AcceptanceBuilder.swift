// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import Trust

/// Turns a package that was read to its end, and the plan for it, into the value that the store commits.
struct AcceptanceBuilder {
    let submission: Submission
    let registry: RegistrySnapshot
    /// When the package had come to its end.
    let acceptedAt: Instant

    typealias Judged = (policy: ActivatedPolicy, judgement: PolicyJudgement)

    /// What the policy makes of a package; nil for one that no policy judges.
    ///
    /// - Throws: `Refusal` when it may not be taken.
    static func judge(
        _ reading: PackageReading, _ header: PackageHeader, sender: AgencyKey, for submission: Submission,
        registry: RegistrySnapshot
    ) throws(Refusal) -> Judged? {
        guard case .document(let document) = header else { return nil }
        // By the instant of the request: a change while it comes in does not divide it.
        let policy = registry.policy(at: submission.receivedAt)
        let binds = registry.agency(sender).map { registry.isBound($0, by: policy.profile) } ?? false
        return (policy, try PolicyJudgement(reading, document, policy: policy, binds: binds))
    }

    /// - Parameter judged: what `judge` has said by the same registry.
    /// - Throws: `Refusal(.internalError)` when the hub has no entry of its own to speak with.
    func acceptance(
        of reading: PackageReading, header: PackageHeader, meaning: SHA256Digest, sha256: SHA256Digest,
        plan: AcceptancePlan, judged: Judged?, content: NewContent
    ) throws(Refusal) -> Acceptance {
        var envelope = Envelope(
            id: PackageID(at: acceptedAt), kind: plan.kind, sender: plan.sender,
            senderWritten: header.from.organID, system: submission.system, documentID: header.documentID,
            signature: reading.signature.rawValue, sha256: sha256, meaning: meaning,
            acceptedAt: acceptedAt, requestID: submission.request)
        envelope.policy = judged?.policy
        let warnings = reading.warningCodes + (judged?.judgement.warnings ?? []) + Set(plan.warnings.map(\.code))
        envelope.warnings = warnings.sorted()
        envelope.kin = kin(plan)
        if header.changesDocument { envelope.addressees = addressees(plan) }
        envelope.attachments = reading.attachments.map { attachment in
            Envelope.Attachment(
                name: attachment.name ?? attachment.contentID, declaredType: attachment.declaredType,
                detectedType: attachment.detectedType.rawValue, length: attachment.decodedBytes,
                sha256: attachment.sha256)
        }
        switch header {
        case .document(let document): describe(document, in: &envelope)
        case .status(let status): describe(status, plan: plan, in: &envelope)
        }
        if judged?.judgement.isConfidential == true { envelope.forgetWords() }
        let hold = judged?.judgement.hold
        envelope.awaitsScan = awaitsScan(reading)
        let first = hold ?? (envelope.awaitsScan ? Refusal(.malwareScanPending) : nil)
        var deliveries: [NewDelivery] = []
        for (position, recipient) in plan.recipients.enumerated() {
            // Ids that grow with the position: lists and traces keep the order in which the package names them.
            let order = acceptedAt.advanced(by: .microseconds(position))
            deliveries.append(delivery(to: recipient, hold: first, order))
        }
        let refused = plan.untold(hold: hold)
        let notice =
            refused.isEmpty
            ? nil : try HubNotice(about: refused, of: HubNotice.Subject(envelope), registry: registry).package
        return Acceptance(
            registryVersion: registry.version,
            package: NewPackage(envelope: envelope, content: content, deliveries: deliveries), notice: notice)
    }

    /// Whoever sends it: the rule guards those who receive.
    private func awaitsScan(_ reading: PackageReading) -> Bool {
        registry.policy(at: submission.receivedAt).profile.malwareScan != nil
            && reading.attachments.contains { $0.decodedBytes > 0 }
    }

    /// Of the sender: those whose place it has taken, and of those that have taken its own the ones for which the system
    /// that sends speaks. Of the recipients: those whose place they have taken, and who took that of the one named.
    private func kin(_ plan: AcceptancePlan) -> [AgencyKey: [AgencyKey]] {
        var kin: [AgencyKey: [AgencyKey]] = [:]
        func add(_ others: [AgencyKey], to key: AgencyKey) {
            for other in others where other != key && kin[key]?.contains(other) != true {
                kin[key, default: []].append(other)
            }
        }
        add(registry.predecessors(of: plan.sender, at: acceptedAt), to: plan.sender)
        add(
            registry.successors(of: plan.sender, at: acceptedAt).filter { registry.speaks(submission.system, for: $0) },
            to: plan.sender)
        for recipient in plan.recipients {
            guard case .agency(let key) = recipient.destination else { continue }
            add(registry.predecessors(of: key, at: acceptedAt), to: key)
            guard let named = registry.agency(named: recipient.written)?.key else { continue }
            add([named] + registry.successors(of: named, at: acceptedAt), to: key)
        }
        return kin
    }

    /// Whom the recipients of a recall or update stand for, by all the names in it that lead to them.
    private func addressees(_ plan: AcceptancePlan) -> [AgencyKey: Envelope.Addressee] {
        var addressees: [AgencyKey: Envelope.Addressee] = [:]
        for recipient in plan.recipients {
            guard case .agency(let key) = recipient.destination else { continue }
            let named = ([recipient.written] + recipient.also).compactMap { registry.agency(named: $0)?.key }
            addressees[key] = addressee(named, isFurther: recipient.isFurther)
        }
        return addressees
    }

    private func addressee(_ named: [AgencyKey], isFurther: Bool = false) -> Envelope.Addressee {
        var addressee = Envelope.Addressee(named: [], holders: [], isFurther: isFurther)
        for key in named where !addressee.named.contains(key) {
            addressee.named.append(key)
            for holder in [key] + registry.predecessors(of: key, at: acceptedAt)
            where !addressee.holders.contains(holder) { addressee.holders.append(holder) }
        }
        return addressee
    }

    private func describe(_ document: DocumentHeader, in envelope: inout Envelope) {
        envelope.codeNumber = document.codeNumber
        envelope.codeNotation = document.codeNotation
        envelope.promulgationDate = document.promulgationDate
        envelope.documentType = document.type
        envelope.typeName = document.typeName
        envelope.subject = document.subject
        envelope.signerPosition = document.signer.position
        envelope.signerName = document.signer.fullName
        envelope.dueDate = document.dueDate
        envelope.urgency = document.urgency ?? .normal
        envelope.links = links(of: document)
        if document.kind == .update { envelope.receivers = receivers(of: document) }
    }

    private func receivers(of update: DocumentHeader) -> Envelope.ReceiverChanges {
        var changes = Envelope.ReceiverChanges()
        for receiver in update.business?.receivers ?? [] {
            guard let agency = registry.agency(named: receiver.organID) else { continue }
            switch receiver.type {
            case 0: changes.removed.append(addressee([agency.key]))
            case 1:
                if case .agency(let present) = registry.heir(of: agency, in: .knownDocument, at: acceptedAt) {
                    changes.added.append(present)
                }
            default: break
            }
        }
        return changes
    }

    private func links(of document: DocumentHeader) -> [Envelope.Link] {
        var links: [Envelope.Link] = []
        if let subject = document.subjectOfChange {
            links.append(Envelope.Link(relation: document.kind == .recall ? .recalls : .updates, documentID: subject))
        }
        if document.kind == .replacement {
            for replacement in document.business?.replacements ?? [] {
                guard let id = replacement.documentID else { continue }
                links.append(Envelope.Link(relation: .replaces, documentID: id, agencies: replacement.organIDs))
            }
        }
        for answered in document.responseFor {
            guard let id = answered.documentID else { continue }
            links.append(
                Envelope.Link(relation: .respondsTo, documentID: id, agencies: answered.organID.map { [$0] } ?? []))
        }
        return links
    }

    private func describe(_ status: StatusHeader, plan: AcceptancePlan, in envelope: inout Envelope) {
        // "7816/VPCP-TTĐT" in one string; the number never holds a '/'.
        let code = status.responseFor.code?.split(separator: "/", maxSplits: 1).map(String.init) ?? []
        envelope.codeNumber = code.first
        envelope.codeNotation = code.count > 1 ? code[1] : nil
        guard case .agency(let other)? = plan.recipients.first?.destination else { return }
        let speaksAsReceiver = status.status.speaker == .receiver
        envelope.status = Envelope.StatusClaim(
            status: status.status, description: status.description,
            owner: speaksAsReceiver ? other : plan.sender, recipient: speaksAsReceiver ? plan.sender : other)
    }

    private func delivery(
        to recipient: AcceptancePlan.Recipient, hold: Refusal?, _ order: Instant
    ) -> NewDelivery {
        let outcome: NewDelivery.Outcome =
            switch recipient.destination {
            case .agency(let key): hold.map { .held(key, $0) } ?? .waiting(key)
            case .none(let refusal): .undeliverable(refusal)
            }
        return NewDelivery(id: DeliveryID(at: order), written: recipient.written, outcome: outcome)
    }
}

extension Envelope {
    /// Leaves out what the record must not keep of something that may not travel: the subject, the type's name and the
    /// names of files.
    fileprivate mutating func forgetWords() {
        subject = nil
        typeName = nil
        attachments = attachments.enumerated().map { index, file in
            Attachment(
                name: "tệp \(index + 1)", declaredType: file.declaredType, detectedType: file.detectedType,
                length: file.length, sha256: file.sha256)
        }
    }
}

extension Acceptance {
    /// Why its deliveries are held until its sender has said something.
    var hold: Refusal? {
        for delivery in package.deliveries {
            if case .held(_, let refusal) = delivery.outcome, refusal.code == .confirmationNeeded { return refusal }
        }
        return nil
    }
}
