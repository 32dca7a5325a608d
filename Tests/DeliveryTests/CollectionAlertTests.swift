// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct CollectionAlertTests {
    private let schedule = CollectionAlertSchedule.standard
    private let calendar = WorkingCalendar()

    private func instant(_ text: String) throws -> Instant { try Instant(iso8601: "\(text):00.000+07:00") }

    private func facts(
        _ urgency: Urgency, at accepted: Instant, state: DeliveryState = .waiting, isHeard: Bool = false,
        isRecalled: Bool = false
    ) -> CollectionAlert.Facts {
        CollectionAlert.Facts(
            state: state, isHeard: isHeard, isRecalled: isRecalled, acceptedAt: accepted, urgency: urgency)
    }

    @Test func `for hỏa tốc the clock is minutes, whatever the hour, and everybody has a turn`() throws {
        // A Saturday night.
        let accepted = try instant("2026-03-07T23:00")
        let facts = facts(.immediate, at: accepted)
        var alert = try #require(CollectionAlert.watching(facts, by: schedule, calendar))
        #expect(alert.step == .watched && alert.next == accepted.advanced(by: .seconds(900)))
        #expect(
            alert.decide(facts, by: schedule, calendar, now: accepted.advanced(by: .seconds(899)))
                == .wait(until: alert.next))
        var steps: [(CollectionAlert.Step, Int64)] = []
        var now = alert.next
        while case .raise(let step, let next) = alert.decide(facts, by: schedule, calendar, now: now) {
            steps.append((step, now.duration(since: accepted).components.seconds / 60))
            #expect(alert.decide(facts, by: schedule, calendar, now: now) == .raise(step, next: next))
            alert = CollectionAlert(step: step, next: next)
            now = next
        }
        #expect(steps.map(\.0) == [.agency, .superior, .hub])
        #expect(steps.map(\.1) == [15, 30, 60])
        #expect(alert.decide(facts, by: schedule, calendar, now: now) == .close(.tooOld))
    }

    @Test func `an ordinary document has a working day, and no alarm at the weekend`() throws {
        // Friday 15:00, two working hours before the end of the usual day.
        let accepted = try instant("2026-03-06T15:00")
        let alert = try #require(CollectionAlert.watching(facts(.normal, at: accepted), by: schedule, calendar))
        #expect(alert.next.vietnamDate.iso8601 == "2026-03-09")
        #expect(try calendar.workingTime(from: accepted, to: alert.next) == .seconds(8 * 3_600))
    }

    @Test func `a hub that was down gives everybody the whole term`() throws {
        let accepted = try instant("2026-03-04T08:00")
        let facts = facts(.immediateTimed, at: accepted)
        let late = accepted.advanced(by: .seconds(5 * 3_600))
        let alert = CollectionAlert(step: .watched, next: accepted)
        #expect(
            alert.decide(facts, by: schedule, calendar, now: late)
                == .raise(.agency, next: late.advanced(by: .seconds(900))))
    }

    @Test func `a word, a recall and a withdrawal end it; told is told, and what nobody heard of goes without trace`()
        throws
    {
        let accepted = try instant("2026-03-04T08:00")
        let endings: [(CollectionAlert.Facts, CollectionAlert.Ending)] = [
            (facts(.normal, at: accepted, isHeard: true), .heard),
            (facts(.normal, at: accepted, isRecalled: true), .recalled),
            (facts(.normal, at: accepted, state: .withdrawn), .recalled),
        ]
        for (facts, ending) in endings {
            #expect(CollectionAlert.watching(facts, by: schedule, calendar) == nil)
            for step in CollectionAlert.Step.allCases {
                let action = CollectionAlert(step: step, next: .latest).decide(
                    facts, by: schedule, calendar, now: accepted)
                #expect(action == (step == .watched ? .forget : .close(ending)))
            }
        }
    }

    @Test func `what is stopped or given up alerts nobody meanwhile`() throws {
        let accepted = try instant("2026-03-04T08:00")
        let now = accepted.advanced(by: .seconds(86_400))
        for state in DeliveryState.allCases {
            let action = CollectionAlert(step: .watched, next: accepted).decide(
                facts(.immediate, at: accepted, state: state), by: schedule, calendar, now: now)
            switch state {
            case .waiting, .processing, .delivered:
                #expect(action == .raise(.agency, next: now.advanced(by: .seconds(900))))
            case .held, .refused, .expired: #expect(action == .wait(until: now.advanced(by: CollectionAlert.pause)))
            case .withdrawn, .undeliverable: #expect(action == .forget)
            }
        }
    }

    @Test func `without terms there is no alert, and every hour counts where no calendar reaches`() throws {
        let none = CollectionAlertSchedule(terms: [:])
        let accepted = try instant("2026-03-04T08:00")
        #expect(CollectionAlert.watching(facts(.immediate, at: accepted), by: none, calendar) == nil)
        #expect(none.shortestTerm(ofUrgent: true) == nil)
        #expect(schedule.shortestTerm(ofUrgent: true) == .seconds(900))
        #expect(schedule.shortestTerm(ofUrgent: false) == .seconds(4 * 3_600))
        let old = Instant(microseconds: 0)
        #expect(
            CollectionAlert.watching(facts(.normal, at: old), by: schedule, calendar)?.next
                == old.advanced(by: .seconds(8 * 3_600)))
    }
}
