// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Testing

@Suite struct DeliveryLifeTests {
    /// Everything that may happen to a delivery, with the name that docs/states.md gives it.
    private static let events: [(name: String, decide: @Sendable (DeliveryLife) -> DeliveryLife.Decision)] = [
        ("processing", { $0.decide(.processing) }), ("done", { $0.decide(.done) }), ("fail", { $0.decide(.fail) }),
        ("last fail", { DeliveryLife(state: $0.state, failures: 4, hasEntered: $0.hasEntered).decide(.fail) }),
        ("entered", { $0.decide(.entered) }), ("failed", { $0.decide(.failed) }),
        ("last failed", { $0.decide(.failedForTheLastTime) }), ("refused", { $0.decide(.refused) }),
        ("hold", { $0.decide(.hold, isSeen: false) }), ("release", { $0.decide(.release, isSeen: false) }),
        ("retry", { $0.decide(.retry, isSeen: false) }), ("expire", { $0.decide(.expire, isSeen: false) }),
        ("replay", { $0.decide(.replay, isSeen: false) }),
        ("withdraw unseen", { $0.decide(.withdraw, isSeen: false) }),
        ("withdraw seen", { $0.decide(.withdraw, isSeen: true) }),
        ("redirect", { redirected($0, isSeen: false) }), ("redirect seen", { redirected($0, isSeen: true) }),
    ]

    /// Every state; a replayed delivery has been delivered before.
    private static let rows: [(name: String, life: DeliveryLife)] =
        DeliveryState.allCases.map { ("**\($0.rawValue)**", DeliveryLife(state: $0, failures: 1)) }
        + [DeliveryState.waiting, .processing, .held].map {
            ("**\($0.rawValue)**, replayed", DeliveryLife(state: $0, failures: 1, hasEntered: true))
        }

    /// With the sender's consent, which is the ground that asks for most.
    private static func redirected(_ life: DeliveryLife, isSeen: Bool) -> DeliveryLife.Decision {
        switch Redirect(
            life, isSameAgency: false, isSuccessor: false, hasConsent: true, bringsDocument: true, isSeen: isSeen,
            isCarried: false, isKnown: false
        ).decide() {
        case .become(let after, _): after == life ? .unchanged : .become(after)
        case .refuse: .refuse
        }
    }

    /// The table of docs/states.md is what the code does, cell by cell.
    @Test func `the table of states and events is true`() throws {
        var table = ["| state | " + Self.events.map(\.name).joined(separator: " | ") + " |"]
        table.append("|---" + String(repeating: "|---", count: Self.events.count) + "|")
        for (name, life) in Self.rows {
            let cells = Self.events.map { _, decide in
                switch decide(life) {
                case .unchanged: "="
                case .become(let next): next.state.rawValue
                case .refuse: "✗"
                }
            }
            table.append("| \(name) | " + cells.joined(separator: " | ") + " |")
        }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/states.md"), encoding: .utf8)
        for line in table { #expect(page.contains(line + "\n"), "\(line)") }
    }

    /// Whatever happens to it, a delivery ends where it is shown: no state is a trap but those that are meant to be.
    @Test func `from every state that is not final a delivery may still enter`() {
        var reachable: [DeliveryState: Set<DeliveryState>] = [:]
        for state in DeliveryState.allCases {
            var known: Set<DeliveryState> = [state]
            var next = [state]
            while let state = next.popLast() {
                for (_, decide) in Self.events {
                    guard case .become(let life) = decide(DeliveryLife(state: state, failures: 1)) else { continue }
                    if known.insert(life.state).inserted { next.append(life.state) }
                }
            }
            reachable[state] = known
        }
        for state in DeliveryState.allCases {
            let isFinal = state == .withdrawn || state == .undeliverable
            #expect(reachable[state]?.contains(.delivered) == !isFinal, "\(state)")
            if isFinal { #expect(reachable[state] == [state]) }
        }
    }

    @Test func `what may have been seen is not withdrawn`() {
        for state in DeliveryState.allCases {
            let decision = DeliveryLife(state: state, failures: 0).decide(.withdraw, isSeen: true)
            #expect(decision == (state == .withdrawn ? .unchanged : .refuse))
        }
    }

    @Test func `who is given back begins from the beginning`() {
        for (state, act) in [(DeliveryState.held, DeliveryLife.Act.release), (.expired, .retry), (.delivered, .replay)]
        {
            #expect(
                DeliveryLife(state: state, failures: 5).decide(act, isSeen: true)
                    == .become(DeliveryLife(state: .waiting, failures: 0, hasEntered: state == .delivered)))
        }
    }

    @Test func `what was delivered once is never refused, expired or withdrawn afterwards`() {
        var open = [DeliveryLife(state: .delivered, failures: 0)]
        var known: Set<String> = []
        while let life = open.popLast() {
            #expect(life.hasEntered && ![.refused, .expired, .withdrawn].contains(life.state), "\(life)")
            for (_, decide) in Self.events {
                guard case .become(let next) = decide(life), known.insert("\(next)").inserted else { continue }
                if next.failures < DeliveryLife.maxFailures { open.append(next) }
            }
        }
        #expect(known.count > 3)
    }

    @Test func `a failure goes back to the list until the bound, then is held`() {
        var delivery = DeliveryLife(state: .waiting, failures: 0)
        for failure in 1...DeliveryLife.maxFailures {
            guard case .become(let next) = delivery.decide(.fail) else {
                Issue.record("failure \(failure) was not taken")
                return
            }
            #expect(next.failures == failure)
            #expect(next.state == (failure == DeliveryLife.maxFailures ? .held : .waiting))
            delivery = next
        }
        #expect(!delivery.state.isPending)
    }

    @Test func `the same failure reported twice counts once`() {
        let failed = DeliveryLife(state: .waiting, failures: 1, isTriedAgain: false)
        #expect(failed.decide(.fail) == .unchanged)
        #expect(DeliveryLife(state: .processing, failures: 1, isTriedAgain: false).decide(.fail) != .unchanged)
    }

    @Test func `a delivered document never leaves that state`() {
        for confirmation in DeliveryLife.Confirmation.allCases {
            if case .become = DeliveryLife(state: .delivered, failures: 3).decide(confirmation) {
                Issue.record("\(confirmation) moved a delivered document")
            }
        }
    }
}
