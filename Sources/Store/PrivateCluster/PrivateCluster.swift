// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Logging

/// A PostgreSQL server of our own below the data directory, reachable over a socket there and by nothing else.
///
/// The server is started directly, watched, and started again when it dies. It outlives a kill -9 of this process;
/// the next `open` then takes it over. Access is by the permissions of the directory: who may enter it is who runs
/// the server, and root. Users within are `owner`, which owns everything, and `runtime`, which the hub works as.
public final class PrivateCluster: Sendable {
    /// What the cluster is opened for.
    public enum Mode: Sendable {
        /// By the daemon: it holds the data directory alone, keeps the server alive and stops it at the end.
        case serve
        /// By a command that asks or changes something: it uses the server that runs, else starts one, and the last
        /// visitor stops it when no daemon has come meanwhile.
        case visit
    }

    /// Superuser; owns database and tables, runs migrations.
    public static let owner = "truc_owner"
    /// What the hub works as. Its rights are granted by the migrations.
    public static let runtime = "truc_runtime"
    /// The hub's database.
    public static let database = "truc"

    private let supervisor: ClusterSupervisor
    /// Everything blocks, and everything happens one after the other, on this thread.
    private let thread: DedicatedThread

    private init(supervisor: ClusterSupervisor, thread: DedicatedThread) {
        self.supervisor = supervisor
        self.thread = thread
    }

    /// Makes the cluster if there is none, starts it or takes over the one that runs, and returns when it answers.
    ///
    /// - Parameters:
    ///   - dataDirectory: the hub's; made when absent. The server uses `postgresql` in it.
    ///   - environment: looked into for `TRUC_POSTGRES_BIN` only.
    /// - Throws: `Refusal`: `.dataDirectoryUnusable`, `.alreadyRunning`, `.postgresNotFound`, `.postgresFailed`.
    public static func open(
        dataDirectory: String, mode: Mode, logger: Logger,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> PrivateCluster {
        let thread = DedicatedThread(name: "cluster", capacity: 16)
        let supervisor = try await thread.run {
            let layout = try ClusterLayout(dataDirectory: dataDirectory)
            let supervisor = ClusterSupervisor(
                layout: layout, mode: mode, environment: environment, logger: logger, thread: thread)
            try supervisor.open()
            return supervisor
        }
        return PrivateCluster(supervisor: supervisor, thread: thread)
    }

    /// For the owner, on the hub's database.
    public var connectionString: String { connectionString(user: Self.owner, database: Self.database) }

    public func connectionString(user: String, database: String = PrivateCluster.database) -> String {
        supervisor.layout.connectionString(user: user, database: database)
    }

    /// Process id of the server; nil while there is none.
    public var serverPID: Int32? { supervisor.serverPID }

    /// Ends our use: the daemon and the last visitor stop the server, gently at first, within named bounds.
    ///
    /// Must be called; dropping the value leaves the server running, as a kill -9 does. May be called more than once.
    public func stop() async {
        supervisor.announceStop()
        // After the first call the thread takes nothing more, and there is nothing more to do.
        try? await thread.run { [supervisor] in supervisor.stop() }
        thread.stop()
        await thread.ended()
    }
}
