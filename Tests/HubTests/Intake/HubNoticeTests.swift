// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import TestKit
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(2))) struct HubNoticeTests {
    @Test(arguments: [(HubNotice.maxNamed, nil), (HubNotice.maxNamed + 1, "và 1 nơi nhận khác")])
    func soManyRecipientsAreNamedAndTheRestIsCounted(unknown: Int, rest: String?) async throws {
        let test = try await TestHub.open()
        let names = (0..<unknown).map { "000.00.\(50 + $0).H52" }
        var builder = PackageBuilder()
        builder.to = [TestAgency.finance.code] + names
        #expect(try await test.send(builder.document()).refusedRecipients.map(\.written) == names)
        let line = try #require(try await test.pending(.construction, .status).first)
        let notice = String(decoding: try await test.fetch(line.id.uuid, by: .construction), as: UTF8.self)
        #expect(notice.contains("tới \(unknown) nơi nhận"))
        #expect(names.count { notice.contains($0) } == HubNotice.maxNamed)
        #expect(notice.contains(" nơi nhận khác") == (rest != nil))
        if let rest { #expect(notice.contains(rest)) }
        await test.close()
    }

    @Test func aNameIsShownUpToItsBound() async throws {
        let test = try await TestHub.open()
        var builder = PackageBuilder()
        let (fits, tooLong) = (String(repeating: "N", count: 100), String(repeating: "M", count: 101))
        // One character, if characters were counted.
        let stacked = "e" + String(repeating: "\u{301}", count: 20_000)
        builder.to = [TestAgency.finance.code, fits, tooLong, stacked]
        _ = try await test.send(builder.document())
        let line = try #require(try await test.pending(.construction, .status).first)
        let notice = String(decoding: try await test.fetch(line.id.uuid, by: .construction), as: UTF8.self)
        #expect(notice.contains(fits) && notice.contains(tooLong.dropLast()) && !notice.contains(tooLong))
        #expect(notice.unicodeScalars.count { $0 == "\u{301}" } < 100)
        await test.close()
    }
}
