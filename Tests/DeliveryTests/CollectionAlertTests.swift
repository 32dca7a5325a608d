// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct CollectionAlertTests {
    private let schedule = CollectionAlertSchedule.standard
    private let calendar = WorkingCalendar()

    private func instant(_ text: String) throws -> Instant { try Instant(iso8601: "\(text):00.000+07:00") }

    private func facts(
        _ urgency: Urgency, state: DeliveryState = .waiting, said: DocumentStatus? = nil, hasReason: Bool = false,
        recall: RecallOutcome? = nil, isSealed: Bool = false
    ) -> CollectionAlert.Facts {
        CollectionAlert.Facts(
            state: state, said: said, hasReason: hasReason, recall: recall, isSealed: isSealed, urgency: urgency)
    }

    /// The steps that an alert goes through when nothing changes, in minutes since it came to be owed, and how it ends.
    private func ladder(
        _ duty: CollectionAlert.Duty, _ facts: CollectionAlert.Facts, since: Instant,
        by schedule: CollectionAlertSchedule = .standard
    ) -> (steps: [CollectionAlert.Step], minutes: [Int64], last: CollectionAlert.Action) {
        var alert = CollectionAlert(duty, step: .watched, since: since, next: since)
        var steps: [CollectionAlert.Step] = []
        var minutes: [Int64] = []
        var now = since
        for _ in 0..<10 {
            switch alert.decide(facts, by: schedule, calendar, now: now) {
            case .wait(let until) where alert.step == .watched:
                now = until
                alert = CollectionAlert(duty, step: .watched, since: since, next: until)
            case .raise(let step, let next):
                steps.append(step)
                minutes.append(now.duration(since: since).components.seconds / 60)
                alert = CollectionAlert(duty, step: step, since: since, next: next)
                now = next
            case let last: return (steps, minutes, last)
            }
        }
        return (steps, minutes, .forget)
    }

    @Test func `for hỏa tốc the clock is minutes, whatever the hour, and everybody has a turn`() throws {
        // A Saturday night.
        let accepted = try instant("2026-03-07T23:00")
        let facts = facts(.immediate)
        let alert = try #require(CollectionAlert.watching(facts, since: accepted, by: schedule, calendar))
        #expect(alert.step == .watched && alert.next == accepted.advanced(by: .seconds(900)))
        #expect(
            alert.decide(facts, by: schedule, calendar, now: accepted.advanced(by: .seconds(899)))
                == .wait(until: alert.next))
        let ladder = ladder(.word, facts, since: accepted)
        #expect(ladder.steps == [.agency, .superior, .hub])
        #expect(ladder.minutes == [15, 30, 60])
        #expect(ladder.last == .close(.tooOld))
    }

    @Test func `a cancellation is owed after 16 too, climbs as silence does, and is never too old`() throws {
        let asked = try instant("2026-03-07T23:00")
        for outcome in [RecallOutcome.owed, .declined] {
            let facts = facts(.immediate, state: .delivered, said: .changeDeclined, recall: outcome)
            let ladder = ladder(.cancellation, facts, since: asked)
            #expect(ladder.steps == [.agency, .superior, .hub])
            #expect(ladder.minutes == [15, 30, 60])
            guard case .wait = ladder.last else {
                Issue.record("\(ladder.last)")
                continue
            }
            // Obligatory, whatever a policy says of silence; and a seal stops no recall.
            let silent = CollectionAlertSchedule(terms: [:])
            #expect(self.ladder(.cancellation, facts, since: asked, by: silent).steps == ladder.steps)
            let sealed = self.facts(.immediate, state: .held, recall: outcome, isSealed: true)
            #expect(self.ladder(.cancellation, sealed, since: asked).steps == ladder.steps)
        }
        let alert = CollectionAlert(.cancellation, step: .superior, since: asked, next: asked)
        #expect(
            alert.decide(facts(.normal, recall: .cancelled), by: schedule, calendar, now: asked) == .close(.heard))
    }

    @Test func `who returns without a reason is asked at once, until it gives one or says something else`() throws {
        let returned = try instant("2026-03-07T23:00")
        let owed = facts(.immediate, state: .delivered, said: .returned)
        let ladder = ladder(.reason, owed, since: returned)
        #expect(ladder.steps == [.agency, .superior, .hub] && ladder.minutes == [0, 15, 45])
        #expect(ladder.last == .close(.tooOld))
        let alert = CollectionAlert(.reason, step: .agency, since: returned, next: .latest)
        for (said, hasReason) in [(DocumentStatus.returned, true), (.accepted, false)] {
            let given = facts(.immediate, state: .delivered, said: said, hasReason: hasReason)
            #expect(alert.decide(given, by: schedule, calendar, now: returned) == .close(.heard))
        }
        #expect(
            alert.decide(facts(.immediate, said: .returned, recall: .owed), by: schedule, calendar, now: returned)
                == .close(.recalled))
    }

    @Test func `an ordinary document has a working day, and no alarm at the weekend`() throws {
        // Friday 15:00, two working hours before the end of the usual day.
        let accepted = try instant("2026-03-06T15:00")
        let alert = try #require(CollectionAlert.watching(facts(.normal), since: accepted, by: schedule, calendar))
        #expect(alert.next.vietnamDate.iso8601 == "2026-03-09")
        #expect(try calendar.workingTime(from: accepted, to: alert.next) == .seconds(8 * 3_600))
    }

    @Test func `a hub that was down gives everybody the whole term`() throws {
        let accepted = try instant("2026-03-04T08:00")
        let facts = facts(.immediateTimed)
        let late = accepted.advanced(by: .seconds(5 * 3_600))
        let alert = CollectionAlert(.word, step: .watched, since: accepted, next: accepted)
        #expect(
            alert.decide(facts, by: schedule, calendar, now: late)
                == .raise(.agency, next: late.advanced(by: .seconds(900))))
    }

    @Test func `a word, a recall and a withdrawal end it; told is told, and what nobody heard of goes without trace`()
        throws
    {
        let accepted = try instant("2026-03-04T08:00")
        let endings: [(CollectionAlert.Facts, CollectionAlert.Ending)] = [
            (facts(.normal, said: .arrived), .heard),
            (facts(.normal, recall: .owed), .recalled),
            (facts(.normal, state: .withdrawn), .recalled),
        ]
        for (facts, ending) in endings {
            #expect(CollectionAlert.watching(facts, since: accepted, by: schedule, calendar) == nil)
            for step in CollectionAlert.Step.allCases {
                let action = CollectionAlert(.word, step: step, since: accepted, next: .latest).decide(
                    facts, by: schedule, calendar, now: accepted)
                #expect(action == (step == .watched ? .forget : .close(ending)))
            }
        }
    }

    @Test func `what is sealed, stopped or given up alerts nobody meanwhile, and is not watched for ever`() throws {
        let accepted = try instant("2026-03-04T08:00")
        let now = accepted.advanced(by: .seconds(86_400))
        let old = accepted.advanced(by: CollectionAlert.lifetime)
        func decide(_ facts: CollectionAlert.Facts, at now: Instant, _ step: CollectionAlert.Step = .watched)
            -> CollectionAlert.Action
        {
            CollectionAlert(.word, step: step, since: accepted, next: accepted).decide(
                facts, by: schedule, calendar, now: now)
        }
        for state in DeliveryState.allCases {
            for isSealed in [false, true] {
                let facts = facts(.immediate, state: state, isSealed: isSealed)
                let isStopped = isSealed || [.held, .refused, .expired].contains(state)
                if state == .withdrawn || state == .undeliverable {
                    #expect(decide(facts, at: now) == .forget)
                } else if isStopped {
                    #expect(decide(facts, at: now) == .wait(until: now.advanced(by: CollectionAlert.pause)))
                    #expect(decide(facts, at: old) == .forget)
                    #expect(decide(facts, at: old, .superior) == .close(.tooOld))
                } else {
                    #expect(decide(facts, at: now) == .raise(.agency, next: now.advanced(by: .seconds(900))))
                }
            }
        }
    }

    @Test func `the clock begins when it came to be owed, whenever somebody looks`() throws {
        let released = try instant("2026-03-04T08:00")
        let alert = CollectionAlert(.word, step: .watched, since: released, next: released)
        let term = released.advanced(by: .seconds(900))
        #expect(alert.decide(facts(.immediate), by: schedule, calendar, now: released) == .wait(until: term))
    }

    @Test func `without terms there is no alert, and every hour counts where no calendar reaches`() throws {
        let none = CollectionAlertSchedule(terms: [:])
        let accepted = try instant("2026-03-04T08:00")
        #expect(CollectionAlert.watching(facts(.immediate), since: accepted, by: none, calendar) == nil)
        #expect(none.shortestTerm(ofUrgent: true) == nil)
        #expect(schedule.shortestTerm(ofUrgent: true) == .seconds(900))
        #expect(schedule.shortestTerm(ofUrgent: false) == .seconds(4 * 3_600))
        let old = Instant(microseconds: 0)
        #expect(
            CollectionAlert.watching(facts(.normal), since: old, by: schedule, calendar)?.next
                == old.advanced(by: .seconds(8 * 3_600)))
    }
}
