// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization

/// A real `truc serve` in a process of its own, for tests that kill it or talk to it as a stranger would.
public final class HubProcess: Sendable {
    /// Longest wait for the hub to listen or to end.
    public static let patience: DispatchTimeInterval = .seconds(60)

    public let dataDirectory: String
    /// Of a PostgreSQL that is not the hub's own; nil for the private one.
    public let databaseURL: String?
    public let port: Int
    /// Process id of the daemon.
    public let pid: Int32
    private let log: Log
    private let exit: Exit

    /// The built command, beside the test bundle.
    public static var executable: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("truc").path
    }

    /// Starts a hub and returns when it listens.
    ///
    /// - Parameters:
    ///   - dataDirectory: of an earlier hub; nil for a fresh one.
    ///   - faultPoint: where the process shall kill itself; `point` or `point:count`.
    ///   - databaseURL: its `TRUC_DATABASE_URL`; nil for a private PostgreSQL.
    ///   - arguments: further ones for `truc serve`.
    public static func start(
        dataDirectory: String? = nil, faultPoint: String? = nil, databaseURL: String? = nil, arguments: [String] = []
    ) async throws -> HubProcess {
        let directory = try dataDirectory ?? TestCluster.temporaryDirectory() + "/d"
        return try await onThread {
            try HubProcess(
                dataDirectory: directory, faultPoint: faultPoint, databaseURL: databaseURL, arguments: arguments)
        }
    }

    /// Starts a hub with a private PostgreSQL and kills it (SIGKILL) at a moment when it may not be up yet.
    ///
    /// - Returns: whether it listened by then.
    /// - Throws: when it ended by itself before that moment.
    public static func startAndKill(dataDirectory: String, after moment: Duration) async throws -> Bool {
        try await onThread {
            let process = prepared(dataDirectory: dataDirectory, faultPoint: nil, databaseURL: nil, arguments: [])
            let pipe = Pipe()
            process.standardError = pipe
            let exit = Exit()
            process.terminationHandler = { exit.note($0.terminationStatus, $0.terminationReason) }
            try process.run()
            let log = Log(pipe.fileHandleForReading)
            let port = log.waitForPort(.nanoseconds(Int(moment / .nanoseconds(1))))
            guard process.isRunning else { throw RawHTTPProblem(what: "the hub ended by itself:\n\(log.text)") }
            Foundation.kill(process.processIdentifier, SIGKILL)
            _ = try exit.wait(patience)
            return port != nil
        }
    }

    private static func prepared(
        dataDirectory: String, faultPoint: String?, databaseURL: String?, arguments: [String]
    ) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["serve", "--data-dir", dataDirectory, "--listen", "127.0.0.1:0"] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["TRUC_FAULT_POINT"] = faultPoint
        environment["TRUC_DATABASE_URL"] = databaseURL
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        return process
    }

    private init(dataDirectory: String, faultPoint: String?, databaseURL: String?, arguments: [String]) throws {
        let process = Self.prepared(
            dataDirectory: dataDirectory, faultPoint: faultPoint, databaseURL: databaseURL, arguments: arguments)
        let pipe = Pipe()
        process.standardError = pipe
        let exit = Exit()
        process.terminationHandler = { exit.note($0.terminationStatus, $0.terminationReason) }
        try process.run()
        let log = Log(pipe.fileHandleForReading)
        guard let port = log.waitForPort(Self.patience) else {
            process.terminate()
            throw RawHTTPProblem(what: "the hub did not listen:\n\(log.text)")
        }
        self.dataDirectory = dataDirectory
        self.databaseURL = databaseURL
        self.port = port
        self.log = log
        self.exit = exit
        pid = process.processIdentifier
    }

    /// Everything that the hub has logged so far.
    public var logText: String { log.text }

    /// Waits until the hub has logged `text` so many times.
    public func logged(_ text: String, times: Int = 1) async throws {
        try await Self.onThread { [log] in try log.wait(for: text, times: times, Self.patience) }
    }

    /// SIGHUP: read the certificates again.
    public func hangUp() { Foundation.kill(pid, SIGHUP) }

    /// SIGKILL, and waits for the end.
    public func kill() async throws {
        Foundation.kill(pid, SIGKILL)
        try await ended()
    }

    /// SIGTERM, and waits for the graceful end.
    ///
    /// - Returns: the exit status.
    @discardableResult
    public func stop() async throws -> Int32 {
        Foundation.kill(pid, SIGTERM)
        return try await ended()
    }

    /// Waits until the process has ended by itself.
    ///
    /// - Returns: the exit status, or the negative number of the signal that ended it.
    @discardableResult
    public func ended() async throws -> Int32 {
        try await Self.onThread { [exit] in try exit.wait(Self.patience) }
    }

    /// What the hub answers to a GET without credentials.
    ///
    /// - Parameter fields: header fields, each with its CRLF.
    public func get(_ path: String, _ fields: String = "") async throws -> RawHTTPResponse {
        let connection = try await RawHTTPClient.connect(port: port)
        try await connection.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)Connection: close\r\n\r\n")
        return try await connection.receive()
    }

    /// Runs another command of the same program against this hub's data directory.
    @discardableResult
    public func command(_ arguments: String...) async throws -> CommandOutcome {
        try await CommandOutcome.run(
            arguments + ["--data-dir", dataDirectory],
            environment: databaseURL.map { ["TRUC_DATABASE_URL": $0] } ?? [:])
    }

    /// Runs what blocks on a thread of its own.
    public static func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }

    /// How the process ended, once it has.
    private final class Exit: Sendable {
        private let status = Mutex<Int32?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func note(_ status: Int32, _ reason: Process.TerminationReason) {
            self.status.withLock { $0 = reason == .uncaughtSignal ? -status : status }
            done.signal()
        }

        func wait(_ patience: DispatchTimeInterval) throws -> Int32 {
            guard done.wait(timeout: .now() + patience) == .success else {
                throw RawHTTPProblem(what: "the hub did not end")
            }
            done.signal()
            return status.withLock { $0 ?? 0 }
        }
    }

    /// Reads what the hub logs until it ends.
    private final class Log: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        private let port = Mutex<Int?>(nil)
        private let listening = DispatchSemaphore(value: 0)
        private let grown = NSCondition()

        init(_ handle: FileHandle) {
            Thread.detachNewThread { [self] in
                while true {
                    let chunk = handle.availableData
                    if chunk.isEmpty { break }
                    bytes.withLock { $0.append(contentsOf: chunk) }
                    grown.withLock { grown.broadcast() }
                    lookForPort()
                }
                listening.signal()
            }
        }

        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

        func wait(for wanted: String, times: Int, _ patience: DispatchTimeInterval) throws {
            guard case .seconds(let seconds) = patience else { return }
            let deadline = Date(timeIntervalSinceNow: Double(seconds))
            try grown.withLock {
                while text.ranges(of: wanted).count < times {
                    guard grown.wait(until: deadline) else {
                        throw RawHTTPProblem(what: "the hub never logged \(wanted):\n\(text)")
                    }
                }
            }
        }

        func waitForPort(_ patience: DispatchTimeInterval) -> Int? {
            _ = listening.wait(timeout: .now() + patience)
            return port.withLock { $0 }
        }

        private func lookForPort() {
            guard port.withLock({ $0 == nil }) else { return }
            for line in text.split(separator: "\n") where line.contains(#""message":"listening""#) {
                guard let found = line.firstMatch(of: /"address":"[^"]*:(\d+)"/), let number = Int(found.1) else {
                    continue
                }
                port.withLock { $0 = number }
                listening.signal()
            }
        }
    }
}

/// What a command of `truc` printed, and how it ended.
public struct CommandOutcome: Sendable {
    public let status: Int32
    public let output: String
    public let errors: String

    /// Runs `truc` with these arguments to its end.
    public static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> CommandOutcome {
        try await HubProcess.onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: HubProcess.executable)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            let (output, errors) = (Pipe(), Pipe())
            process.standardOutput = output
            process.standardError = errors
            try process.run()
            // Both pipes at once: a full one would stop the command.
            let errorBytes = Mutex(Data())
            let finished = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                errorBytes.withLock { $0 = errors.fileHandleForReading.readDataToEndOfFile() }
                finished.signal()
            }
            let outputBytes = output.fileHandleForReading.readDataToEndOfFile()
            finished.wait()
            process.waitUntilExit()
            return CommandOutcome(
                status: process.terminationStatus, output: String(decoding: outputBytes, as: UTF8.self),
                errors: errorBytes.withLock { String(decoding: $0, as: UTF8.self) })
        }
    }
}
