// SPDX-License-Identifier: Apache-2.0
import Exchange

/// After how long a recipient's silence about a document alerts whom, by the document's urgency.
///
/// A recipient tells the same day that it has a document (NĐ 30/2020/NĐ-CP Điều 21.2.c), and puts an urgent one through at
/// once (QĐ 28/2018/QĐ-TTg Điều 6.2). No text says in hours or minutes when silence is too long: the standard terms are ours, and
/// hold where the policy in force names none.
public struct CollectionAlertSchedule: Equatable, Sendable {
    public typealias Terms = CollectionTerms

    /// An urgency without terms raises no alert.
    public let terms: [Urgency: Terms]

    public init(terms: [Urgency: Terms]) { self.terms = terms }

    /// A working day of eight hours for ordinary documents; minutes from hỏa tốc on.
    public static let standard = CollectionAlertSchedule(terms: [
        .normal: Terms(
            agency: .seconds(8 * 3_600), superior: .seconds(8 * 3_600), hub: .seconds(8 * 3_600), isWorkingTime: true),
        .urgent: Terms(
            agency: .seconds(4 * 3_600), superior: .seconds(4 * 3_600), hub: .seconds(8 * 3_600), isWorkingTime: true),
        .veryUrgent: Terms(
            agency: .seconds(3_600), superior: .seconds(3_600), hub: .seconds(2 * 3_600), isWorkingTime: false),
        .immediate: Terms(agency: .seconds(900), superior: .seconds(900), hub: .seconds(1_800), isWorkingTime: false),
        .immediateTimed: Terms(
            agency: .seconds(900), superior: .seconds(900), hub: .seconds(1_800), isWorkingTime: false),
    ])

    /// From this urgency on documents are looked for by themselves, so that minutes are minutes however much else waits.
    public static let leastUrgent = Urgency.veryUrgent

    /// The terms for what is owed of a document; nil when that raises no alert. Cancelling what was recalled is obligatory,
    /// whatever a policy says of silence.
    func terms(for duty: CollectionAlert.Duty, _ urgency: Urgency) -> Terms? {
        terms[urgency] ?? (duty == .cancellation ? Self.standard.terms[urgency] : nil)
    }

    /// The shortest time after which documents on either side of `leastUrgent` may raise an alert; nil when none does.
    public func shortestTerm(ofUrgent isUrgent: Bool) -> Duration? {
        terms.filter { ($0.key >= Self.leastUrgent) == isUrgent }.map(\.value.agency).min()
    }

    /// When a term is over. Where the calendar does not know the days, every hour counts.
    func instant(after term: Duration, from start: Instant, _ terms: Terms, _ calendar: WorkingCalendar) -> Instant {
        let real = start.advanced(by: term)
        guard terms.isWorkingTime else { return real }
        return (try? calendar.instant(after: term, from: start)) ?? real
    }
}
