// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import TestKit
import Testing

@testable import Hub

@Suite struct IntakeSessionTests {
    @Test func aPackageArrivesByteForByte() async throws {
        let test = try await TestHub.open()
        let bytes = try PackageBuilder().document()
        let receipt = try await test.send(bytes)
        #expect(receipt.isNew)
        #expect(receipt.refusedRecipients.isEmpty)
        let line = try #require(try await test.pending(.finance).first)
        #expect(try await test.fetch(line.id.uuid, by: .finance) == bytes)
        #expect(try await test.confirm(line.id, .done, by: .finance).state == .delivered)
        #expect(try await test.pending(.finance).isEmpty)
        await test.close()
    }
}
