// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

@Suite struct PullDeliveryTests {
    @Test func `every state and confirmation`() {
        typealias Row = (DeliveryState, PullDelivery.Confirmation, PullDelivery.Decision)
        func become(_ state: DeliveryState, failures: Int = 1) -> PullDelivery.Decision {
            .become(PullDelivery(state: state, failures: failures))
        }
        let table: [Row] = [
            (.waiting, .processing, become(.processing)),
            (.waiting, .done, become(.delivered)),
            (.waiting, .fail, become(.waiting, failures: 2)),
            (.processing, .processing, .unchanged),
            (.processing, .done, become(.delivered)),
            (.processing, .fail, become(.waiting, failures: 2)),
            (.delivered, .processing, .refuse),
            (.delivered, .done, .unchanged),
            (.delivered, .fail, .refuse),
            (.held, .processing, .refuse),
            (.held, .done, become(.delivered)),
            (.held, .fail, .unchanged),
            (.undeliverable, .processing, .refuse),
            (.undeliverable, .done, .refuse),
            (.undeliverable, .fail, .refuse),
        ]
        #expect(table.count == DeliveryState.allCases.count * PullDelivery.Confirmation.allCases.count)
        for (state, confirmation, expected) in table {
            #expect(
                PullDelivery(state: state, failures: 1).decide(confirmation) == expected, "\(state) \(confirmation)")
        }
    }

    @Test func `a failure goes back to the list until the bound, then is held`() {
        var delivery = PullDelivery(state: .waiting, failures: 0)
        for failure in 1...PullDelivery.maxFailures {
            guard case .become(let next) = delivery.decide(.fail) else {
                Issue.record("failure \(failure) was not taken")
                return
            }
            #expect(next.failures == failure)
            #expect(next.state == (failure == PullDelivery.maxFailures ? .held : .waiting))
            delivery = next
        }
        #expect(!delivery.state.isPending)
    }

    @Test func `the same failure reported twice counts once`() {
        let failed = PullDelivery(state: .waiting, failures: 1, isTriedAgain: false)
        #expect(failed.decide(.fail) == .unchanged)
        #expect(PullDelivery(state: .processing, failures: 1, isTriedAgain: false).decide(.fail) != .unchanged)
    }

    @Test func `a delivered document never leaves that state`() {
        for confirmation in PullDelivery.Confirmation.allCases {
            if case .become = PullDelivery(state: .delivered, failures: 3).decide(confirmation) {
                Issue.record("\(confirmation) moved a delivered document")
            }
        }
    }
}
