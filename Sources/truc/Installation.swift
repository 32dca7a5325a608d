// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Logging
import Store

/// Where the hub lives: a data directory with a database of its own, or a database given by URL.
struct InstallationOptions: ParsableArguments {
    static let databaseVariable = "TRUC_DATABASE_URL"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The hub's data directory. It holds the content, and the database unless \(databaseVariable) is set.",
            valueName: "dir"))
    var dataDir = "./truc-data"

    /// Absolute, without a trailing slash.
    var directory: String { URL(fileURLWithPath: dataDir).standardizedFileURL.path }

    /// A mistyped directory must not become a second, empty hub.
    ///
    /// - Throws: `Refusal(.dataDirectoryUnusable)` when no hub was ever started here.
    func requireHub() throws(Refusal) {
        guard databaseURL == nil, !FileManager.default.fileExists(atPath: directory + "/postgresql") else { return }
        throw Refusal(.dataDirectoryUnusable, "\(directory): no hub was started here; truc serve --data-dir makes one")
    }

    var databaseURL: String? {
        ProcessInfo.processInfo.environment[Self.databaseVariable].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// An opened installation: its database, migrated, and the private cluster where it has one.
struct Installation: Sendable {
    let database: Database
    /// Below the data directory.
    let contentDirectory: String
    private let cluster: PrivateCluster?

    /// - Throws: `Refusal`.
    static func open(
        _ options: InstallationOptions, mode: PrivateCluster.Mode, logger: Logger
    ) async throws -> Installation {
        let contentDirectory = options.directory + "/content"
        if let url = options.databaseURL {
            try await Schema.prepare(connectionString: url, isServing: mode == .serve, logger: logger)
            if mode == .serve { try makeDirectory(options.directory) }
            let settings = ConnectionSettings(connectionString: url, role: PrivateCluster.runtime)
            return Installation(
                database: Database(settings, logger: logger), contentDirectory: contentDirectory, cluster: nil)
        }
        let cluster = try await PrivateCluster.open(dataDirectory: options.directory, mode: mode, logger: logger)
        do {
            try await Schema.prepare(
                connectionString: cluster.connectionString, isServing: mode == .serve, logger: logger)
        } catch {
            await cluster.stop()
            throw error
        }
        let settings = ConnectionSettings(
            connectionString: cluster.connectionString(user: PrivateCluster.runtime), role: nil)
        return Installation(
            database: Database(settings, logger: logger), contentDirectory: contentDirectory, cluster: cluster)
    }

    private static func makeDirectory(_ path: String) throws(Refusal) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Refusal(.dataDirectoryUnusable, "\(path): \(error.localizedDescription)")
        }
    }

    func close() async {
        await database.close()
        await cluster?.stop()
    }

    /// Opens the installation for one command, and closes it whatever happens.
    static func visit<T>(
        _ options: InstallationOptions, _ body: (Database) async throws -> T
    ) async throws -> T {
        try options.requireHub()
        let installation = try await open(options, mode: .visit, logger: Log.quiet)
        do {
            let value = try await body(installation.database)
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
