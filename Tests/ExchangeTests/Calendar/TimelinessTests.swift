// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@Suite struct TimelinessTests {
    private let timeliness = Timeliness(calendar: WorkingCalendar())

    /// The verdict by QĐ 28 Điều 6.2, then that by NĐ 30 Điều 18.1.
    private func verdicts(
        _ promulgated: String?, _ accepted: String, _ urgency: Urgency = .normal
    ) throws -> [TimelinessFinding.Verdict] {
        try timeliness.sending(promulgated: promulgated.map(day), urgency: urgency, accepted: at(accepted)).map(
            \.verdict)
    }

    @Test(arguments: [
        // Thursday.
        ("2026-03-05", "2026-03-05 00:00:00", TimelinessFinding.Verdict.sameDay, TimelinessFinding.Verdict.sameDay),
        ("2026-03-05", "2026-03-05 23:59:59.999999", .sameDay, .sameDay),
        ("2026-03-05", "2026-03-06 00:00:00", .inTime, .inTime),
        ("2026-03-05", "2026-03-06 11:29:59.999999", .inTime, .inTime),
        ("2026-03-05", "2026-03-06 11:30:00", .late, .inTime),
        ("2026-03-05", "2026-03-06 23:59:59.999999", .late, .inTime),
        ("2026-03-05", "2026-03-07 00:00:00", .late, .late),
        // Friday: the next working day is Monday.
        ("2026-03-06", "2026-03-08 12:00:00", .inTime, .inTime),
        ("2026-03-06", "2026-03-09 11:00:00", .inTime, .inTime),
        ("2026-03-06", "2026-03-09 13:30:00", .late, .inTime),
        // The last working day before Tết, a holiday itself, and a year's end.
        ("2026-02-13", "2026-02-23 10:00:00", .inTime, .inTime),
        ("2026-02-17", "2026-02-17 10:00:00", .sameDay, .sameDay),
        ("2026-02-17", "2026-02-24 00:00:00", .late, .late),
        ("2026-12-31", "2027-01-04 11:29:00", .inTime, .inTime),
    ])
    func `a document goes on its day, or in the next working morning, or on the next working day`(
        promulgated: String, accepted: String, sending: TimelinessFinding.Verdict, issuing: TimelinessFinding.Verdict
    ) throws {
        #expect(try verdicts(promulgated, accepted) == [sending, issuing])
    }

    @Test(arguments: Urgency.allCases)
    func `an urgent document has no second day`(urgency: Urgency) throws {
        #expect(try verdicts("2026-03-05", "2026-03-05 23:59:59", urgency) == [.sameDay, .sameDay])
        let next = try verdicts("2026-03-05", "2026-03-06 00:00:00", urgency)
        #expect(next == (urgency == .normal ? [.inTime, .inTime] : [.late, .late]))
    }

    @Test func `a verdict names its rule and the instant that is too late`() throws {
        let findings = try timeliness.sending(
            promulgated: day("2026-03-05"), urgency: .normal, accepted: at("2026-03-05 10:00:00"))
        #expect(findings.map(\.rule) == [.sending, .issuing])
        #expect(findings.map(\.deadline) == [try at("2026-03-06 11:30:00"), try at("2026-03-07 00:00:00")])
        #expect(findings.allSatisfy { $0.downtime == .zero && $0.reason == nil })
    }

    @Test func `what cannot be told says why`() throws {
        #expect(try verdicts(nil, "2026-03-05 10:00:00") == [.undecided, .undecided])
        let reasons = { (promulgated: CalendarDate?, accepted: Instant) in
            timeliness.sending(promulgated: promulgated, urgency: .normal, accepted: accepted).map(\.reason)
        }
        let accepted = try at("2026-03-05 10:00:00")
        #expect(reasons(nil, accepted) == [.noPromulgationDate, .noPromulgationDate])
        #expect(try reasons(day("2026-03-06"), accepted) == [.promulgatedLater, .promulgatedLater])
        #expect(try reasons(day("0001-01-01"), accepted) == [.calendarEnds, .calendarEnds])
        #expect(try reasons(day("2100-12-31"), .latest) == [.calendarEnds, .calendarEnds])
        let entered = timeliness.confirming(entered: .latest, confirmed: nil, now: .latest)
        #expect(entered.verdict == .undecided && entered.reason == .calendarEnds)
    }

    private static let confirmations: [(String, String?, String, TimelinessFinding.Verdict)] = [
        // Entered on Thursday in working hours, told on that day; at its last moment; on the next.
        ("2026-03-05 10:00:00", "2026-03-05 10:00:01", "2026-03-09 00:00:00", .sameDay),
        ("2026-03-05 10:00:00", "2026-03-05 23:59:59.999999", "2026-03-09 00:00:00", .sameDay),
        ("2026-03-05 10:00:00", "2026-03-06 00:00:00", "2026-03-09 00:00:00", .late),
        // Entered after hours on Friday: it counts as received on Monday.
        ("2026-03-06 17:00:00", "2026-03-09 20:00:00", "2026-03-10 00:00:00", .sameDay),
        ("2026-03-06 17:00:00", "2026-03-07 09:00:00", "2026-03-10 00:00:00", .sameDay),
        ("2026-03-06 17:00:00", "2026-03-10 00:00:00", "2026-03-10 00:00:00", .late),
        // Not told yet.
        ("2026-03-05 10:00:00", nil, "2026-03-05 23:59:59.999999", .awaited),
        ("2026-03-05 10:00:00", nil, "2026-03-06 00:00:00", .late),
        ("2026-03-06 17:00:00", nil, "2026-03-09 23:00:00", .awaited),
    ]

    @Test(arguments: confirmations)
    func `the receiver tells on the day on which it counts as received`(
        entered: String, confirmed: String?, now: String, verdict: TimelinessFinding.Verdict
    ) throws {
        let finding = timeliness.confirming(
            entered: try at(entered), confirmed: try confirmed.map(at), now: try at(now))
        #expect(finding.verdict == verdict)
        #expect(finding.rule == .confirming)
    }

    @Test func `time in which the hub was down is given back in working hours`() throws {
        // Down from 08:00 to 11:00 in the morning that is the term, twice told, and over a night, which nobody needs.
        let downtimes = try [
            HubDowntime(from: at("2026-03-06 09:00:00"), to: at("2026-03-06 11:00:00")),
            HubDowntime(from: at("2026-03-06 08:00:00"), to: at("2026-03-06 10:00:00")),
            HubDowntime(from: at("2026-03-05 20:00:00"), to: at("2026-03-06 05:00:00")),
            HubDowntime(from: at("2026-03-06 20:00:00"), to: at("2026-03-06 19:00:00")),
        ]
        let timeliness = Timeliness(calendar: WorkingCalendar(), downtimes: downtimes)
        func sending(_ accepted: String) throws -> [TimelinessFinding] {
            try timeliness.sending(promulgated: day("2026-03-05"), urgency: .normal, accepted: at(accepted))
        }
        let before = try sending("2026-03-06 16:29:59")
        #expect(before.map(\.verdict) == [.inTime, .inTime])
        // 11:30 and three hours of work: 13:30 to 16:30. Midnight and three hours: Monday's 07:30 to 10:30.
        #expect(before.map(\.deadline) == [try at("2026-03-06 16:30:00"), try at("2026-03-09 10:30:00")])
        #expect(before.map(\.downtime) == [.seconds(10_800), .seconds(10_800)])
        #expect(try sending("2026-03-06 16:30:00").map(\.verdict) == [.late, .inTime])
        #expect(try sending("2026-03-09 10:30:00").map(\.verdict) == [.late, .late])
    }

    @Test func `a downtime after the term was over saves nobody`() throws {
        let after = Timeliness(
            calendar: WorkingCalendar(),
            downtimes: [HubDowntime(from: try at("2026-03-06 11:30:00"), to: try at("2026-03-06 17:00:00"))])
        let findings = try after.sending(
            promulgated: day("2026-03-05"), urgency: .normal, accepted: at("2026-03-06 17:00:00"))
        #expect(findings.map(\.verdict) == [.late, .inTime])
        #expect(findings.first?.downtime == .zero)
        // Begun within it, it counts to its end: half an hour was left, and is left.
        let within = Timeliness(
            calendar: WorkingCalendar(),
            downtimes: [HubDowntime(from: try at("2026-03-06 11:00:00"), to: try at("2026-03-06 17:00:00"))])
        let saved = try within.sending(
            promulgated: day("2026-03-05"), urgency: .normal, accepted: at("2026-03-09 07:59:59"))
        #expect(saved.first?.verdict == .inTime)
        #expect(saved.first?.deadline == (try at("2026-03-09 08:00:00")))
        let confirmed = after.confirming(
            entered: try at("2026-03-06 10:00:00"), confirmed: try at("2026-03-09 10:00:00"), now: .latest)
        #expect(confirmed.verdict == .inTime)
    }

    @Test func `downtime never makes a verdict worse, and later never better`() throws {
        var generator = SeededGenerator(seed: 9)
        let order: [TimelinessFinding.Verdict] = [.sameDay, .inTime, .late]
        for _ in 0..<1_000 {
            let start = generator.workingInstant()
            guard start.vietnamDate.year < 2100 else { continue }
            let down = start.advanced(by: .seconds(Int64.random(in: 0...200_000, using: &generator)))
            let with = Timeliness(
                calendar: WorkingCalendar(),
                downtimes: [
                    HubDowntime(
                        from: down, to: down.advanced(by: .seconds(Int64.random(in: 0...200_000, using: &generator))))
                ])
            let accepted = start.advanced(by: .seconds(Int64.random(in: 0...500_000, using: &generator)))
            let later = accepted.advanced(by: .seconds(Int64.random(in: 0...100_000, using: &generator)))
            let urgency = Urgency.allCases.randomElement(using: &generator) ?? .normal
            func ranks(_ timeliness: Timeliness, _ accepted: Instant) -> [Int] {
                timeliness.sending(promulgated: start.vietnamDate, urgency: urgency, accepted: accepted).map {
                    order.firstIndex(of: $0.verdict) ?? 99
                }
            }
            let without = ranks(timeliness, accepted)
            #expect(zip(ranks(with, accepted), without).allSatisfy { $0 <= $1 })
            #expect(zip(without, ranks(timeliness, later)).allSatisfy { $0 <= $1 })
            // What NĐ 30 calls late, QĐ 28 does.
            #expect(without[0] >= without[1])
        }
    }
}
