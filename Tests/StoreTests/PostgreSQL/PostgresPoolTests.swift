// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Exchange
import Foundation
import Logging
import Synchronization
import TestKit
import Testing

@testable import Store

let quietLogger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

@Suite(.timeLimit(.minutes(2))) struct PostgresPoolTests {
    private func pool(_ change: (inout PostgresPool.Configuration) -> Void = { _ in }) async throws -> PostgresPool {
        var configuration = PostgresPool.Configuration(
            connectionString: try await TestCluster.shared().freshDatabase(), applicationName: "truc-test")
        configuration.maxConnections = 2
        change(&configuration)
        return PostgresPool(configuration, logger: quietLogger)
    }

    @Test func carriesManyCallersOverFewConnections() async throws {
        let pool = try await pool()
        try await pool.start()
        let pids = Shared<Set<Int32>>([])
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await pool.run { connection in
                        let pid = connection.backendPID
                        pids.change { $0.insert(pid) }
                        return try connection.query("SELECT $1::bigint AS n", [.int8(Int64(number))]).only().decode("n")
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 19_900)
        #expect((1...2).contains(pids.value.count))
        await pool.shutdown()
    }

    @Test func runsTheSetupAndHandsOnResultsAndErrors() async throws {
        struct Told: Error {}
        let pool = try await pool {
            $0.onConnect = ["SET TimeZone = 'Asia/Ho_Chi_Minh'", "SET statement_timeout = '9s'"]
        }
        let zone = try await pool.run { try $0.query("SHOW TimeZone").only().decode("TimeZone", as: String.self) }
        #expect(zone == "Asia/Ho_Chi_Minh")
        await #expect(throws: Told.self) { try await pool.run { _ in throw Told() } }
        await #expect(throws: PostgresError.self) { _ = try await pool.run { try $0.query("SELECT 1/0") } }
        await pool.shutdown()
        await #expect(throws: Refusal(.stopping)) { try await pool.run { _ in } }
        await pool.shutdown()
    }

    @Test func nobodyInheritsAnOpenTransactionOrPipeline() async throws {
        let pool = try await pool { $0.maxConnections = 1 }
        try await pool.run { try $0.execute("CREATE TABLE thing (id integer)") }
        try await pool.run { try $0.execute("BEGIN; INSERT INTO thing VALUES (1)") }
        try await pool.run { try $0.sendPipeline([("SELECT 1/0", [])]) }
        let count = try await pool.run { try $0.query("SELECT id FROM thing").count }
        #expect(count == 0)
        await pool.shutdown()
    }

    @Test func boundsItsQueueAndLetsWaitersCancel() async throws {
        let pool = try await pool {
            $0.maxConnections = 1
            $0.maxWaiting = 2
        }
        let holder = Holder()
        let held = Task { try await pool.run { _ in holder.hold() } }
        await holder.isHolding()
        let first = Task { try await pool.run { _ in 1 } }
        let second = Task { try await pool.run { _ in 2 } }
        while pool.waitingCount < 2 { await Task.yield() }
        await #expect(throws: Refusal(.overloaded)) { try await pool.run { _ in } }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(pool.waitingCount == 1)
        holder.letGo()
        #expect(try await second.value == 2)
        try await held.value
        await pool.shutdown()
    }

    @Test func cancelledBeforeItComesIsCancelled() async throws {
        let pool = try await pool { $0.maxConnections = 1 }
        let holder = Holder()
        let held = Task { try await pool.run { _ in holder.hold() } }
        await holder.isHolding()
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await pool.run { _ in }
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(pool.waitingCount == 0)
        holder.letGo()
        try await held.value
        await pool.shutdown()
    }

    @Test func aWaitHasADeadline() async throws {
        let pool = try await pool {
            $0.maxConnections = 1
            $0.maxWait = .milliseconds(20)
        }
        // Connecting may itself take longer than that.
        while (try? await pool.start()) == nil {}
        let holder = Holder()
        let held = Task { try await pool.run { _ in holder.hold() } }
        await holder.isHolding()
        await #expect(throws: Refusal(.overloaded)) { try await pool.run { _ in } }
        holder.letGo()
        try await held.value
        await pool.shutdown()
    }

    @Test func shutdownLetsTheBusyFinishAndRefusesTheWaiting() async throws {
        let pool = try await pool { $0.maxConnections = 1 }
        let holder = Holder()
        let held = Task { try await pool.run { _ in holder.hold() } }
        await holder.isHolding()
        let waiting = Task { try await pool.run { _ in } }
        while pool.waitingCount < 1 { await Task.yield() }
        async let shutdown: Void = pool.shutdown()
        await #expect(throws: Refusal(.stopping)) { try await waiting.value }
        holder.letGo()
        try await held.value
        await shutdown
    }

    @Test func anIdleConnectionThatWasKilledIsReplacedUnseen() async throws {
        let pool = try await pool { $0.maxConnections = 1 }
        let pid = try await pool.run { $0.backendPID }
        let runs = Shared(0)
        try await onConnection { try $0.query("SELECT pg_terminate_backend($1, 10000)", [.int4(pid)]) }
        let next = try await pool.run { connection in
            runs.change { $0 += 1 }
            try connection.query("SELECT 1")
            return connection.backendPID
        }
        #expect(next != pid)
        #expect(runs.value == 1)
        await pool.shutdown()
    }

    @Test func aConnectionKilledInUseFailsItsCallerOnly() async throws {
        let pool = try await pool { $0.maxConnections = 1 }
        let runs = Shared(0)
        await #expect(throws: Refusal(.databaseUnavailable, "SQLSTATE 57P01")) {
            try await pool.run { connection in
                runs.change { $0 += 1 }
                try connection.query("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(runs.value == 1)
        #expect(try await pool.run { try $0.query("SELECT 1").count } == 1)
        await pool.shutdown()
    }

    @Test func aServerThatNeverWasRefusesAtOnce() async throws {
        let pool = PostgresPool(
            PostgresPool.Configuration(connectionString: "host=/nonexistent dbname=x user=x"), logger: quietLogger)
        await #expect(throws: Refusal(.databaseUnavailable)) { try await pool.start() }
        for _ in 0..<100 { await #expect(throws: Refusal(.databaseUnavailable)) { try await pool.run { _ in } } }
        await pool.shutdown()
    }
}

/// Keeps a connection busy until told otherwise.
final class Holder: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let holding = AsyncStream<Void>.makeStream()

    /// On the connection's thread.
    func hold() {
        tell()
        gate.wait()
    }

    func tell() { holding.continuation.yield() }

    func isHolding() async { for await _ in holding.stream { return } }
    func letGo() { gate.signal() }
}

/// A value that several threads change.
final class Shared<T: Sendable>: Sendable {
    private let held: Mutex<T>
    init(_ value: T) { held = Mutex(value) }
    var value: T { held.withLock { $0 } }
    func change<R: Sendable>(_ body: @Sendable (inout T) -> R) { held.withLock { _ = body(&$0) } }
}
