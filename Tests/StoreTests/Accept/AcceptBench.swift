// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Logging
import TestKit
import Testing
import Trust

@testable import Store

/// A store with a database of its own, faults that can be injected into its content files, and the agencies of
/// `TestAgency`; and what makes acceptances for it.
struct AcceptBench: Sendable {
    let owner: String
    let database: Database
    let directory: ScratchDirectory
    let faults = FaultyFiles()
    let store: Store
    let registry: RegistryRecords
    private let slot: TestSlot

    init(_ backend: ContentBackend = .segments) async throws {
        let slot = await TestSlot.take()
        try await self.init(owner: try await TestCluster.shared().freshDatabase(), slot: slot, backend: backend)
    }

    /// - Parameter owner: connection string for an empty database.
    init(owner: String, slot: TestSlot, backend: ContentBackend = .segments) async throws {
        self.slot = slot
        try await Schema.prepare(connectionString: owner, logger: quietLogger)
        self.owner = owner
        database = try await TestHub.runtimeDatabase(owner, logger: quietLogger)
        try await TestHub.seed(database)
        directory = try ScratchDirectory()
        let content = try ContentStore.open(
            directory: "\(directory.path)/content", operations: faults.operations, backend: backend, database: database)
        store = Store(database: database, content: content, logger: quietLogger)
        registry = try await database.registry()
    }

    /// A second daemon on the same database and content directory.
    func secondStore(_ backend: ContentBackend = .segments) throws -> Store {
        let content = try ContentStore.open(
            directory: "\(directory.path)/content", backend: backend, database: database)
        return Store(database: database, content: content, logger: quietLogger)
    }

    func close() async {
        await store.stop()
        await database.close()
    }

    func key(_ agency: TestAgency) throws -> AgencyKey {
        try #require(registry.agencies.first { $0.code.text == agency.code }).key
    }

