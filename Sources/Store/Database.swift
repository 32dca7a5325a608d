// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Foundation
import Logging

/// How sessions with the database are opened.
public struct ConnectionSettings: Sendable {
    /// libpq connection string of the role that the hub works as.
    public let connectionString: String
    /// Role to take on after connecting; nil where the connection string names the runtime role itself.
    public let role: String?
    /// Connections of the pool at most; the committer has one more.
    public let maxConnections: Int

    public init(connectionString: String, role: String?, maxConnections: Int = 8) {
        self.connectionString = connectionString
        self.role = role
        self.maxConnections = maxConnections
    }

    /// Longest time a statement may take, so that a hung query gives its connection back.
    static let statementTimeoutSeconds = 30
    /// Longest silence of a server that is asked: a statement has an end by then, and so has its commit.
    static let silenceLimit: Duration = .seconds(statementTimeoutSeconds + 5)
    /// Longest wait for a row or table lock.
    static let lockTimeoutSeconds = 10

    /// Statements run on every new session.
    var onConnect: [String] {
        var statements = [
            "SET statement_timeout = '\(Self.statementTimeoutSeconds)s'",
            "SET lock_timeout = '\(Self.lockTimeoutSeconds)s'",
            // Plans are made while tables are young and kept when they have grown. Of a few rows it is cheapest to read
            // them all, of a million it is not: where there is a key, no plan shall pass over a whole table.
            "SET enable_seqscan = off",
            // A role or database may have been set to less; a receipt leaves only after a durable commit.
            """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
            """,
        ]
        if let role { statements.append("SET ROLE \(role)") }
        return statements
    }

    /// A session of one's own, outside the pool. Blocking.
    func connect() throws -> PostgresConnection {
        let connection = try PostgresConnection(connectionString: connectionString, applicationName: "truc")
        connection.silenceLimit = Self.silenceLimit
        for statement in onConnect { try connection.query(statement) }
        return connection
    }
}

/// The database of the hub: registry, lists, confirmations, traces. Every error that it throws is a `Refusal`.
public final class Database: Sendable {
    let connectionSettings: ConnectionSettings
    let confirmations = ConfirmationCounters()
    let claims = Gatherer<ClaimRequest, [ClaimedDelivery]>(maxLot: maxClaimLot) { $0.endpoint }
    let finishes = Gatherer<EndedAttempt, FinishedAttempt>(maxLot: maxFinishLot) { $0.claim.id }
    let claimTimes = CoreMetrics.Timer(label: Metric.claimDuration.rawValue, dimensions: [])
    /// Opened by `openKeys`, before anything secret is read or written.
    public let keys: KeyRing
    private let pool: PostgresPool
    private let logger: Logger

    /// Makes the pool; the database must be migrated already.
    public init(_ settings: ConnectionSettings, keys: KeyRing, logger: Logger) {
        connectionSettings = settings
        self.keys = keys
        var configuration = PostgresPool.Configuration(connectionString: settings.connectionString)
        configuration.onConnect = settings.onConnect
        configuration.silenceLimit = ConnectionSettings.silenceLimit
        configuration.maxConnections = settings.maxConnections
        pool = PostgresPool(configuration, logger: logger)
        self.logger = logger
    }

    /// Closes the pool when running statements have ended.
    public func close() async { await pool.shutdown() }

    /// Runs a body on a connection, and puts every failure as a refusal; what is not the caller's doing is logged.
    func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        do {
            return try await pool.run(body)
        } catch let error as PostgresError {
            logger.error("database", metadata: ["error": "\(error)"])
            throw error.refusal
        } catch let error as ParsingProblem {
            logger.error("database: a stored value cannot be read", metadata: ["error": "\(error)"])
            throw Refusal(.internalError)
        }
    }

    /// The content store that this database describes; nil while it describes none.
    func contentStore() async throws -> UUID? {
        try await run { connection in
            try connection.query("SELECT content_store FROM hub").only()
                .decodeIfPresent("content_store", as: UUID.self)
        }
    }

    /// Records that this database describes the content store, unless it describes one already.
    ///
    /// - Returns: the store that it describes.
    func claimContentStore(_ id: UUID) async throws -> UUID {
        try await run { connection in
            try connection.query(
                "UPDATE hub SET content_store = coalesce(content_store, $1) RETURNING content_store", [.uuid(id)]
            ).only().decode("content_store", as: UUID.self)
        }
    }
}
