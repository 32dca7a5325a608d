// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CrashHarness

/// What the ledger lets pass of deliveries that are carried to an endpoint, and what it does not.
@Suite struct PushLedgerTests {
    private let name = Ledger.Name(agency: 0, number: 1)
    private let push = Ledger.Listed(docID: "d1", sha256: "aa")

    /// Sent by agency 0 to agency 1, which has an endpoint, and acknowledged.
    private func acknowledged() throws -> Ledger {
        var ledger = Ledger(maxFailures: 2, pushed: [1])
        ledger.sending(name, sha256: "aa", to: [1], isStatus: false)
        try ledger.acknowledged(name, receipt: "p1")
        return ledger
    }

    /// Come to the endpoint, answered with a receipt, and gone from the list.
    private func received() throws -> Ledger {
        var ledger = try acknowledged()
        #expect(try ledger.arrived(push, at: 1) == 1)
        ledger.receipted("d1")
        #expect(ledger.compare([[], []]) == [])
        return ledger
    }

    private func sent(isHeld: Bool = false, isDone: Bool) -> [Ledger.SentLine] {
        [
            Ledger.SentLine(
                receipt: "p1", docID: "d1", recipient: 1, isHeld: isHeld, isDone: isDone, isWithdrawn: false, word: nil)
        ]
    }

    @Test func `what is right passes`() throws {
        let ledger = try received()
        #expect(ledger.compare(sentBy: 0, sent(isDone: true)) == [])
        #expect(ledger.compare(history: ["d1": 1]) == [])
        // One that waits stands in the list; it may be delivered between two looks.
        var waiting = try acknowledged()
        #expect(waiting.compare([[], [push]]) == [])
        #expect(waiting.compare(sentBy: 0, sent(isDone: false)) == [])
        #expect(try waiting.arrived(push, at: 1) == 1)
        waiting.receipted("d1")
        #expect(waiting.compare(sentBy: 0, sent(isDone: true)) == [])
    }

    @Test func `gone without a receipt is lost`() throws {
        var ledger = try acknowledged()
        let lost = "acknowledged, and neither listed to 1 nor received there"
        #expect(ledger.compare([[], []]).map(\.what) == [lost])
        // That it came is not enough: the answer was no receipt.
        #expect(try ledger.arrived(push, at: 1) == 1)
        #expect(ledger.compare([[], []]).map(\.what) == [lost])
        #expect(ledger.compare(sentBy: 0, sent(isDone: true)).count == 1)
        #expect(ledger.compare([[], [push]]) == [])
    }

    @Test func `it may come again, as long as it is the same`() throws {
        var ledger = try received()
        #expect(try ledger.arrived(push, at: 1) == 2)
        #expect(ledger.compare([[], []]) == [])
        #expect(throws: Ledger.Violation(what: "d1 came with other bytes, SHA-256 bb", name: name)) {
            try ledger.arrived(Ledger.Listed(docID: "d1", sha256: "bb"), at: 1)
        }
        let other = Ledger.Name(agency: 0, number: 2)
        ledger.sending(other, sha256: "cc", to: [1], isStatus: false)
        #expect(throws: Ledger.Violation.self) { try ledger.arrived(Ledger.Listed(docID: "d1", sha256: "cc"), at: 1) }
    }

    @Test func `doubled under another id is found out`() throws {
        var ledger = try received()
        #expect(throws: Ledger.Violation(what: "agency 1 has it twice: d1 and d2", name: name)) {
            try ledger.arrived(Ledger.Listed(docID: "d2", sha256: "aa"), at: 1)
        }
    }

    @Test func `foreign bytes, another's bytes and bytes from nowhere are found out`() throws {
        var ledger = try acknowledged()
        #expect(throws: Ledger.Violation.self) { try ledger.arrived(Ledger.Listed(docID: "d3", sha256: "ff"), at: 1) }
        #expect(throws: Ledger.Violation.self) { try ledger.arrived(push, at: 0) }
        ledger.sending(Ledger.Name(agency: 1, number: 1), sha256: "dd", to: [0], isStatus: false)
        #expect(throws: Ledger.Violation(what: "pushed to 0, which has no endpoint", name: .init(agency: 1, number: 1)))
        {
            try ledger.arrived(Ledger.Listed(docID: "d4", sha256: "dd"), at: 0)
        }
    }

    @Test func `what was in doubt is settled by its arrival, and does not arrive after it was not there`() throws {
        var ledger = Ledger(maxFailures: 2, pushed: [1])
        ledger.sending(name, sha256: "aa", to: [1], isStatus: false)
        var late = ledger
        #expect(late.compare([[], []]) == [])
        #expect(throws: Ledger.Violation(what: "appeared after it had not been there", name: name)) {
            try late.arrived(push, at: 1)
        }
        #expect(try ledger.arrived(push, at: 1) == 1)
        #expect(ledger.compare([[], []]).map(\.what) == ["seen, and neither listed to 1 nor received there"])
    }

    @Test func `delivered stays delivered`() throws {
        var ledger = try received()
        #expect(ledger.compare([[], [push]]).map(\.what) == ["confirmed, and listed again to 1"])
        #expect(ledger.compare(sentBy: 0, sent(isDone: false)).count == 1)
        #expect(ledger.compare(sentBy: 0, sent(isHeld: true, isDone: true)).count == 1)
        #expect(ledger.compare(sentBy: 0, []).count == 1)
    }

    @Test func `the history says it once`() throws {
        let ledger = try received()
        #expect(ledger.compare(history: [:]).map(\.what) == ["d1 was delivered 0 times by the history"])
        #expect(ledger.compare(history: ["d1": 2]).map(\.what) == ["d1 was delivered 2 times by the history"])
    }
}
