// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import CrashHarness

/// What the ledger lets pass and what it does not.
@Suite struct LedgerTests {
    private let name = Ledger.Name(agency: 0, number: 1)
    private var target: Ledger.Target { Ledger.Target(name: name, recipient: 1) }
    private let line = Ledger.Listed(docID: "d1", sha256: "aa")

    /// Sent by agency 0 to agency 1, and acknowledged.
    private func acknowledged() throws -> Ledger {
        var ledger = Ledger(maxFailures: 2)
        ledger.sending(name, sha256: "aa", to: [1], isStatus: false)
        try ledger.acknowledged(name, receipt: "p1")
        return ledger
    }

    private func listed() throws -> Ledger {
        var ledger = try acknowledged()
        #expect(ledger.compare([[], [line]]) == [])
        return ledger
    }

    @Test func `acknowledged and gone is lost`() throws {
        var ledger = try acknowledged()
        #expect(ledger.compare([[], []]).map(\.what) == ["acknowledged, and neither listed to 1 nor final"])
        var seen = try listed()
        #expect(seen.compare([[], [line]]) == [])
        #expect(seen.compare([[], []]).count == 1)
    }

    @Test func `nothing stands twice, or with another id, or under another's name`() throws {
        var ledger = try acknowledged()
        #expect(ledger.compare([[], [line, line]]).map(\.what) == ["listed twice to 1"])
        #expect(!ledger.compare([[], [line, Ledger.Listed(docID: "d2", sha256: "aa")]]).isEmpty)
        #expect(ledger.compare([[line], [line]]).map(\.what) == ["agency 0 got what was not sent to it"])
        let foreign = Ledger.Listed(docID: "d3", sha256: "bb")
        #expect(ledger.compare([[], [line, foreign]]).count == 1)
        #expect(throws: Ledger.Violation.self) { try ledger.acknowledged(name, receipt: "p2") }
    }

    @Test func `what was in doubt is settled by the first quiet look`() throws {
        var ledger = Ledger(maxFailures: 2)
        ledger.sending(name, sha256: "aa", to: [1], isStatus: false)
        #expect(ledger.doubted == [name])
        #expect(ledger.compare([[], []]) == [])
        // It was not there; by itself it may not come.
        #expect(ledger.compare([[], [line]]).first?.what == "appeared after it had not been there")
        ledger.sending(name, sha256: "aa", to: [1], isStatus: false)
        #expect(ledger.compare([[], [line]]) == [])
        // It was there; by itself it may not go.
        #expect(ledger.compare([[], []]).map(\.what) == ["seen, and neither listed to 1 nor final"])
    }

    @Test func `a part of the recipients is too few`() throws {
        var ledger = Ledger(maxFailures: 2)
        ledger.sending(name, sha256: "aa", to: [1, 2], isStatus: false)
        #expect(ledger.compare([[], [line], []]).map(\.what) == ["seen, and neither listed to 2 nor final"])
    }

    @Test func `a confirmation counts for good`() throws {
        var ledger = try listed()
        ledger.confirming("d1", .done)
        ledger.confirmed("d1", .done)
        #expect(ledger.compare([[], []]) == [])
        #expect(ledger.compare([[], [line]]).map(\.what) == ["confirmed, and listed again to 1"])
        // One without an answer is settled by the next look.
        var doubted = try listed()
        doubted.confirming("d1", .done)
        #expect(doubted.compare([[], [line]]) == [])
        #expect(doubted.compare([[], []]).count == 1)
        doubted.confirming("d1", .done)
        #expect(doubted.compare([[], []]) == [])
        #expect(doubted.compare([[], [line]]).count == 1)
    }

    @Test func `held at the bound, not before and not later`() throws {
        var ledger = try listed()
        ledger.confirming("d1", .fail)
        ledger.confirmed("d1", .fail)
        #expect(ledger.compare([[], [line]]) == [])
        var early = ledger
        #expect(early.compare([[], []]).count == 1)
        ledger.confirming("d1", .fail)
        var doubted = ledger
        #expect(doubted.compare([[], []]) == [])
        ledger.confirmed("d1", .fail)
        #expect(ledger.compare([[], []]) == [])
        #expect(ledger.compare([[], [line]]).map(\.what) == ["failed 2 times and not held"])
    }

