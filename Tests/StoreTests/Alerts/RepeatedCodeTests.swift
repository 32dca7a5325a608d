// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct RepeatedCodeTests {
    private func accept(
        _ document: String, _ number: String?, _ notation: String?, from sender: TestAgency = .construction,
        year: Int = 2026, kind: PackageKind = .document, to recipients: [TestAgency] = [.finance], _ bench: AcceptBench
    ) async throws {
        let date = try CalendarDate(iso8601: "\(year)-03-05")
        let acceptance = try bench.acceptance(
            document, from: sender, to: recipients, kind: kind,
            content: "\(document) \(sender.code) \(recipients.count)"
        ) { envelope in
            envelope.codeNumber = number
            envelope.codeNotation = notation
            envelope.promulgationDate = date
        }
        _ = try await bench.store.accept(acceptance)
    }

    private var later: Instant { Instant.now().advanced(by: Database.codeDelay + .seconds(1)) }

    @Test func `the same number and notation of one sender in one year, under another id`() async throws {
        let bench = try await AcceptBench()
        try await accept("VB-1", "15", "SXD-VP", bench)
        // None of these repeats it.
        try await accept("VB-2", "16", "SXD-VP", bench)
        try await accept("VB-3", "15", "SXD-TC", bench)
        try await accept("VB-4", "15", "SXD-VP", year: 2025, bench)
        try await accept("VB-5", "15", "SXD-VP", from: .stranger, bench)
        try await accept("VB-6", nil, nil, bench)
        try await accept("VB-7", nil, nil, bench)
        try await accept("CN-1", "15", "SXD-VP", kind: .update, bench)
        try await accept("VB-1", "15", "SXD-VP", to: [.finance, .treasury], bench)
        #expect(try await bench.database.findRepeatedCodes(at: .now()) == (0, false))
        #expect(try await bench.database.findRepeatedCodes(at: later) == (0, false))
        // In the other form of the same letters.
        try await accept("VB-8", "15", "SXD-VP", bench)
        try await accept("VB-9", "15", "SXD-VP", bench)
        #expect(try await bench.database.findRepeatedCodes(at: later) == (2, false))
        #expect(try await bench.database.findRepeatedCodes(at: later) == (0, false))
        let found = try await bench.database.repeatedCodes(limit: 10)
        #expect(Set(found.map(\.documentID)) == ["VB-8", "VB-9"])
        #expect(found.allSatisfy { $0.otherDocumentID == "VB-1" && $0.code == "15/SXD-VP" })
        #expect(try await bench.count("history WHERE event = 'package.code-repeated'") == 2)
        let notices = try await bench.database.dueAlertNotices(limit: 10)
        #expect(notices.map(\.addressee) == [.sender, .sender])
        for notice in notices {
            guard case .repeatedCode(let document, _) = notice.matter else {
                Issue.record("\(notice)")
                continue
            }
            #expect(document == "VB-1")
            try await bench.database.alertNoticeTold(notice)
        }
        #expect(try await bench.database.dueAlertNotices(limit: 10).isEmpty)
        // Nothing is refused.
        #expect(try await bench.pending(.finance).count == 10)
        await bench.close()
    }

    @Test func `a letter in two forms is one letter, and two nodes find it once`() async throws {
        let bench = try await AcceptBench()
        try await accept("VB-1", "15", "Đề án-ế", bench)
        try await accept("VB-2", "15", "Đề án-e\u{302}\u{301}", bench)
        let now = later
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await bench.database.findRepeatedCodes(at: now).found } }
            return try await group.reduce(0, +)
        }
        #expect(found == 1)
        await bench.close()
    }
}
