// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import Trust

/// Who gets a package, decided from its header, the registry and the day: pure.
struct AcceptancePlan: Equatable {
    struct Recipient: Equatable {
        /// The identifier as the package has it.
        let written: String
        let destination: Routing.Destination
        /// Further identifiers in the package that lead there.
        var also: [String] = []
        /// One of several that have taken the place of the agency named, beside the one to which its matters go.
        var isFurther = false
    }

    let kind: PackageKind
    let sender: AgencyKey
    /// At least one of them is an agency.
    let recipients: [Recipient]

    /// The recipients that get nothing, for the receipt.
    var refused: [Receipt.RefusedRecipient] {
        recipients.compactMap { recipient in
            guard case .none(let refusal) = recipient.destination else { return nil }
            return Receipt.RefusedRecipient(written: recipient.written, refusal: refusal)
        }
    }

    /// The recipients of whom the sender must be told: those that get nothing, and all others when the package is held.
    func untold(hold: Refusal?) -> [Receipt.RefusedRecipient] {
        guard let hold else { return refused }
        return refused
            + recipients.compactMap { recipient in
                guard case .agency = recipient.destination, !recipient.isFurther else { return nil }
                return Receipt.RefusedRecipient(written: recipient.written, refusal: hold)
            }
    }

    /// What the sender should change although the package is taken.
    let warnings: [IntakeWarning]

    /// - Parameter now: when it is decided; nil: when the package began to come.
    /// - Throws: `Refusal` when the package cannot be taken at all: not this system's agency, wrong list, a closed
    ///   sender, nobody left to deliver to.
    init(
        _ header: PackageHeader, for submission: Submission, registry: RegistrySnapshot, at now: Instant? = nil
    ) throws(Refusal) {
        let now = now ?? submission.receivedAt
        let kind = PackageKind(header)
        guard kind.messageType == submission.messageType else {
            throw Refusal(.kindMismatch, "messagetype=\(submission.messageType.rawValue), package=\(kind.rawValue)")
        }
        let sender = try Self.sender(header.from, submission, registry, at: now)
        var warnings: [IntakeWarning] = []
        if kind != .status, !sender.isOpen(at: now) {
            let present = registry.successors(of: sender.key, at: now).compactMap { registry.agency($0)?.code }
            guard sender.hasEnded(by: now), let until = sender.toleratedUntil, now < until else {
                let named = present.prefix(Routing.maxNamed).map(\.text).joined(separator: ", ")
                throw Refusal(.senderClosed, present.isEmpty ? sender.code.text : "\(sender.code) → \(named)")
            }
            warnings.append(.senderClosed(sender.code, successors: present, until: until))
        }
        let written = try Self.narrowed(header.recipientsWritten, by: submission.narrowedTo, registry)
        var all = written.map { name in
            Recipient(
                written: name, destination: Routing.destination(of: name, in: registry, at: now, matter: kind.matter))
        }
        if header.changesDocument {
            for name in written {
                all += Routing.further(of: name, in: registry, at: now).map {
                    Recipient(written: name, destination: .agency($0), isFurther: true)
                }
            }
        }
        let recipients = Self.unique(all)
        for recipient in recipients {
            guard case .agency(let key) = recipient.destination, let agency = registry.agency(key),
                registry.agency(named: recipient.written)?.key != key
            else { continue }
            warnings.append(.recipientMoved(recipient.written, to: agency.code))
        }
        guard recipients.contains(where: { if case .agency = $0.destination { true } else { false } }) else {
            throw Self.nobody(recipients)
        }
        self.kind = kind
        self.sender = sender.key
        self.recipients = recipients
        self.warnings = warnings
    }

    private static func sender(
        _ from: Organization, _ submission: Submission, _ registry: RegistrySnapshot, at now: Instant
    ) throws(Refusal) -> AgencyRecord {
        // One answer for "not registered" and "registered to another system": nobody learns who else is here.
        guard let claimed = registry.agency(named: submission.from.text),
            registry.speaks(submission.system, for: claimed.key)
                || registry.answered(by: submission.system, at: now).contains(claimed.key)
        else { throw Refusal(.senderNotYours, submission.from.text) }
        guard registry.agency(named: from.organID)?.key == claimed.key else {
            throw Refusal(.senderNotYours, "From/OrganId \(from.organID), from \(submission.from.text)")
        }
        return claimed
    }

    private static func narrowed(
        _ written: [String], by narrowing: [String]?, _ registry: RegistrySnapshot
    ) throws(Refusal) -> [String] {
        guard let narrowing, !narrowing.isEmpty else { return written }
        /// An agency by its key, a name that the registry does not know by its text.
        func identity(_ name: String) -> String { registry.agency(named: name).map { "\($0.key.value)" } ?? "?\(name)" }
        let addressed = Set(written.map(identity))
        for name in narrowing where !addressed.contains(identity(name)) {
            throw Refusal(.recipientNotAddressed, name)
        }
        let wanted = Set(narrowing.map(identity))
        return written.filter { wanted.contains(identity($0)) }
    }

    /// One recipient once, however many of its names the package has; the first written stands. Further ones come last.
    private static func unique(_ recipients: [Recipient]) -> [Recipient] {
        var places: [AgencyKey: Int] = [:]
        var names: Set<String> = []
        var unique: [Recipient] = []
        for recipient in recipients {
            switch recipient.destination {
            case .agency(let key):
                if let place = places[key] {
                    // What is said to an agency that is named itself is said to it as such.
                    if recipient.isFurther, !unique[place].isFurther { continue }
                    unique[place].also.append(recipient.written)
                    continue
                }
                places[key] = unique.count
            case .none: guard names.insert(recipient.written).inserted else { continue }
            }
            unique.append(recipient)
        }
        return unique
    }

    private static func nobody(_ recipients: [Recipient]) -> Refusal {
        let reasons = recipients.compactMap { recipient -> Refusal? in
            if case .none(let refusal) = recipient.destination { refusal } else { nil }
        }
        // A single reason speaks for itself, with its own ErrorCode; several are listed.
        if reasons.count == 1, let only = reasons.first { return only }
        return Refusal(.recipientNone, reasons.map(\.description).joined(separator: "; "))
    }
}

extension PackageKind {
    init(_ header: PackageHeader) {
        switch header {
        case .status: self = .status
        case .document(let document):
            switch document.kind {
            case .new: self = .document
            case .recall: self = .recall
            case .update: self = .update
            case .replacement: self = .replacement
            }
        }
    }
}

extension PackageKind {
    /// What its recipients are wanted for.
    var matter: RegistrySnapshot.Matter {
        switch self {
        case .document, .replacement: .newDocument
        case .status, .recall, .update: .knownDocument
        }
    }
}

extension PackageHeader {
    /// Whether it takes a document back or changes it, wherever that has come meanwhile.
    var changesDocument: Bool {
        switch self {
        case .document(let document): document.kind == .recall || document.kind == .update
        case .status(let status): status.status == .recallRequested
        }
    }

    /// The identifiers to which the package goes; for a status, whom it answers.
    var recipientsWritten: [String] {
        switch self {
        case .document(let document): document.to.map(\.organID)
        case .status(let status): [status.responseFor.organID]
        }
    }
}
