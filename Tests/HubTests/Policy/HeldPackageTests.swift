// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Foundation
import Store
import TestKit
import Testing

@testable import Hub

/// What looks like a document that may not travel, on its way through a real hub.
@Suite(.timeLimit(.minutes(2))) struct HeldPackageTests {
    private static let secret = "Phương án bố trí lực lượng bí số 7"

    private func held(_ number: String = "12", to: [String] = [TestAgency.finance.code]) -> PackageBuilder {
        var builder = PackageBuilder(number: number)
        builder.to = to
        builder.subject = "TỐI MẬT: \(Self.secret)"
        return builder
    }

    private func take(_ word: SenderWord, _ receipt: Receipt, _ test: TestHub, by agency: TestAgency = .construction)
        async throws -> Int
    {
        try await test.hub.mailbox.take(
            word, on: receipt.package, description: "Đã xem", agencies: try await test.agencies(ofSystemOf: agency),
            system: try agency.systemID, request: RequestID())
    }

    private func states(_ test: TestHub) async throws -> [String] {
        try await test.asOwner { connection in
            try connection.query(
                """
                SELECT concat_ws(' ', delivery.state, delivery.refusal) AS value FROM delivery
                JOIN package ON package.id = delivery.package_id WHERE system_id IS NOT NULL ORDER BY delivery.id
                """
            ).map { try $0.decode("value", as: String.self) }
        }
    }

    @Test func itIsKeptFromItsRecipientsUntilItsSenderConfirms() async throws {
        let test = try await TestHub.open()
        let bytes = try held(to: [TestAgency.finance.code, TestAgency.stranger.code, TestAgency.unknownCode]).document()
        let receipt = try await test.send(bytes)
        #expect(receipt.isNew && receipt.hold?.code == .confirmationNeeded)
        #expect(receipt.hold?.detail?.hasPrefix("\"TỐI MẬT\"; NĐ 30/2020") == true)
        let awaited = "held policy.confirmation-needed"
        #expect(try await states(test) == [awaited, awaited, "undeliverable recipient.unknown"])
        #expect(try await test.pending(.finance).isEmpty)
        let registry = try await test.hub.registry.current()
        #expect(try await test.hub.mailbox.countPending(registry.agencies(of: TestAgency.finance.systemID), .edoc) == 0)

        // Its recipient, who could only guess the id, learns nothing.
        let ids = try await test.asOwner { connection in
            try connection.query("SELECT id FROM delivery WHERE state = 'held' ORDER BY id").map {
                DeliveryID(uuid: try $0.decode("id", as: UUID.self))
            }
        }
        for id in ids {
            await #expect(throws: Refusal(.packageNotFound)) { try await test.fetch(id.uuid, by: .finance) }
            await #expect(throws: Refusal(.packageNotFound)) { try await test.confirm(id, .done, by: .finance) }
        }

        // The sender is told once, and by whom.
        let notices = try await test.pending(.construction, .status)
        #expect(notices.count == 1)
        let notice = String(
            decoding: try await test.fetch(try #require(notices.first).id.uuid, by: .construction), as: UTF8.self)
        #expect(notice.contains("[policy.confirmation-needed]") && notice.contains("[recipient.unknown]"))
        #expect(notice.contains("updateStatus") && !notice.contains(Self.secret))
        #expect(try await test.send(bytes).isNew == false)
        #expect(try await test.pending(.construction, .status).count == 1)

        // Nobody else's word counts.
        await #expect(throws: Refusal(.packageNotFound)) { try await take(.confirm, receipt, test, by: .finance) }
        #expect(try await take(.confirm, receipt, test) == 2)
        #expect(try await take(.confirm, receipt, test) == 0)
        #expect(try await take(.decline, receipt, test) == 0)
        #expect(try await states(test) == ["waiting", "waiting", "undeliverable recipient.unknown"])
        let line = try #require(try await test.pending(.finance).first)
        #expect(try await test.fetch(line.id.uuid, by: .finance) == bytes)
        #expect(try await test.confirm(line.id, .done, by: .finance).state == .delivered)
        await test.close()
    }

    @Test func whatItsSenderDeclinesIsWithdrawnForGood() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held().document())
        #expect(try await take(.decline, receipt, test) == 1)
        #expect(try await take(.confirm, receipt, test) == 0)
        #expect(try await states(test) == ["withdrawn"])
        #expect(try await test.pending(.finance).isEmpty)
        // Nobody asked about this one.
        let plain = try await test.send(PackageBuilder(number: "13").document())
        await #expect(throws: Refusal(.packageNotFound)) { try await take(.confirm, plain, test) }
        #expect(plain.hold == nil)
        await test.close()
    }

    @Test func theOperatorReleasesItWithTheSendersRecordedWord() async throws {
        let test = try await TestHub.open()
        _ = try await test.send(held().document())
        let id = try await test.asOwner { connection in
            DeliveryID(uuid: try connection.query("SELECT id FROM delivery WHERE state = 'held'").only().decode("id"))
        }
        let moved = try await test.database.order(
            .release, id, reason: "Công văn 9/SXD-VP xác nhận", actor: "operator:test", at: .now())
        #expect(moved.after == .waiting)
        #expect(try await test.pending(.finance).count == 1)
        await test.close()
    }

    @Test func furtherRecipientsOfItAreHeldToo() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held().document())
        #expect(try await take(.confirm, receipt, test) == 1)
        let more = try await test.send(held(to: [TestAgency.finance.code, TestAgency.stranger.code]).document())
        #expect(more.package == receipt.package && more.hold != nil)
        #expect(try await states(test) == ["waiting", "held policy.confirmation-needed"])
        #expect(try await take(.confirm, receipt, test) == 1)
        #expect(try await test.pending(.stranger).count == 1)
        await test.close()
    }

    @Test func aResendSaysThatItIsStillHeldAndTheWordIsKnownByWhicheverReceipt() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held().document())
        let again = try await test.send(held().document())
        #expect(!again.isNew && again.hold?.code == .confirmationNeeded)
        // Released by the operator: the sender's word comes late, and is no mistake.
        let id = try await test.asOwner { connection in
            DeliveryID(uuid: try connection.query("SELECT id FROM delivery WHERE state = 'held'").only().decode("id"))
        }
        _ = try await test.database.order(.release, id, reason: "Thử", actor: "operator:test", at: .now())
        #expect(try await take(.confirm, receipt, test) == 0)
        #expect(try await test.send(held().document()).hold == nil)
        await test.close()
    }

    @Test func anUpdateOfItWaitsWithIt() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held().document())
        var update = PackageBuilder(number: "12")
        update.business = Business(kind: .update)
        let second = try await test.send(update.document())
        #expect(second.hold?.code == .documentAwaited)
        #expect(
            try await states(test) == ["held policy.confirmation-needed", "held policy.document-awaited"])
        #expect(try await test.pending(.finance).isEmpty)
        #expect(try await take(.confirm, receipt, test) == 1)
        #expect(try await states(test) == ["waiting", "waiting"])
        await test.close()
    }

    /// A document that waits for its sender's word at Finance and at the stranger, with an update that waits for it.
    private func heldWithUpdate(_ test: TestHub) async throws -> (receipt: Receipt, deliveries: [DeliveryID]) {
        let both = [TestAgency.finance.code, TestAgency.stranger.code]
        let receipt = try await test.send(held(to: both).document())
        var update = PackageBuilder(number: "12")
        update.to = both
        update.business = Business(kind: .update)
        #expect(try await test.send(update.document()).hold?.code == .documentAwaited)
        let ids = try await test.asOwner { connection in
            try connection.query("SELECT id FROM delivery WHERE state = 'held' ORDER BY id").map {
                DeliveryID(uuid: try $0.decode("id"))
            }
        }
        return (receipt, ids)
    }

    private func events(_ test: TestHub, _ name: String) async throws -> [DeliveryID] {
        try await test.asOwner { connection in
            try connection.query("SELECT delivery_id FROM history WHERE event = $1 ORDER BY delivery_id", [.text(name)])
                .map { DeliveryID(uuid: try $0.decode("delivery_id")) }
        }
    }

    @Test func theUpdateOfWhatAnOperatorGivesUpIsGivenUpWithItAndItsSenderIsTold() async throws {
        let test = try await TestHub.open()
        let (receipt, ids) = try await heldWithUpdate(test)
        let moved = try await test.database.order(
            .expire, ids[0], reason: "Công văn 9/SXD-VP", actor: "operator:test", at: .now())
        #expect(moved.after == .expired)
        let (expired, awaiting) = ("expired delivery.expired", "held policy.document-awaited")
        // At this recipient and at no other.
        #expect(try await states(test) == [expired, "held policy.confirmation-needed", expired, awaiting])
        #expect(try await events(test, "delivery.expired") == [ids[0], ids[2]])
        #expect(try await test.database.dueNotices(limit: 9).map(\.delivery) == [ids[0], ids[2]])
        #expect(try await take(.confirm, receipt, test) == 1)
        #expect(try await states(test) == [expired, "waiting", expired, "waiting"])
        await test.close()
    }

    @Test(arguments: [DeliveryLife.Act.release, .retry])
    func whicheverWayAnOperatorLetsItGoItsUpdateFollows(_ act: DeliveryLife.Act) async throws {
        let test = try await TestHub.open()
        let (_, ids) = try await heldWithUpdate(test)
        _ = try await test.database.order(act, ids[0], reason: "Thử", actor: "operator:test", at: .now())
        #expect(
            try await states(test) == [
                "waiting", "held policy.confirmation-needed", "waiting", "held policy.document-awaited",
            ])
        await test.close()
    }

    @Test func theUpdateOfWhatItsSenderDeclinesIsWithdrawnOnRecord() async throws {
        let test = try await TestHub.open()
        let (receipt, ids) = try await heldWithUpdate(test)
        _ = try await test.database.order(.release, ids[0], reason: "Thử", actor: "operator:test", at: .now())
        #expect(try await take(.decline, receipt, test) == 1)
        #expect(try await states(test) == ["waiting", "withdrawn", "waiting", "withdrawn"])
        #expect(try await events(test, "delivery.declined-by-sender") == [ids[1], ids[3]])
        await test.close()
    }

    @Test func theUpdateOfWhatIsRedirectedGoesWithIt() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held().document())
        var update = PackageBuilder(number: "12")
        update.business = Business(kind: .update)
        _ = try await test.send(update.document())
        let id = try await test.asOwner { connection in
            let rows = try connection.query("SELECT id FROM delivery WHERE state = 'held' ORDER BY id")
            return try DeliveryID(uuid: #require(rows.first).decode("id"))
        }
        let consent = SenderConsent(
            person: "Trần Thị B", date: try CalendarDate(iso8601: "2026-11-20"), document: "3/SXD-VP")
        _ = try await test.database.redirect(
            id, to: TestAgency.stranger.id, consent: consent, reason: "Gửi nhầm", actor: "operator:test", at: .now())
        #expect(try await events(test, "delivery.redirected").count == 2)
        #expect(try await take(.confirm, receipt, test) == 1)
        #expect(try await test.pending(.stranger).count == 2)
        #expect(try await test.pending(.finance).isEmpty)
        await test.close()
    }

    @Test func whatWasRecalledMeanwhileIsNotConfirmedWithTheOthers() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held(to: [TestAgency.finance.code, TestAgency.stranger.code]).document())
        var recall = held()
        recall.business = Business(kind: .recall)
        _ = try await test.send(recall.document())
        #expect(try await take(.confirm, receipt, test) == 1)
        #expect(try await test.pending(.finance).isEmpty)
        #expect(try await test.pending(.stranger).count == 1)
        await test.close()
    }

    @Test func oneOfThousandsOfRecipientsIsConfirmedInSomeStatements() async throws {
        let test = try await TestHub.open()
        let receipt = try await test.send(held().document())
        // As many deliveries as no pipeline of one statement each has room for.
        let count = PostgresConnection.maxPipelineLength + 1
        try await test.asOwner { [id = receipt.package.uuid] connection in
            try connection.query(
                """
                WITH agency AS (
                    INSERT INTO agency (code, name, version) SELECT 'NHIEU-' || number, 'Nhiều', 1
                    FROM generate_series(1, \(count)) AS number RETURNING id)
                INSERT INTO delivery (id, package_id, document_package_id, recipient_agency_id, recipient_written,
                    message_type, state, refusal, created_at, updated_at)
                SELECT gen_random_uuid(), $1, $1, agency.id, 'NHIEU', 'edoc', 'held', 'policy.confirmation-needed',
                    now(), now()
                FROM agency
                """, [.uuid(id)])
        }
        #expect(try await take(.confirm, receipt, test) == count + 1)
        #expect(try await take(.confirm, receipt, test) == 0)
        await test.close()
    }

    @Test func aRecallTakesItBackUnseen() async throws {
        let test = try await TestHub.open()
        _ = try await test.send(held().document())
        var recall = held()
        recall.business = Business(kind: .recall)
        let receipt = try await test.send(recall.document())
        #expect(receipt.hold == nil)
        #expect(try await states(test) == ["withdrawn", "withdrawn"])
        #expect(try await holds(Self.secret, test) == [])
        await test.close()
    }

    /// Every text of every table, but the documents of policies.
    private func holds(_ words: String, _ test: TestHub) async throws -> [String] {
        try await test.asOwner { connection in
            var tables: [String] = []
            let columns = try connection.query(
                """
                SELECT table_name::text AS name, string_agg('coalesce(' || quote_ident(column_name) || '::text, '''')', ' || ')
                    AS text
                FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name
                """)
            for row in columns {
                let name = try row.decode("name", as: String.self)
                let text = try row.decode("text", as: String.self)
                let found = try connection.query(
                    "SELECT 1 AS found FROM \(name) WHERE position($1 in \(text)) > 0 LIMIT 1", [.text(words)])
                if !found.isEmpty { tables.append(name) }
            }
            return tables.sorted()
        }
    }

    @Test func theRecordKeepsNoWordsOfIt() async throws {
        let test = try await TestHub.open()
        _ = try await test.send(held().document())
        #expect(try await holds(Self.secret, test) == [])
        // The same search finds what may be kept.
        var plain = PackageBuilder(number: "13")
        plain.subject = Self.secret
        let receipt = try await test.send(plain.document())
        #expect(try await holds(Self.secret, test) == ["package"])
        let policy = try await test.asOwner { [id = receipt.package.uuid] connection in
            try connection.query("SELECT policy_name, policy_sha256 FROM package WHERE id = $1", [.uuid(id)]).map {
                [try $0.decode("policy_name", as: String.self), try $0.decode("policy_sha256", as: String.self)]
            }
        }
        #expect(policy == [["quoc-gia", ActivatedPolicy.national.digest]])
        // A conflict is refused without its words, too.
        var other = held()
        other.seed = 2
        await #expect(throws: Refusal.self) {
            do { _ = try await test.send(other.document()) } catch let refusal as Refusal {
                #expect(refusal.code == .documentConflict && !"\(refusal)".contains(Self.secret))
                throw refusal
            }
        }
        #expect(try await holds("lực lượng", test) == ["package"])
        await test.close()
    }

    @Test func anActivationHoldsFromTheNextRequestOn() async throws {
        let test = try await TestHub.open()
        var profile = #"{"name": "mau", "title": "Mẫu", "from": "2020-01-01", "rules": {"#
        profile += #""file-formats": {"value": ["docx"], "source": "Điều 1"}}}"#
        let document = try PolicyDocument.read(Array(profile.utf8)).get()
        _ = try await test.send(PackageBuilder(number: "1").document())
        // In force in the middle of a package: the request that came before is decided by what held then.
        let submission = try await test.submission(from: .construction)
        let session = try await test.hub.receive(submission)
        try await session.receive(try PackageBuilder(number: "2").document())
        try await test.database.activate(
            document, from: .now(), reason: "Thử", actor: "operator:test", at: .now())
        #expect(try await session.finish().isNew)
        await #expect(throws: Refusal.self) { try await test.send(PackageBuilder(number: "3").document()) }
        let names = try await test.asOwner { connection in
            try connection.query("SELECT policy_name FROM package ORDER BY id").map {
                try $0.decode("policy_name", as: String.self)
            }
        }
        #expect(names == ["quoc-gia", "quoc-gia"])
        await test.close()
    }
}
