// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Foundation
import Store
import TestKit
import Testing
import Trust

@testable import Hub

@Suite(.timeLimit(.minutes(2))) struct IntakeSessionTests {
    /// Regular files below a folder of the content directory.
    private func files(_ folder: String, _ test: TestHub) -> [String] {
        let root = "\(test.contentDirectory)/\(folder)"
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }
    }

    private func expectNothingStored(_ test: TestHub, _ comment: Comment? = nil) async throws {
        for folder in ["spool", "large", "segments"] { #expect(files(folder, test) == [], comment) }
        let packages = try await test.asOwner { try $0.query("SELECT id FROM package").count }
        #expect(packages == 0, comment)
    }

    private func refusal(_ body: () async throws -> Receipt) async -> Refusal? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? Refusal }
    }

    /// Longer than what waits in memory.
    private var large: PackageBuilder {
        var builder = PackageBuilder()
        builder.attachmentLength = 3 << 20
        return builder
    }

    @Test(arguments: [1, 1_000, 64 << 10, 10 << 20])
    func aPackageArrivesByteForByteHoweverItIsCut(pieces: Int) async throws {
        let test = try await TestHub.open()
        let bytes = try PackageBuilder().document()
        let receipt = try await test.send(bytes, pieces: pieces)
        #expect(receipt.isNew)
        #expect(receipt.refusedRecipients.isEmpty)
        let line = try #require(try await test.pending(.finance).first)
        #expect(try await test.fetch(line.id.uuid, by: .finance) == bytes)
        #expect(try await test.fetch(receipt.package.uuid, by: .construction) == bytes)
        #expect(try await test.confirm(line.id, .done, by: .finance).state == .delivered)
        #expect(try await test.pending(.finance).isEmpty)
        #expect(files("large", test) == [])
        #expect(files("spool", test) == [])
        await test.close()
    }

    @Test func theEnvelopeIsWhatThePackageSays() async throws {
        let test = try await TestHub.open()
        var builder = PackageBuilder()
        builder.urgency = .urgent
        builder.responseFor = [ResponseFor(organID: "000.00.14.H52", documentIDText: "000.00.14.H52,2026/01/02,7/STC")]
        let receipt = try await test.send(builder.document())
        let id = receipt.package.uuid
        let row = try await test.asOwner { connection -> [String] in
            let found = try connection.query(
                """
                SELECT concat_ws('|', kind, sender_written, system_id, package.document_id, code_number, code_notation,
                    promulgation_date, document_type, type_name, subject, signer_position, signer_name, urgency,
                    signature, encode(package.sha256, 'hex'), attachment.name, attachment.declared_type, attachment.length,
                    encode(attachment.sha256, 'hex'), relation, package_link.document_id, agencies) AS value
                FROM package JOIN attachment ON attachment.package_id = package.id
                JOIN package_link ON package_link.package_id = package.id WHERE package.id = $1
                """, [.uuid(id)])
            return try found.map { try $0.decode("value", as: String.self) }
        }
        let bytes = try builder.document()
        let expected: [String] = [
            "document", "000.00.13.H52", "qlvb.soxd", "000.00.13.H52,2026/03/05,12/SXD-VP", "12", "SXD-VP",
            "2026-03-05",
            "2", "Công văn", builder.subject, "Phó Giám đốc", "Người Ký Mẫu", "\(Urgency.urgent.rawValue)", "absent",
            SHA256Digest(of: bytes).hex, "van-ban.pdf", "application/pdf", "2000",
            SHA256Digest(of: builder.attachment).hex, "responds-to", "000.00.14.H52,2026/01/02,7/STC",
            #"["000.00.14.H52"]"#,
        ]
        #expect(row == [expected.joined(separator: "|")])
        await test.close()
    }

    @Test func aLongPackageBecomesAFileOfItsOwn() async throws {
        let test = try await TestHub.open()
        let bytes = try large.document()
        _ = try await test.send(bytes)
        #expect(files("large", test).count == 1)
        #expect(files("segments", test) == [])
        #expect(files("spool", test) == [])
        let line = try #require(try await test.pending(.finance).first)
        #expect(try await test.fetch(line.id.uuid, by: .finance) == bytes)
        await test.close()
    }

    @Test func whatTheHeaderDoesNotAllowIsNeverStored() async throws {
        let test = try await TestHub.open()
        var unknown = large
        unknown.to = [TestAgency.unknownCode]
        var foreign = large
        foreign.from = TestAgency.finance.code
        for (builder, expected) in [(unknown, Refusal.Code.recipientUnknown), (foreign, .senderNotYours)] {
            let session = try await test.hub.receive(test.submission(from: .construction))
            let bytes = try builder.document()
            let early = await refusal {
                // Long before its end.
                try await session.receive(Array(bytes.prefix(16 << 10)))
                return try await session.finish()
            }
            #expect(early?.code == expected)
            try await expectNothingStored(test)
        }
        #expect(await refusal { try await test.send(large.document(), .status) }?.code == .kindMismatch)
        try await expectNothingStored(test)
        await test.close()
    }

    @Test func whatIsBrokenIsRefusedAndFreed() async throws {
        let test = try await TestHub.open()
        for builder in [PackageBuilder(), large] {
            let bytes = try builder.document()
            let cut = Array(bytes.dropLast(20))
            #expect(await refusal { try await test.send(cut) }?.code == .packageMalformed)
            try await expectNothingStored(test, "cut")
            var garbled = bytes
            garbled[garbled.count - 3_000..<garbled.count - 2_990] = ArraySlice(repeating: UInt8(ascii: "!"), count: 10)
            let invalid = await refusal { try await test.send(garbled) }
            #expect(invalid?.code == .packageInvalid || invalid?.code == .packageMalformed)
            try await expectNothingStored(test, "garbled")
        }
        #expect(await refusal { try await test.send([]) }?.code == .packageMalformed)
        #expect(await refusal { try await test.send(Array("không phải XML".utf8)) }?.code == .packageMalformed)
        let endless = Array("<?xml version=\"1.0\"?><edXML><!--".utf8) + [UInt8](repeating: 0x20, count: 6 << 20)
        #expect(await refusal { try await test.send(endless) } != nil)
        try await expectNothingStored(test)
        await test.close()
    }

    @Test(arguments: [(0, 0), (1, 1)])
    func soMuchWaitsInMemoryAndNotAByteMore(beyond: Int, files count: Int) async throws {
        let test = try await TestHub.open()
        var builder = PackageBuilder()
        // In base64 nearly as long as it takes; few blanks fill the rest.
        builder.attachmentLength = 770_000
        var bytes = try builder.document()
        bytes += [UInt8](repeating: 0x0A, count: IntakeSession.maxInMemory + beyond - bytes.count)
        _ = try await test.send(bytes, pieces: 64 << 10)
        #expect(files("large", test).count == count)
        #expect(files("segments", test).count == 1 - count)
        let line = try #require(try await test.pending(.finance).first)
        #expect(try await test.fetch(line.id.uuid, by: .finance) == bytes)
        await test.close()
    }

    /// A registry that does not stand still long enough for any decision.
    @Test func aPackageIsDecidedSoOftenAndNotForEver() async throws {
        let test = try await TestHub.open()
        // Every look at the version finds a further one.
        try await test.asOwner { connection in
            for statement in [
                "CREATE SEQUENCE restless START 1000", "ALTER TABLE hub RENAME TO steady",
                "CREATE VIEW hub AS SELECT only_row, nextval('restless') AS registry_version FROM steady",
                "GRANT SELECT ON hub TO truc_runtime", "GRANT USAGE ON SEQUENCE restless TO truc_runtime",
            ] { try connection.query(statement) }
        }
        let refused = await refusal { try await test.send(PackageBuilder().document()) }
        #expect(refused?.code == .overloaded)
        #expect(refused?.detail?.contains("changed \(IntakeSession.maxDecisions) times") == true)
        #expect(try await test.asOwner { try $0.query("SELECT id FROM package").count } == 0)
        try await test.asOwner { connection in
            for statement in [
                "DROP VIEW hub", "ALTER TABLE steady RENAME TO hub", "UPDATE hub SET registry_version = 1000000",
            ] { try connection.query(statement) }
        }
        #expect(try await test.send(PackageBuilder().document()).isNew)
        await test.close()
    }

    @Test func anAbandonedPackageFreesItsPlace() async throws {
        let test = try await TestHub.open()
        let session = try await test.hub.receive(test.submission(from: .construction))
        let bytes = try large.document()
        for start in stride(from: 0, to: 2 << 20, by: 256 << 10) {
            try await session.receive(Array(bytes[start..<start + (256 << 10)]))
        }
        #expect(files("spool", test).count == 1)
        await session.abandon()
        try await expectNothingStored(test)
        await test.close()
    }

    @Test func aLongPackageThatIsKnownOrConflictsFreesItsPlace() async throws {
        let test = try await TestHub.open()
        let first = try await test.send(large.document())
        var rebuilt = large
        rebuilt.trace = [TraceHop(organID: TestAgency.construction.code, timestampText: "2026/03/05 10:00:00")]
        let again = try await test.send(rebuilt.document())
        #expect(
            again
                == Receipt(
                    package: first.package, acceptedAt: first.acceptedAt, isNew: false, refusedRecipients: [], hold: nil
                ))
        #expect(files("large", test).count == 1)
        var other = large
        other.seed = 2
        #expect(await refusal { try await test.send(other.document()) }?.code == .documentConflict)
        #expect(files("large", test).count == 1)

        var wider = large
        wider.to = [TestAgency.finance.code, TestAgency.stranger.code]
        let widened = try await test.send(wider.document())
        #expect(widened.package == first.package)
        #expect(files("large", test).count == 2)
        let line = try #require(try await test.pending(.stranger).first)
        #expect(try await test.fetch(line.id.uuid, by: .stranger) == wider.document())
        #expect(try await test.pending(.finance).count == 1)
        await test.close()
    }

    @Test func whoCannotBeReachedIsRefusedAloneAndTheSenderIsTold() async throws {
        let test = try await TestHub.open()
        try await test.close(.stranger, lastDay: "2026-02-28")
        var builder = PackageBuilder()
        builder.to = [
            TestAgency.unknownCode, TestAgency.finance.code, TestAgency.stranger.code, TestAgency.withoutSystem.code,
            TestAgency.outsideCode,
        ]
        let receipt = try await test.send(builder.document())
        #expect(receipt.isNew)
        #expect(
            receipt.refusedRecipients.map(\.refusal.code)
                == [.recipientUnknown, .recipientClosed, .recipientNoSystem, .recipientNoRoute])
        #expect(try await test.pending(.finance).count == 1)
        #expect(try await test.pending(.stranger).isEmpty)

        let lines = try await test.pending(.construction, .status)
        #expect(lines.map(\.senderWritten) == [TestAgency.hubCode])
        let notice = try await test.fetch(try #require(lines.first).id.uuid, by: .construction)
        let reader = PackageReader()
        reader.feed(notice)
        let reading = reader.finish()
        #expect(reading.verdict == .accept, "\(reading.findings)")
        let status = try #require(reading.header?.status)
        #expect(status.from.organID == TestAgency.hubCode)
        #expect(status.status == .returned)
        #expect(status.responseFor.organID == TestAgency.construction.code)
        #expect(try status.responseFor.documentID == builder.documentID)
        let text = try #require(status.description)
        for refused in receipt.refusedRecipients {
            #expect(text.contains(refused.written))
            #expect(text.contains(refused.refusal.code.rawValue))
        }
        // Nobody's word: the recipient has said nothing.
        let trace = try #require(try await test.database.trace(try builder.documentID.text))
        #expect(trace.statuses.isEmpty)
        // The same again tells the sender nothing new.
        _ = try await test.send(builder.document())
        #expect(try await test.pending(.construction, .status).count == 1)
        await test.close()
    }

    @Test func aNoticeAboutThousandsIsOneShortMessage() async throws {
        let test = try await TestHub.open()
        var builder = PackageBuilder()
        builder.to = [TestAgency.finance.code] + (0..<3_000).map { "nơi nhận \($0)" }
        let receipt = try await test.send(builder.document())
        #expect(receipt.refusedRecipients.count == 3_000)
        let lines = try await test.pending(.construction, .status)
        #expect(lines.count == 1)
        let notice = try await test.fetch(try #require(lines.first).id.uuid, by: .construction)
        #expect(notice.count < 16 << 10)
        await test.close()
    }

    @Test func aStatusGoesBackAndIsApplied() async throws {
        let test = try await TestHub.open()
        let builder = PackageBuilder()
        _ = try await test.send(builder.document())
        let bytes = try builder.status(.accepted)
        let receipt = try await test.send(bytes, from: .finance, .status)
        #expect(receipt.isNew)
        let line = try #require(try await test.pending(.construction, .status).first)
        #expect(try await test.fetch(line.id.uuid, by: .construction) == bytes)
        let trace = try #require(try await test.database.trace(try builder.documentID.text))
        #expect(trace.statuses.map(\.record?.latest) == [.accepted])
        // The same bytes again are the same message.
        #expect(try await test.send(bytes, from: .finance, .status).package == receipt.package)
        #expect(try await test.pending(.construction, .status).count == 1)
        await test.close()
    }

    @Test func aRecallCarriesItsLink() async throws {
        let test = try await TestHub.open()
        let builder = PackageBuilder()
        _ = try await test.send(builder.document())
        var recall = PackageBuilder(number: "13")
        var business = Business(kind: .recall)
        business.documentIDText = try builder.documentID.text
        recall.business = business
        // Who has read the document gets the recall.
        let line = try #require(try await test.pending(.finance).first)
        _ = try await test.fetch(line.id.uuid, by: .finance)
        let receipt = try await test.send(recall.document())
        #expect(try await test.pending(.finance).count == 2)
        let trace = try #require(try await test.database.trace(try builder.documentID.text))
        #expect(trace.packages.map(\.id).contains(receipt.package))
        #expect(trace.packages.map(\.kind) == [.document, .recall])
        await test.close()
    }

    @Test func anUpdateTakesTheDocumentFromWhomItRemoves() async throws {
        let test = try await TestHub.open()
        let builder = PackageBuilder()
        _ = try await test.send(builder.document())
        var update = PackageBuilder(number: "13")
        var business = Business(kind: .update)
        business.documentIDText = try builder.documentID.text
        business.documentReceiver = true
        business.receivers = [
            Business.ReceiverChange(organID: TestAgency.finance.code, type: 0),
            Business.ReceiverChange(organID: "không có", type: 1),
        ]
        update.business = business
        _ = try await test.send(update.document())
        #expect(try await test.pending(.finance).isEmpty)
        let trace = try #require(try await test.database.trace(try builder.documentID.text))
        #expect(trace.deliveries.map(\.state) == [.withdrawn, .withdrawn])
        #expect(trace.packages.map(\.statusEffect) == [nil, .applied])
        await test.close()
    }

    @Test func aPackageIsDecidedAnewWhenTheRegistryHasChanged() async throws {
        let test = try await TestHub.open()
        func send(_ builder: PackageBuilder, whileSomebody changes: () async throws -> Void) async throws -> Receipt {
            let session = try await test.hub.receive(test.submission(from: .construction))
            try await session.receive(builder.document())
            try await changes()
            return try await session.finish()
        }
        var both = large
        both.to = [TestAgency.finance.code, TestAgency.stranger.code]
        let receipt = try await send(both) { try await test.close(.stranger, lastDay: "2026-02-28") }
        #expect(receipt.refusedRecipients.map(\.refusal.code) == [.recipientClosed])
        #expect(try await test.pending(.stranger).isEmpty)
        #expect(files("large", test).count == 1)

        var second = large
        second.number = "13"
        let refused = await refusal {
            try await send(second) {
                try await test.asOwner { connection in
                    try connection.transaction {
                        try connection.query("UPDATE system SET disabled = true WHERE id = 'qlvb.soxd'")
                        try connection.query("UPDATE hub SET registry_version = registry_version + 1")
                    }
                }
            }
        }
        #expect(refused?.code == .systemDisabled)
        #expect(files("large", test).count == 1)
        #expect(try await test.pending(.finance).count == 1)
        await test.close()
    }

    @Test func theDigestIsOfWhatHasCome() async throws {
        let test = try await TestHub.open()
        let bytes = try PackageBuilder().document()
        let session = try await test.hub.receive(test.submission(from: .construction))
        try await session.receive(Array(bytes.prefix(100)))
        #expect(session.digest == SHA256Digest(of: bytes.prefix(100)))
        try await session.receive(Array(bytes.dropFirst(100)))
        #expect(session.digest == SHA256Digest(of: bytes))
        await session.abandon()
        await test.close()
    }

    /// Many sessions at once, each package in its recipient's list once and whole.
    @Test func sessionsDoNotMixTheirBytes() async throws {
        let test = try await TestHub.open()
        let builders = (0..<60).map { number in
            var builder = PackageBuilder(number: number)
            builder.seed = UInt64(number)
            builder.attachmentLength = number % 10 == 0 ? 2 << 20 : 5_000
            return builder
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for builder in builders {
                group.addTask { _ = try await test.send(builder.document(), pieces: 40_000) }
            }
            try await group.waitForAll()
        }
        var digests: [SHA256Digest] = []
        for line in try await test.pending(.finance) {
            digests.append(SHA256Digest(of: try await test.fetch(line.id.uuid, by: .finance)))
        }
        #expect(digests.count == 60)
        #expect(Set(digests) == Set(try builders.map { SHA256Digest(of: try $0.document()) }))
        await test.close()
    }
}
