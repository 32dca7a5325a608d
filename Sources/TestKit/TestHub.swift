// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Hub
import Logging
import Store
import Trust

/// A whole hub without a surface: a database of its own on the shared cluster, a content store in a directory of its
/// own, and the agencies of `TestAgency`.
public struct TestHub: Sendable {
    public let hub: Hub
    public let store: Store
    public let database: Database
    /// Of the tables' owner, for what a test does behind the hub's back.
    public let ownerConnection: String
    public let contentDirectory: String
    private let slot: TestSlot

    /// Who changes the registry.
    private static let actor = "operator:test"

    /// - Parameter isSeeded: false for an empty registry.
    public static func open(isSeeded: Bool = true) async throws -> TestHub {
        let slot = await TestSlot.take()
        var logger = Logger(label: "test-hub")
        logger.logLevel = .critical
        let ownerConnection = try await TestCluster.shared().freshDatabase()
        try await Schema.prepare(connectionString: ownerConnection, logger: logger)
        let database = try await runtimeDatabase(ownerConnection, logger: logger)
        if isSeeded { try await seed(database) }
        let directory = try TestCluster.temporaryDirectory() + "/content"
        let store = try await Store.open(database: database, contentDirectory: directory, logger: logger)
        return TestHub(
            hub: Hub(store: store), store: store, database: database, ownerConnection: ownerConnection,
            contentDirectory: directory, slot: slot)
    }

    /// The database as the hub sees it: with the rights of the runtime role only, and a key file of its own.
    public static func runtimeDatabase(_ ownerConnection: String, logger: Logger) async throws -> Database {
        let name = SHA256Digest(of: Array(ownerConnection.utf8)).hex
        let database = Database(
            ConnectionSettings(
                connectionString: ownerConnection, role: PrivateCluster.runtime,
                maxConnections: TestSlot.connectionsPerHub),
            keys: KeyRing(path: "\(try keyDirectory.get())/\(name)"), logger: logger)
        try await database.openKeys(mayCreate: true)
        return database
    }

    private static let keyDirectory = Result { try TestCluster.temporaryDirectory() }

    /// Registers the hub's own entry, the systems and the agencies.
    public static func seed(_ database: Database) async throws {
        try await database.addAgency(
            NewAgency(code: try AgencyID(parsing: TestAgency.hubCode), name: "Trục thử"), isHub: true, actor: actor)
        for system in Set(TestAgency.all.compactMap(\.system)).sorted() {
            try await database.addSystem(
                SystemRecord(
                    id: try SystemID(parsing: system), name: "QLVB \(system)",
                    secrets: [SystemSecret(Array(TestAgency.secret(of: system).utf8))]),
                actor: actor)
        }
        for agency in TestAgency.all {
            try await database.addAgency(
                NewAgency(
                    code: try agency.id, name: agency.name, system: try agency.system.map { try SystemID(parsing: $0) },
                    aliases: agency.aliases),
                actor: actor)
        }
    }

    /// Closes an agency after a day, with its successor.
    public func close(_ agency: TestAgency, lastDay: String, successor: TestAgency? = nil) async throws {
        let heirs = try successor.map { [Succession.Successor(try $0.id)] } ?? []
        _ = try await database.close(
            Succession(
                [Succession.Closing(try agency.id, successors: heirs)],
                effective: try CalendarDate(iso8601: lastDay).end),
            actor: Self.actor, at: .now())
    }

    /// Runs a body on a connection of the tables' owner.
    @discardableResult
    public func asOwner<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let thread = DedicatedThread(name: "test-owner")
        return try await thread.run { [ownerConnection] in
            try body(try PostgresConnection(connectionString: ownerConnection, applicationName: "truc-test"))
        }
    }

    public func key(of written: String) async throws -> AgencyKey {
        guard let agency = try await hub.registry.current().agency(named: written) else {
            throw Refusal(.agencyNotFound, written)
        }
        return agency.key
    }

    /// What a surface makes of a request to send.
    public func submission(
        from agency: TestAgency, to narrowing: [String]? = nil, _ type: MessageType = .edoc,
        at now: Instant = .now()
    ) async throws -> Submission {
        Submission(
            system: try agency.systemID, registry: try await hub.registry.current(), from: try agency.id,
            narrowedTo: narrowing, messageType: type, request: RequestID(at: now), receivedAt: now)
    }

    /// Sends a package in pieces, as a connection would bring it.
    ///
    /// - Throws: the hub's `Refusal`.
    public func send(
        _ package: [UInt8], from agency: TestAgency = .construction, to narrowing: [String]? = nil,
        _ type: MessageType = .edoc, pieces length: Int = 64 << 10, at now: Instant = .now()
    ) async throws -> Receipt {
        let session = try await hub.receive(
            try await submission(from: agency, to: narrowing, type, at: now), announced: package.count)
        do {
            for start in stride(from: 0, to: package.count, by: length) {
                try await session.receive(Array(package[start..<min(start + length, package.count)]))
            }
            return try await session.finish()
        } catch {
            await session.abandon()
            throw error
        }
    }

    /// The agencies for which an agency's system answers.
    public func agencies(ofSystemOf agency: TestAgency) async throws -> [AgencyKey] {
        try await hub.registry.current().answered(by: agency.systemID, at: .now())
    }

    /// Everything that waits for an agency's system.
    public func pending(_ agency: TestAgency, _ type: MessageType = .edoc) async throws -> [PendingDelivery] {
        var lines: [PendingDelivery] = []
        let agencies = try await hub.registry.current().received(by: agency.systemID, at: .now())
        while true {
            let page = try await hub.mailbox.pending(agencies, type, from: nil, to: nil, after: lines.last?.id)
            if page.isEmpty { return lines }
            lines += page
        }
    }

    /// The bytes under an id, as an agency's system gets them.
    public func fetch(_ id: UUID, by agency: TestAgency) async throws -> [UInt8] {
        let content = try await hub.mailbox.fetch(
            id, agencies: try await agencies(ofSystemOf: agency), system: try agency.systemID, request: RequestID())
        var bytes: [UInt8] = []
        try await content.forEach { bytes += $0 }
        return bytes
    }

    public func confirm(
        _ id: DeliveryID, _ confirmation: DeliveryLife.Confirmation, description: String? = nil, by agency: TestAgency
    ) async throws -> DeliveryLife {
        try await hub.mailbox.confirm(
            id, confirmation, description: description, agencies: try await agencies(ofSystemOf: agency),
            system: try agency.systemID, request: RequestID())
    }

    public func close() async {
        await store.stop()
        await database.close()
    }
}