    @Test func `the sender's list says what the ledger says`() throws {
        var ledger = try listed()
        let sent = Ledger.SentLine(
            receipt: "p1", docID: "d1", recipient: 1, isHeld: false, isDone: false, isWithdrawn: false, word: nil)
        func said(_ word: DocumentStatus) -> Ledger.SentLine {
            Ledger.SentLine(
                receipt: "p1", docID: "d1", recipient: 1, isHeld: false, isDone: false, isWithdrawn: false, word: word)
        }
        #expect(ledger.compare(sentBy: 0, [sent]) == [])
        #expect(ledger.compare(sentBy: 0, []).count == 1)
        #expect(ledger.compare(sentBy: 0, [sent, sent]).count == 1)
        let wrong = [
            Ledger.SentLine(
                receipt: "p9", docID: "d9", recipient: 1, isHeld: false, isDone: false, isWithdrawn: false, word: nil),
            Ledger.SentLine(
                receipt: "p1", docID: "d1", recipient: 1, isHeld: true, isDone: false, isWithdrawn: false, word: nil),
            Ledger.SentLine(
                receipt: "p1", docID: "d1", recipient: 1, isHeld: false, isDone: true, isWithdrawn: false, word: nil),
            said(.accepted),
        ]
        for line in wrong { #expect(!ledger.compare(sentBy: 0, [line]).isEmpty, "\(line)") }

        // A status in doubt may show or not; an acknowledged one must.
        ledger.speaking(target, .accepted)
        #expect(ledger.compare(sentBy: 0, [sent]) == [] && ledger.compare(sentBy: 0, [said(.accepted)]) == [])
        ledger.spoke(target, .accepted, atOnce: true)
        #expect(ledger.compare(sentBy: 0, [said(.accepted)]) == [] && ledger.compare(sentBy: 0, [sent]).count == 1)
        ledger.speaking(target, .completed)
        ledger.spoke(target, .completed, atOnce: true)
        #expect(ledger.compare(sentBy: 0, [said(.accepted)]).count == 1)
        // What was said again after a doubt may have counted before the other or after it.
        ledger.speaking(target, .arrived)
        ledger.spoke(target, .arrived, atOnce: false)
        #expect(
            ledger.compare(sentBy: 0, [said(.completed)]) == [] && ledger.compare(sentBy: 0, [said(.arrived)]) == [])
    }

    @Test func `it stands in the list, or is done, or is held, and only one of them`() throws {
        func sent(isHeld: Bool, isDone: Bool) -> [Ledger.SentLine] {
            [
                Ledger.SentLine(
                    receipt: "p1", docID: "d1", recipient: 1, isHeld: isHeld, isDone: isDone, isWithdrawn: false,
                    word: nil)
            ]
        }
        var ledger = try listed()
        for _ in 1...2 {
            ledger.confirming("d1", .fail)
            ledger.confirmed("d1", .fail)
        }
        #expect(ledger.compare(sentBy: 0, sent(isHeld: true, isDone: false)).count == 1)
        #expect(ledger.compare([[], []]) == [])
        #expect(ledger.compare(sentBy: 0, sent(isHeld: true, isDone: false)) == [])
        #expect(ledger.compare(sentBy: 0, sent(isHeld: false, isDone: false)).count == 1)
    }

    /// A hub that forgets, doubles or invents once in a while never passes for a good one, and a good one passes.
    @Test(arguments: [Sin.none, .forgets, .doubles, .revives])
    func `a lossy hub is found out`(sin: Sin) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var hub = FakeHub(sin: sin, generator: SeededGenerator(seed: seed))
            #expect(try hub.run(packages: 60).isEmpty == (sin == .none), "seed \(seed)")
        }
    }

    enum Sin: Sendable { case none, forgets, doubles, revives }

    /// Takes packages, loses answers at random, and commits its sin at one of them.
    private struct FakeHub {
        let sin: Sin
        var generator: SeededGenerator
        var ledger = Ledger(maxFailures: 5)
        var list: [Ledger.Listed] = []
        var finished: [Ledger.Listed] = []
        var hasSinned = false

        init(sin: Sin, generator: SeededGenerator) {
            self.sin = sin
            self.generator = generator
        }

        mutating func run(packages: Int) throws -> [Ledger.Violation] {
            var violations: [Ledger.Violation] = []
            for number in 0..<packages {
                let name = Ledger.Name(agency: 0, number: number)
                ledger.sending(name, sha256: "sha\(number)", to: [1], isStatus: false)
                let isTaken = Bool.random(using: &generator)
                if isTaken { list.append(Ledger.Listed(docID: "d\(number)", sha256: "sha\(number)")) }
                if isTaken, Bool.random(using: &generator) { try ledger.acknowledged(name, receipt: "p\(number)") }
                violations += ledger.compare([[], list])
                if Bool.random(using: &generator), let line = list.first {
                    list.removeFirst()
                    finished.append(line)
                    ledger.confirming(line.docID, .done)
                    if Bool.random(using: &generator) { ledger.confirmed(line.docID, .done) }
                    violations += ledger.compare([[], list])
                }
                if number >= packages / 2, !hasSinned, !list.isEmpty, !finished.isEmpty { commitSin() }
            }
            return violations + ledger.compare([[], list])
        }

        private mutating func commitSin() {
            hasSinned = true
            switch sin {
            case .none: break
            case .forgets: list.removeLast()
            case .doubles: list.append(Ledger.Listed(docID: "other", sha256: list[0].sha256))
            case .revives: list.append(finished[0])
            }
        }
    }
}
