// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The life of an alert about a document of which its recipient says nothing: fetched is not received. Pure.
public struct CollectionAlert: Equatable, Sendable {
    /// How long an alert stays open at most. Some systems never send a status; what is a month old is nobody's alarm.
    public static let lifetime = Duration.seconds(30 * 86_400)
    /// How long a delivery that is stopped or given up, of which its sender is told otherwise, is let alone.
    public static let pause = Duration.seconds(3_600)

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
        /// The recipient has spoken: 01 to 06, 15 or 16.
        case heard
        /// The document was recalled or withdrawn; what is owed then is another duty.
        case recalled
        /// `lifetime` is over.
        case tooOld = "too-old"
    }

    /// How far a delivery has come without a word: what the alert says of it.
    public enum Stage: String, CaseIterable, Sendable, Codable {
        case notFetched = "not-fetched"
        case fetched
        /// Confirmed, or taken by the endpoint.
        case entered

        public init(state: DeliveryState, isFetched: Bool) {
            self = state == .delivered ? .entered : isFetched ? .fetched : .notFetched
        }
    }

    /// What is known of the delivery now.
    public struct Facts: Equatable, Sendable {
        public let state: DeliveryState
        public let isHeard: Bool
        public let isRecalled: Bool
        public let acceptedAt: Instant
        public let urgency: Urgency

        public init(state: DeliveryState, isHeard: Bool, isRecalled: Bool, acceptedAt: Instant, urgency: Urgency) {
            self.state = state
            self.isHeard = isHeard
            self.isRecalled = isRecalled
            self.acceptedAt = acceptedAt
            self.urgency = urgency
        }

        fileprivate var ending: Ending? {
            if isHeard { return .heard }
            return isRecalled || state == .withdrawn || state == .undeliverable ? .recalled : nil
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

    public let step: Step
    /// When it goes on.
    public let next: Instant

    public init(step: Step, next: Instant) {
        self.step = step
        self.next = next
    }

    /// Begins to watch a delivery; nil for one that needs no watching.
    public static func watching(
        _ facts: Facts, by schedule: CollectionAlertSchedule, _ calendar: WorkingCalendar
    ) -> CollectionAlert? {
        guard facts.ending == nil, let terms = schedule.terms[facts.urgency] else { return nil }
        return CollectionAlert(
            step: .watched, next: schedule.instant(after: terms.agency, from: facts.acceptedAt, terms, calendar))
    }

    /// What is to be done now. One step at a time, each with its whole term: a hub that was down alerts nobody in one breath.
    public func decide(
        _ facts: Facts, by schedule: CollectionAlertSchedule, _ calendar: WorkingCalendar, now: Instant
    ) -> Action {
        if let ending = facts.ending { return step == .watched ? .forget : .close(ending) }
        guard next <= now else { return .wait(until: next) }
        guard let terms = schedule.terms[facts.urgency] else { return step == .watched ? .forget : .close(.tooOld) }
        switch facts.state {
        case .held, .refused, .expired: return .wait(until: now.advanced(by: Self.pause))
        case .waiting, .processing, .delivered, .withdrawn, .undeliverable: break
        }
        func after(_ term: Duration) -> Instant { schedule.instant(after: term, from: now, terms, calendar) }
        switch step {
        case .watched: return .raise(.agency, next: after(terms.superior))
        case .agency: return .raise(.superior, next: after(terms.hub))
        case .superior: return .raise(.hub, next: max(now, facts.acceptedAt).advanced(by: Self.lifetime))
        case .hub: return .close(.tooOld)
        }
    }
}
