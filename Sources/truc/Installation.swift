// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Logging
import Store

/// Where the hub lives and how it is set: what every command has in common.
struct InstallationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The hub's data directory (default: ./truc-data). It holds the content, and the database unless "
                + "\(DatabaseSource.variable) or database-url-file names one.",
            valueName: "dir"))
    var dataDir: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The settings file. Default: \(SettingsLoading.fileName) in the data directory, where it is there.",
            valueName: "file"))
    var config: String?

    /// The settings in force for a command.
    ///
    /// - Parameter flags: further ones of the command, in the order given.
    /// - Throws: `Refusal` with the first problem.
    func settings(_ flags: [(name: String, value: String)] = []) throws(Refusal) -> Settings {
        try resolved(flags).checked()
    }

    func resolved(_ flags: [(name: String, value: String)] = []) throws(Refusal) -> SettingsLoading {
        try SettingsLoading(
            configFile: config, environment: ProcessInfo.processInfo.environment,
            flags: (dataDir.map { [("data-dir", $0)] } ?? []) + flags)
    }
}

/// An opened installation: its database, migrated, and the private cluster where it has one.
struct Installation: Sendable {
    let database: Database
    /// Below the data directory.
    let contentDirectory: String
    private let cluster: PrivateCluster?
    /// Of a daemon whose cluster does not hold the directory.
    private let lock: ServingLock?

    /// - Throws: `Refusal`.
    static func open(
        _ settings: Settings, mode: PrivateCluster.Mode, logger: Logger
    ) async throws -> Installation {
        if let url = try DatabaseSource.url(settings) {
            if mode == .serve { try makeDirectory(settings.directory) }
            let lock = mode == .serve ? try await ServingLock.take(dataDirectory: settings.directory) : nil
            try await Schema.prepare(connectionString: url, isServing: mode == .serve, logger: logger)
            let connection = ConnectionSettings(
                connectionString: url, role: PrivateCluster.runtime, maxConnections: settings.databaseConnections)
            return try await Installation(connection, settings, cluster: nil, lock, mode, logger)
        }
        let cluster = try await PrivateCluster.open(dataDirectory: settings.directory, mode: mode, logger: logger)
        do {
            try await Schema.prepare(
                connectionString: cluster.connectionString, isServing: mode == .serve, logger: logger)
        } catch {
            await cluster.stop()
            throw error
        }
        let connection = ConnectionSettings(
            connectionString: cluster.connectionString(user: PrivateCluster.runtime), role: nil,
            maxConnections: settings.databaseConnections)
        return try await Installation(connection, settings, cluster: cluster, nil, mode, logger)
    }

    /// Opens the keys too; closes everything when that fails.
    private init(
        _ connection: ConnectionSettings, _ settings: Settings, cluster: PrivateCluster?, _ lock: ServingLock?,
        _ mode: PrivateCluster.Mode, _ logger: Logger
    ) async throws {
        database = Database(connection, keys: KeyRing(path: settings.keyFilePath), logger: logger)
        contentDirectory = settings.directory + "/content"
        self.cluster = cluster
        self.lock = lock
        do {
            // First: the keys of a directory that is another database's must not become known to this one.
            if mode == .serve {
                try await Store.requireMatch(database: database, contentDirectory: contentDirectory)
            }
            try await database.openKeys(mayCreate: mode == .serve)
        } catch {
            await close()
            throw error
        }
    }

    private static func makeDirectory(_ path: String) throws(Refusal) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Refusal(.dataDirectoryUnusable, "\(path): \(error.localizedDescription)")
        }
    }

    /// A mistyped directory must not become a second, empty hub.
    ///
    /// - Throws: `Refusal(.dataDirectoryUnusable)` when no hub was ever started here.
    private static func requireHub(_ settings: Settings) throws(Refusal) {
        let directory = settings.directory
        guard try DatabaseSource.url(settings) == nil,
            !FileManager.default.fileExists(atPath: directory + "/postgresql")
        else { return }
        throw Refusal(.dataDirectoryUnusable, "\(directory): no hub was started here; truc serve --data-dir makes one")
    }

    func close() async {
        await database.close()
        await cluster?.stop()
    }

    /// Opens the database for one command, and closes it whatever happens.
    static func visit<T>(
        _ options: InstallationOptions, _ body: (Database) async throws -> T
    ) async throws -> T {
        try await visitWhole(options) { try await body($0.database) }
    }

    /// Opens the installation for one command, and closes it whatever happens.
    static func visitWhole<T>(
        _ options: InstallationOptions, _ body: (Installation) async throws -> T
    ) async throws -> T {
        let settings = try options.settings()
        try requireHub(settings)
        let installation = try await open(settings, mode: .visit, logger: Log.quiet)
        do {
            let value = try await body(installation)
            await installation.close()
            return value
        } catch {
            await installation.close()
            throw error
        }
    }
}

/// Loggers of the command line.
enum Log {
    /// For commands: their own output tells what happened, a log only what went wrong.
    static var quiet: Logger {
        var logger = Logger(label: "truc", factory: { _ in StructuredLog() })
        logger.logLevel = .warning
        return logger
    }
}

/// Who acts, for the history: the login that runs the command.
enum Operator {
    static var actor: String { "operator:\(NSUserName())" }
}
