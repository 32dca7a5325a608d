// SPDX-License-Identifier: Apache-2.0

/// Time in which the hub took nothing, and for which no office answers.
public struct HubDowntime: Equatable, Sendable {
    public let from: Instant
    public let to: Instant

    public init(from: Instant, to: Instant) {
        self.from = from
        self.to = to
    }
}

/// A rule about when something must be done, and where it stands.
public enum TimelinessRule: String, CaseIterable, Sendable, Codable {
    /// "gửi ngay trong ngày văn bản đó ký ban hành, chậm nhất là trong buổi sáng của ngày làm việc tiếp theo"; urgent
    /// ones "gửi ngay sau khi đã ký số".
    case sending = "QĐ 28/2018/QĐ-TTg Điều 6.2"
    /// "phát hành trong ngày văn bản đó được ký, chậm nhất là trong ngày làm việc tiếp theo"; urgent ones "phát hành
    /// và gửi ngay sau khi ký văn bản".
    case issuing = "NĐ 30/2020/NĐ-CP Điều 18.1"
    /// "thông báo ngay trong ngày cho cơ quan, tổ chức gửi về việc đã nhận văn bản".
    case confirming = "NĐ 30/2020/NĐ-CP Điều 21.2.c"
}

/// What one rule says of one document.
public struct TimelinessFinding: Equatable, Sendable {
    public enum Verdict: String, CaseIterable, Sendable, Codable {
        /// On the day that the rule counts from.
        case sameDay = "same-day"
        /// Later, within the rule's last term, or within what the hub's downtime adds to it.
        case inTime = "in-time"
        case late
        /// Not yet done, and the term runs.
        case awaited
        /// It cannot be told; `reason` says why.
        case undecided
    }

    public enum Reason: String, CaseIterable, Sendable, Codable {
        case noPromulgationDate = "no-promulgation-date"
        /// The date that the package gives comes after the day on which it was sent.
        case promulgatedLater = "promulgated-later"
        /// The calendar does not know a day that the rule needs, or has no working day near.
        case calendarEnds = "calendar-ends"
    }

    public let rule: TimelinessRule
    public let verdict: Verdict
    /// The first instant that is too late, the hub's downtime allowed for; nil when undecided.
    public let deadline: Instant?
    /// Working time in which the hub was down, by which the deadline is moved.
    public let downtime: Duration
    public let reason: Reason?

    init(
        _ rule: TimelinessRule, _ verdict: Verdict, deadline: Instant? = nil, downtime: Duration = .zero,
        reason: Reason? = nil
    ) {
        self.rule = rule
        self.verdict = verdict
        self.deadline = deadline
        self.downtime = downtime
        self.reason = reason
    }
}

/// Says by the rules whether documents came in time. Pure: it knows no clock but what it is given.
///
/// A term that ends with a day ends at midnight, one that ends with a morning when the morning's work is over; what
/// comes at that very instant is late. Where the hub was down in working hours before a term was over, the term goes
/// on for as much working time.
public struct Timeliness: Sendable {
    public let calendar: WorkingCalendar
    private let downtimes: [HubDowntime]

    /// - Parameter downtimes: in any order; what overlaps counts once.
    public init(calendar: WorkingCalendar, downtimes: [HubDowntime] = []) {
        self.calendar = calendar
        var merged: [HubDowntime] = []
        for next in downtimes.filter({ $0.from < $0.to }).sorted(by: { $0.from < $1.from }) {
            if let last = merged.last, next.from <= last.to {
                merged[merged.count - 1] = HubDowntime(from: last.from, to: max(last.to, next.to))
            } else {
                merged.append(next)
            }
        }
        self.downtimes = merged
    }

    /// Both verdicts on the sender, by the day that the document was promulgated and the instant at which the hub
    /// took it.
    ///
    /// A document does not say at which hour it was signed: an urgent one, which must go at once, is known to be late
    /// when it comes after that day.
    public func sending(promulgated: CalendarDate?, urgency: Urgency, accepted: Instant) -> [TimelinessFinding] {
        [TimelinessRule.sending, .issuing].map { rule in
            guard let day = promulgated else { return TimelinessFinding(rule, .undecided, reason: .noPromulgationDate) }
            let sent = accepted.vietnamDate
            guard day <= sent else { return TimelinessFinding(rule, .undecided, reason: .promulgatedLater) }
            return decided(rule) { () throws(CalendarProblem) in
                let term = try term(of: rule, from: day, isUrgent: urgency > .normal)
                let (deadline, downtime) = try extended(term, from: Instant(vietnam: day))
                let verdict: TimelinessFinding.Verdict =
                    day == sent ? .sameDay : accepted < deadline ? .inTime : .late
                return TimelinessFinding(rule, verdict, deadline: deadline, downtime: downtime)
            }
        }
    }

    /// Whether the receiver told the sender in time that it has the document: on the day on which it counts as
    /// received.
    ///
    /// - Parameters:
    ///   - entered: when it entered the receiver's system.
    ///   - confirmed: the receiver's first word on it; nil as long as there is none.
    ///   - now: at which it is looked at.
    public func confirming(entered: Instant, confirmed: Instant?, now: Instant) -> TimelinessFinding {
        decided(.confirming) { () throws(CalendarProblem) in
            let received = try calendar.legalInstant(entered: entered)
            let day = received.vietnamDate
            let (deadline, downtime) = try extended(Instant(vietnam: day, hour: 24), from: received)
            let verdict: TimelinessFinding.Verdict =
                if let confirmed {
                    confirmed.vietnamDate <= day ? .sameDay : confirmed < deadline ? .inTime : .late
                } else {
                    now < deadline ? .awaited : .late
                }
            return TimelinessFinding(.confirming, verdict, deadline: deadline, downtime: downtime)
        }
    }

    private func term(
        of rule: TimelinessRule, from day: CalendarDate, isUrgent: Bool
    ) throws(CalendarProblem) -> Instant {
        if isUrgent { return Instant(vietnam: day, hour: 24) }
        if rule == .sending { return try calendar.nextMorningEnd(after: day) }
        return Instant(vietnam: try calendar.nextWorkingDay(after: day), hour: 24)
    }

    private func decided(
        _ rule: TimelinessRule, _ decide: () throws(CalendarProblem) -> TimelinessFinding
    ) -> TimelinessFinding {
        do { return try decide() } catch { return TimelinessFinding(rule, .undecided, reason: .calendarEnds) }
    }

    /// The term's end after what the hub's downtime since `start` took of it.
    private func extended(
        _ term: Instant, from start: Instant
    ) throws(CalendarProblem) -> (deadline: Instant, downtime: Duration) {
        var deadline = term
        var lost: Duration = .zero
        // A downtime that begins before the term is over takes all of its length: what was left of the term is left
        // after it.
        for down in downtimes where down.to > start && down.from < deadline {
            let length = try calendar.workingTime(from: max(down.from, start), to: down.to)
            deadline = try calendar.instant(after: length, from: deadline)
            lost += length
        }
        return (deadline, lost)
    }
}
