// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Logging
import Store

/// A real PostgreSQL server for tests: one for each test process, started when first asked for, stopped when the
/// process ends, leaving nothing behind even when it is killed.
public struct TestCluster: Sendable {
    /// The server of this process.
    public static func shared() async throws -> TestCluster { try await opening.value }

    private static let opening = Task { try await open() }

    public let cluster: PrivateCluster

    /// Makes an empty database and returns the owner's connection string for it.
    public func freshDatabase() async throws -> String {
        let name = "test_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
        let administration = cluster.connectionString(user: PrivateCluster.owner, database: "postgres")
        try await DedicatedThread(name: "test-database").run {
            let connection = try PostgresConnection(connectionString: administration, applicationName: "truc-test")
            try connection.execute("CREATE DATABASE \(name)")
        }
        return cluster.connectionString(user: PrivateCluster.owner, database: name)
    }

    /// A new directory for a test, with a path short enough for a socket. The server's user may pass through it.
    ///
    /// Removed with everything in it, and servers that run in it killed, when the process ends.
    public static func temporaryDirectory() throws -> String {
        let path = "\(try scratch.get())/\(UUID().uuidString.prefix(8))"
        try makeDirectory(path)
        return path
    }

    private static func open() async throws -> TestCluster {
        var logger = Logger(label: "test-cluster")
        logger.logLevel = .error
        let directory = try temporaryDirectory()
        let cluster = try await PrivateCluster.open(dataDirectory: directory, mode: .serve, logger: logger)
        // Runs on the exiting thread, with all others still alive.
        atexit { TestCluster.stopShared() }
        return TestCluster(cluster: cluster)
    }

    private static func stopShared() {
        let stopped = DispatchSemaphore(value: 0)
        Task.detached {
            if let shared = try? await opening.value { await shared.cluster.stop() }
            stopped.signal()
        }
        // The shell of `scratch` clears the directory away: a hundred thousand files would keep the end of a run waiting.
        _ = stopped.wait(timeout: .now() + .seconds(30))
    }

    /// Others may pass through but not list: the server does not run as root when we do.
    private static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o711) == 0, chmod(path, 0o711) == 0 else { throw POSIXError(.EIO) }
    }

    /// What all of this process's directories lie in, with a shell that waits for our end to clear it away.
    ///
    /// The shell reads from a pipe whose other end only we hold: it reads the end of the file when we are gone, also
    /// when we were killed.
    private static let scratch = Result<String, any Error> {
        let directory = "/tmp/truc-test-\(getpid())-\(UUID().uuidString.prefix(4))"
        try makeDirectory(directory)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        // A child of ours that inherited our end would keep the shell waiting.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", clearing, directory]
        shell.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        return directory
    }

    private static let clearing = """
        trap '' INT TERM HUP
        read -r _
        for entry in /proc/[0-9]*; do
            case "$(readlink "$entry/cwd")" in "$0"/*) kill -KILL "${entry#/proc/}" ;; esac
        done
        rm -rf "$0"
        """
}