    func hubKey() throws -> AgencyKey { try #require(registry.agencies.first { $0.isHub }).key }

    // MARK: Acceptances

    /// A document, or another kind of package that goes under a document's id.
    func acceptance(
        _ document: String, from sender: TestAgency = .construction, to recipients: [TestAgency] = [.finance],
        unknown: [String] = [], kind: PackageKind = .document, content: String? = nil, meaning: String? = nil,
        version: Int64? = nil, at now: Instant = .now(), change: (inout Envelope) -> Void = { _ in }
    ) throws -> Acceptance {
        let bytes = ContentBytes(Array((content ?? "<edXML>\(document)</edXML>").utf8))
        var envelope = Envelope(
            id: PackageID(at: now), kind: kind, sender: try key(sender), senderWritten: sender.code,
            system: try sender.systemID, documentID: try DocumentID(parsing: document), signature: "absent",
            sha256: bytes.digest, meaning: SHA256Digest(of: Array((meaning ?? document).utf8)), acceptedAt: now,
            requestID: RequestID(at: now))
        envelope.attachments = [
            Envelope.Attachment(
                name: "văn bản.pdf", declaredType: "application/pdf", detectedType: "pdf", length: 7,
                sha256: SHA256Digest(of: Array("tệp \(document)".utf8)))
        ]
        envelope.subject = "V/v \(document)"
        change(&envelope)
        var deliveries = try recipients.map { agency in
            NewDelivery(id: DeliveryID(at: now), written: agency.code, outcome: .waiting(try key(agency)))
        }
        for name in unknown {
            deliveries.append(
                NewDelivery(
                    id: DeliveryID(at: now), written: name, outcome: .undeliverable(Refusal(.recipientUnknown, name))))
        }
        return Acceptance(
            registryVersion: version ?? registry.version,
            package: NewPackage(envelope: envelope, content: .memory(bytes), deliveries: deliveries),
            notice: unknown.isEmpty ? nil : try notice(about: envelope))
    }

    /// A status that `speaker` tells `listener`; a receiver's word about the listener's document, or 13 about its own.
    func status(
        _ status: DocumentStatus, of document: String, from speaker: TestAgency = .finance,
        to listener: TestAgency = .construction, note: String = UUID().uuidString
    ) throws -> Acceptance {
        try acceptance(
            document, from: speaker, to: [listener], kind: .status, content: "\(status) \(document) \(note)",
            meaning: "\(status) \(document) \(note)"
        ) { envelope in
            guard let speaker = try? key(speaker), let listener = try? key(listener) else { return }
            let isReceiver = status.speaker == .receiver
            envelope.status = Envelope.StatusClaim(
                status: status, description: note, owner: isReceiver ? listener : speaker,
                recipient: isReceiver ? speaker : listener)
        }
    }

    private func notice(about envelope: Envelope) throws -> NewPackage {
        let bytes = ContentBytes(Array("notice about \(envelope.id)".utf8))
        let hub = try hubKey()
        var notice = Envelope(
            id: PackageID(at: envelope.acceptedAt), kind: .status, sender: hub, senderWritten: TestAgency.hubCode,
            system: nil, documentID: envelope.documentID, signature: "absent", sha256: bytes.digest,
            meaning: bytes.digest, acceptedAt: envelope.acceptedAt, requestID: envelope.requestID)
        notice.status = Envelope.StatusClaim(
            status: .returned, description: "không giao được", owner: envelope.sender, recipient: hub)
        return NewPackage(
            envelope: notice, content: .memory(bytes),
            deliveries: [
                NewDelivery(
                    id: DeliveryID(at: envelope.acceptedAt), written: envelope.senderWritten,
                    outcome: .waiting(envelope.sender))
            ])
    }

    // MARK: Looking

    /// Runs a query as the owner, and reads one column of every row.
    func column<T: PostgresScalar & Sendable>(
        _ sql: String, _ parameters: [PostgresValue] = [], as type: T.Type = T.self
    ) async throws -> [T] {
        try await onConnection(to: owner) { connection -> [T] in
            let rows = try connection.query(sql, parameters)
            return try rows.map { row in try row.decode("value", as: T.self) }
        }
    }

    func count(_ table: String) async throws -> Int64 {
        let counts: [Int64] = try await column("SELECT count(*) AS value FROM \(table)")
        return try #require(counts.first)
    }

    func pending(_ agency: TestAgency, _ type: MessageType = .edoc) async throws -> [PendingDelivery] {
        try await database.pending(ListFilter(agencies: [key(agency)], messageType: type), after: nil)
    }

    func fetch(_ id: UUID, by agency: TestAgency) async throws -> ReadableContent {
        try await database.fetch(
            id: id, agencies: [key(agency)], system: agency.systemID, request: RequestID(), at: .now())
    }

    /// The stored text behind a delivery.
    func text(of delivery: DeliveryID, for agency: TestAgency = .finance) async throws -> String {
        let content = try await fetch(delivery.uuid, by: agency)
        return String(decoding: try await store.content.readWhole(content.content), as: UTF8.self)
    }

    /// Returns when no session is left but the one that asks: a session tells its counts when it ends, which is some
    /// time after its client has gone.
    func sessionsHaveEnded() async throws {
        try await onConnection(to: owner) { connection in
            let others = """
                SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            let deadline = ContinuousClock.now + .seconds(20)
            while try !connection.query(others).isEmpty {
                try #require(ContinuousClock.now < deadline, "a session has not ended")
            }
        }
    }

    /// History of packages and deliveries, without that of the registry and of keys.
    static let trafficHistory = "history WHERE event NOT LIKE 'registry.%' AND event NOT LIKE 'key.%'"

    /// What the database says of every table that an acceptance writes.
    func written() async throws -> [Int64] {
        var counts: [Int64] = []
        for table in ["package_key", "package", "content", "attachment", "package_link", "delivery", "document_status"]
        {
            counts.append(try await count(table))
        }
        counts.append(try await count(Self.trafficHistory))
        return counts
    }
}

extension Acceptance {
    var id: PackageID { package.envelope.id }
}

extension AcceptanceResult {
    var isAccepted: Bool { if case .accepted = self { true } else { false } }
    func isKnown(_ first: PackageID) -> Bool { if case .known(first, _, added: 0, _) = self { true } else { false } }
}

/// The refusal that `body` throws; nil when it throws none or something else.
func refusal<T>(_ body: () async throws -> T) async -> Refusal.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? Refusal)?.code
    }
}
