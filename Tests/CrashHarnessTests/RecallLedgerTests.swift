// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import CrashHarness

/// What the ledger lets pass of recalls and what it does not.
@Suite struct RecallLedgerTests {
    private let document = Ledger.Name(agency: 0, number: 1)
    private let recall = Ledger.Name(agency: 0, number: 2)
    private let line = Ledger.Listed(docID: "d1", sha256: "aa")
    private let asked = Ledger.Listed(docID: "d2", sha256: "bb")

    /// A document that agency 1 has not fetched.
    private func sent() throws -> Ledger {
        var ledger = Ledger(maxFailures: 2)
        ledger.sending(document, sha256: "aa", to: [1], isStatus: false)
        try ledger.acknowledged(document, receipt: "p1")
        return ledger
    }

    private func recalled(_ ledger: Ledger, isAcknowledged: Bool = true) throws -> Ledger {
        var ledger = ledger
        ledger.sending(recall, sha256: "bb", to: [1], isStatus: false, recalls: document)
        if isAcknowledged { try ledger.acknowledged(recall, receipt: "p2") }
        return ledger
    }

    private func look(_ ledger: inout Ledger, _ list: [Ledger.Listed]) -> [String] {
        ledger.beginLook()
        return ledger.compare([[], list]).map(\.what)
    }

    private func sentLine(
        _ receipt: String, _ docID: String, isWithdrawn: Bool, _ word: DocumentStatus? = nil
    ) -> Ledger.SentLine {
        Ledger.SentLine(
            receipt: receipt, docID: docID, recipient: 1, isHeld: false, isDone: false, isWithdrawn: isWithdrawn,
            word: word)
    }

    @Test func `unseen it is gone with the recall, and stays so`() throws {
        var ledger = try recalled(try sent())
        #expect(look(&ledger, []) == [])
        let lines = [sentLine("p1", "d1", isWithdrawn: true), sentLine("p2", "d2", isWithdrawn: true)]
        #expect(ledger.compare(sentBy: 0, lines) == [])
        #expect(ledger.compare(sentBy: 0, [sentLine("p1", "d1", isWithdrawn: false), lines[1]]).count == 2)
        #expect(look(&ledger, [line]).contains("withdrawn from agency 1, and there again"))
        #expect(look(&ledger, [asked]).contains("withdrawn from agency 1, and there again"))
    }

    @Test func `unseen it may not stay`() throws {
        var ledger = try recalled(try sent())
        #expect(look(&ledger, [line]).contains("recalled before anybody saw it, and listed"))
        var told = try recalled(try sent())
        #expect(look(&told, [asked]).contains("recalled before anybody saw it, and listed"))
    }

    @Test func `seen it stays, and the recall comes`() throws {
        var seen = try sent()
        #expect(look(&seen, [line]) == [])
        var ledger = try recalled(seen)
        #expect(look(&ledger, [line, asked]) == [])
        let other = sentLine("p2", "d2", isWithdrawn: false)
        #expect(ledger.compare(sentBy: 0, [sentLine("p1", "d1", isWithdrawn: false, .recallRequested), other]) == [])
        #expect(ledger.compare(sentBy: 0, [sentLine("p1", "d1", isWithdrawn: false), other]).count == 1)
        #expect(look(&ledger, [line]) == ["acknowledged, and neither listed to 1 nor final"])
        #expect(look(&ledger, [asked]) == ["acknowledged, and neither listed to 1 nor final"])
        #expect(ledger.compare(sentBy: 0, [sentLine("p1", "d1", isWithdrawn: true)]).count >= 2)
    }

    @Test func `whether a fetch without an answer was one is for the hub to say, once`() throws {
        var doubted = try sent()
        doubted.fetching("d1", by: 1)
        var ledger = try recalled(doubted)
        var other = ledger
        #expect(look(&ledger, [line, asked]) == [])
        #expect(look(&other, []) == [])
        #expect(!look(&other, [line, asked]).isEmpty)
        // A fetch that was refused because of the recall was none.
        var refused = try recalled(doubted)
        #expect(refused.mayBeWithdrawn("d1", from: 1) && !refused.mayBeWithdrawn("d1", from: 2))
        refused.refused("d1", to: 1)
        #expect(look(&refused, [line, asked]).contains("recalled before anybody saw it, and listed"))
    }

    @Test func `a recall in doubt came or did not, and only where it was meant`() throws {
        var ledger = try recalled(try sent(), isAcknowledged: false)
        var other = ledger
        #expect(look(&ledger, []) == [])
        #expect(ledger.packages[recall]?.presence == .present)
        // Its receipt never came, and nobody saw it: the sender's list names it first.
        let lines = [sentLine("p1", "d1", isWithdrawn: true), sentLine("p2", "d2", isWithdrawn: true)]
        #expect(ledger.compare(sentBy: 0, lines) == [])
        #expect(ledger.compare(sentBy: 0, [lines[0], sentLine("p2", "d2", isWithdrawn: false)]).count == 2)
        #expect(ledger.compare(sentBy: 0, lines + [sentLine("p3", "d3", isWithdrawn: true)]).count == 1)
        #expect(look(&other, [line]) == [])
        #expect(other.packages[recall]?.presence == .absent)
        #expect(look(&other, []) == ["acknowledged, and neither listed to 1 nor final"])
        // Nobody asked for this one back.
        var lost = try recalled(try sent())
        lost.sending(Ledger.Name(agency: 0, number: 3), sha256: "cc", to: [1], isStatus: false)
        try lost.acknowledged(Ledger.Name(agency: 0, number: 3), receipt: "p3")
        #expect(look(&lost, []) == ["acknowledged, and neither listed to 1 nor final"])
    }

    @Test func `what can be recalled is acknowledged, no recall, and not recalled yet`() throws {
        var ledger = try sent()
        #expect(ledger.recallable(by: 0) == [document] && ledger.recallable(by: 1) == [])
        ledger.sending(Ledger.Name(agency: 0, number: 3), sha256: "cc", to: [1], isStatus: false)
        #expect(ledger.recallable(by: 0) == [document])
        #expect(try recalled(ledger).recallable(by: 0) == [])
    }
}
