// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The life of an alert about what a recipient owes and does not give: fetched is not received, a recalled document is to be
/// cancelled, a return is to say why. Pure.
public struct CollectionAlert: Equatable, Sendable {
    /// How long an alert stays open at most. Some systems never send a status; what is a month old is nobody's alarm. A
    /// cancellation is owed for ever.
    public static let lifetime = Duration.seconds(30 * 86_400)
    /// How long one that is over is kept for whoever looks at the table; the history keeps what it said for ever.
    public static let remembrance = Duration.seconds(30 * 86_400)
    /// How long a delivery that is stopped or given up, of which its sender is told otherwise, is let alone.
    public static let pause = Duration.seconds(3_600)

    /// What the recipient owes. The raw value is the column `collection_alert.duty`.
    public enum Duty: String, CaseIterable, Sendable, Codable {
        /// Any word about the document (NĐ 30/2020/NĐ-CP Điều 21.2.c).
        case word
        /// That it cancels the recalled document, said with 15 (QĐ 28/2018/QĐ-TTg Điều 9.2).
        case cancellation
        /// Why it has returned the document (QĐ 28/2018/QĐ-TTg Điều 5.4).
        case reason
    }

    /// Who is alerted. The raw value is the column `collection_alert.step`.
    public enum Step: String, CaseIterable, Sendable, Codable {
        /// Nobody yet.
        case watched
        /// The recipient, and the sender.
        case agency
        /// The agency above the recipient.
        case superior
        /// The hub's operator.
        case hub = "operator"
    }

    /// Why an alert is over. The raw value is the column `collection_alert.ending`.
    public enum Ending: String, CaseIterable, Sendable, Codable {
        /// The recipient has given what it owed.
        case heard
        /// The document was recalled or withdrawn; what is owed then is another duty.
        case recalled
        /// `lifetime` is over.
        case tooOld = "too-old"
    }

    /// How things stand: what the alert says of it.
    public enum Stage: String, CaseIterable, Sendable, Codable {
        case notFetched = "not-fetched"
        case fetched
        /// Confirmed, or taken by the endpoint.
        case entered
        /// Asked to cancel, and silent.
        case recallUnanswered = "recall-unanswered"
        /// Asked to cancel, and answered 16.
        case recallDeclined = "recall-declined"
        case returnedWithoutReason = "returned-without-reason"

        public init(of duty: Duty, state: DeliveryState, isFetched: Bool, recall: RecallOutcome?) {
            switch duty {
            case .word: self = state == .delivered ? .entered : isFetched ? .fetched : .notFetched
            case .cancellation: self = recall == .declined ? .recallDeclined : .recallUnanswered
            case .reason: self = .returnedWithoutReason
            }
        }
    }

    /// What is known of the delivery now.
    public struct Facts: Equatable, Sendable {
        public let state: DeliveryState
        /// The recipient's latest word.
        public let said: DocumentStatus?
        /// Whether that word came with words of its own.
        public let hasReason: Bool
        public let recall: RecallOutcome?
        public let isSealed: Bool
        public let urgency: Urgency

        public init(
            state: DeliveryState, said: DocumentStatus?, hasReason: Bool, recall: RecallOutcome?, isSealed: Bool,
            urgency: Urgency
        ) {
            self.state = state
            self.said = said
            self.hasReason = hasReason
            self.recall = recall
            self.isSealed = isSealed
            self.urgency = urgency
        }

        fileprivate func ending(of duty: Duty) -> Ending? {
            switch duty {
            case .word:
                if said != nil { return .heard }
                return recall != nil || state == .withdrawn || state == .undeliverable ? .recalled : nil
            case .cancellation:
                if recall?.isOpen == true { return nil }
                return recall == .cancelled ? .heard : .recalled
            case .reason:
                if recall != nil { return .recalled }
                return DocumentStatus.owesReason(said, hasReason: hasReason) ? nil : .heard
            }
        }

        /// Whether nobody can be asked for it now. A recall goes on its way whatever is sealed.
        fileprivate func stops(_ duty: Duty) -> Bool {
            switch duty {
            case .word: isSealed || [.held, .refused, .expired].contains(state)
            case .cancellation: false
            case .reason: isSealed
            }
        }
    }

    public enum Action: Equatable, Sendable {
        /// Look again then.
        case wait(until: Instant)
        /// Alert whom the step names, and look again then.
        case raise(Step, next: Instant)
        /// It is over, and nobody had been alerted.
        case forget
        /// It is over: record it.
        case close(Ending)
    }

    public let duty: Duty
    public let step: Step
    /// Since when it is owed: the document was accepted or put on its way again, it was recalled, it was returned.
    public let since: Instant
    /// When it goes on.
    public let next: Instant

    public init(_ duty: Duty, step: Step, since: Instant, next: Instant) {
        self.duty = duty
        self.step = step
        self.since = since
        self.next = next
    }

    /// Begins to watch for the word about a delivery that was accepted at an instant; nil for one that needs no watching.
    public static func watching(
        _ facts: Facts, since: Instant, by schedule: CollectionAlertSchedule, _ calendar: WorkingCalendar
    ) -> CollectionAlert? {
        guard facts.ending(of: .word) == nil, let terms = schedule.terms[facts.urgency] else { return nil }
        return CollectionAlert(
            .word, step: .watched, since: since,
            next: schedule.instant(after: terms.agency, from: since, terms, calendar))
    }

    /// What is to be done now. One step at a time, each with its whole term: a hub that was down alerts nobody in one breath.
    public func decide(
        _ facts: Facts, by schedule: CollectionAlertSchedule, _ calendar: WorkingCalendar, now: Instant
    ) -> Action {
        func end(_ ending: Ending) -> Action { step == .watched ? .forget : .close(ending) }
        if let ending = facts.ending(of: duty) { return end(ending) }
        guard next <= now else { return .wait(until: next) }
        guard let terms = schedule.terms(for: duty, facts.urgency) else { return end(.tooOld) }
        if facts.stops(duty) {
            return now < since.advanced(by: Self.lifetime) ? .wait(until: now.advanced(by: Self.pause)) : end(.tooOld)
        }
        func after(_ term: Duration, _ start: Instant) -> Instant {
            schedule.instant(after: term, from: start, terms, calendar)
        }
        switch step {
        case .watched:
            // Who returns without a reason is asked at once: nothing else is still to come.
            let first = duty == .reason ? since : after(terms.agency, since)
            return first <= now ? .raise(.agency, next: after(terms.superior, now)) : .wait(until: first)
        case .agency: return .raise(.superior, next: after(terms.hub, now))
        case .superior: return .raise(.hub, next: max(now, since).advanced(by: Self.lifetime))
        case .hub: return duty == .cancellation ? .wait(until: now.advanced(by: Self.lifetime)) : .close(.tooOld)
        }
    }
}

extension DocumentStatus {
    /// Whether a recipient's latest word is a return that does not say why.
    public static func owesReason(_ said: DocumentStatus?, hasReason: Bool) -> Bool { said == .returned && !hasReason }
}
