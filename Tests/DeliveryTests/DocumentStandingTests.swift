// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct DocumentStandingTests {
    @Test func `deleted where it was cancelled or destroyed, and only there`() {
        for said in DocumentStatus.allCases.map(Optional.some) + [nil] {
            for recall in RecallOutcome.allCases.map(Optional.some) + [nil] {
                #expect(DocumentState.shown(said: said, recall: recall, isDestroyed: true) == .deleted)
                let expected: DocumentState? =
                    switch recall {
                    case .cancelled: .deleted
                    case .withdrawn: .recalled
                    // 16 leaves the duty open, and the document says so.
                    case .owed, .declined: .recallRequested
                    case nil: said?.state
                    }
                #expect(DocumentState.shown(said: said, recall: recall, isDestroyed: false) == expected)
            }
        }
    }

    @Test func `overdue from the day after, until 06, 02 or a recall`() throws {
        let due = try CalendarDate(iso8601: "2026-03-06")
        func standing(
            _ day: String, latest: DocumentStatus? = nil, furthest: DocumentStatus? = nil, recall: RecallOutcome? = nil,
            state: DeliveryState = .delivered
        ) throws -> DueStanding {
            .of(
                due: due, said: latest.map { StatusRecord(latest: $0, furthest: furthest ?? $0) }, recall: recall,
                state: state, today: try CalendarDate(iso8601: day))
        }
        #expect(try standing("2026-03-06") == .open)
        #expect(try standing("2026-03-07") == .overdue)
        #expect(try standing("2026-03-07", latest: .inProgress) == .overdue)
        for done in [DocumentStatus.completed, .returned] { #expect(try standing("2026-03-07", latest: done) == .done) }
        #expect(try standing("2026-03-07", latest: .assigned, furthest: .completed) == .done)
        #expect(try standing("2026-03-07", recall: .owed) == .done)
        for state in DeliveryState.allCases {
            // What was given up on its way is not dealt with.
            let isDone = [.withdrawn, .undeliverable].contains(state)
            #expect(try standing("2026-03-07", state: state) == (isDone ? .done : .overdue))
        }
    }
}
