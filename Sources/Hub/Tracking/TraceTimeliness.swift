// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Store

/// What the rules about time say of the packages and deliveries in a trace.
struct TraceTimeliness {
    private let timeliness: Timeliness
    private let words: FirstWords
    private let now: Instant

    init(_ timeliness: Timeliness, words: FirstWords, now: Instant) {
        self.timeliness = timeliness
        self.words = words
        self.now = now
    }

    /// Nil for what is no document of its own.
    func sending(_ package: TraceRecords.Package) -> [TraceReport.Timeliness]? {
        guard package.kind.isKnownByDocumentID else { return nil }
        return timeliness.sending(
            promulgated: package.promulgationDate, urgency: package.urgency, accepted: package.acceptedAt
        ).map(TraceReport.Timeliness.init)
    }

    /// Nil before it has entered, for statuses, and for an instant beyond the calendar.
    func legal(_ delivery: TraceRecords.Delivery, of package: TraceRecords.Package) -> Instant? {
        guard package.kind != .status, let entered = delivery.enteredAt else { return nil }
        return try? timeliness.calendar.legalInstant(entered: entered)
    }

    /// Nil without a due date, and for what is no document of its own.
    func due(
        _ delivery: TraceRecords.Delivery, of package: TraceRecords.Package, said: StatusRecord?, recall: RecallOutcome?
    ) -> DueStanding? {
        guard package.kind.isKnownByDocumentID, let due = package.dueDate else { return nil }
        return .of(due: due, said: said, recall: recall, state: delivery.state, today: now.vietnamDate)
    }

    /// Nil before it has entered, and for what is no document of its own.
    func confirming(_ delivery: TraceRecords.Delivery, of package: TraceRecords.Package) -> TraceReport.Timeliness? {
        guard package.kind.isKnownByDocumentID, let entered = delivery.enteredAt else { return nil }
        let word = delivery.recipient.flatMap { words.of($0, on: package) }
        return TraceReport.Timeliness(timeliness.confirming(entered: entered, confirmed: word, now: now))
    }
}

/// When each recipient first said anything that shows that it has a document: one of 01 to 06, to the document's
/// sender.
struct FirstWords {
    /// Who said it, to whom, and of which document.
    private struct Key: Hashable {
        let recipient: AgencyKey
        let sender: AgencyKey
        /// Compared as Swift compares texts: canonical equivalents are equal.
        let document: String
    }

    private var instants: [Key: Instant] = [:]

    init(_ records: TraceRecords) {
        let told = Dictionary(grouping: records.deliveries, by: \.package)
        for package in records.packages where package.kind == .status {
            guard package.status?.progress != nil, [.applied, .repeated].contains(package.statusEffect) else {
                continue
            }
            for delivery in told[package.id] ?? [] {
                guard let sender = delivery.recipient else { continue }
                let key = Key(recipient: package.sender, sender: sender, document: package.documentID)
                instants[key] = min(instants[key] ?? package.acceptedAt, package.acceptedAt)
            }
        }
    }

    func of(_ recipient: AgencyKey, on package: TraceRecords.Package) -> Instant? {
        instants[Key(recipient: recipient, sender: package.sender, document: package.documentID)]
    }
}

extension TraceReport.Timeliness {
    init(_ finding: TimelinessFinding) {
        self.init(
            rule: finding.rule, verdict: finding.verdict, deadline: finding.deadline,
            downtimeSeconds: finding.downtime.components.seconds, reason: finding.reason)
    }
}
