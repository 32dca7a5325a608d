// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(2))) struct MailboxTests {
    private func code<T>(_ body: () async throws -> T) async -> Refusal.Code? {
        do {
            _ = try await body()
            return nil
        } catch { return (error as? Refusal)?.code }
    }

    @Test func aThirdSystemSeesFetchesAndConfirmsNothing() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(PackageBuilder().document())
        let line = try #require(try await test.pending(.finance).first)
        for type in MessageType.allCases { #expect(try await test.pending(.stranger, type).isEmpty) }
        for id in [line.id.uuid, receipt.package.uuid, UUID()] {
            #expect(await code { try await test.fetch(id, by: .stranger) } == .packageNotFound)
            #expect(
                await code { try await test.confirm(DeliveryID(uuid: id), .done, by: .stranger) } == .packageNotFound)
        }
        let mine = try await test.agencies(ofSystemOf: .stranger)
        let sent = try await test.hub.mailbox.sent(
            mine, .edoc, package: receipt.package, from: nil, to: nil, after: nil)
        #expect(sent.isEmpty)
        #expect(try await test.pending(.finance).map(\.state) == [.waiting])
        await test.close()
    }

    @Test func oneSystemReadsForAllItsAgencies() async throws {
        let test = try await TestHub.open()
        var builder = PackageBuilder()
        builder.to = [TestAgency.finance.code, TestAgency.treasury.code]
        _ = try await test.send(builder.document())
        #expect(try await test.pending(.finance).map(\.recipientWritten) == builder.to)
        await test.close()
    }

    @Test(arguments: [2_000, 3 << 20])
    func damagedContentIsNeverWhole(length: Int) async throws {
        let test = try await TestHub.open()
        var builder = PackageBuilder()
        builder.attachmentLength = length
        let bytes = try builder.document()
        _ = try await test.send(bytes)
        let root = test.contentDirectory
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        let name = try #require(names.first { $0.hasSuffix(".seg") || $0.hasSuffix(".edxml") })
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(root)/\(name)"))
        // Somewhere in the payload's second half.
        try handle.seek(toOffset: UInt64(bytes.count * 3 / 4))
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: UInt64(bytes.count * 3 / 4))
        try handle.write(contentsOf: [~byte])
        try handle.close()
        let line = try #require(try await test.pending(.finance).first)
        #expect(await code { try await test.fetch(line.id.uuid, by: .finance) } == .contentDamaged)
        await test.close()
    }
}
