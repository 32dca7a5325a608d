// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// One at a time: they start servers, and a child that is being started holds a copy of every lock for a moment.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ClusterTests {}

extension ClusterTests {
    /// On real servers, each test with its own below a temporary directory. Our own death by kill -9 is played by
    /// dropping the cluster without `stop`: the kernel closes the lock file and the server runs on, as it does then.
    @Suite(.timeLimit(.minutes(2))) struct PrivateClusterTests {
        private func open(_ directory: String, _ mode: PrivateCluster.Mode = .serve) async throws -> PrivateCluster {
            try await PrivateCluster.open(dataDirectory: directory, mode: mode, logger: quietLogger)
        }

        private func refusal(_ directory: String, _ mode: PrivateCluster.Mode = .serve) async -> Refusal? {
            await #expect(throws: Refusal.self) { try await open(directory, mode) }
        }

        /// What `only` gives of `sql` as the owner.
        private func ask<T: PostgresScalar>(_ cluster: PrivateCluster, _ sql: String, as type: T.Type = T.self)
            async throws -> T
        {
            try await onConnection(to: cluster.connectionString) { try $0.query(sql).only().decode("v", as: T.self) }
        }

        private func remaining(_ directory: String) throws -> [Int32] {
            ServerProcess.remaining(try ClusterLayout(dataDirectory: directory))
        }

        @Test func isDurablePrivateAndOurs() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let cluster = try await open(directory)
            for (setting, value) in [
                ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("data_checksums", "on"),
                ("listen_addresses", ""), ("server_encoding", "UTF8"), ("lc_collate", "C"), ("wal_compression", "pglz"),
            ] {
                #expect(try await ask(cluster, "SELECT current_setting('\(setting)') AS v") == value, "\(setting)")
            }
            let layout = try ClusterLayout(dataDirectory: directory)
            for path in [layout.cluster, layout.database] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o700)
                if geteuid() == 0 { #expect(attributes[.ownerAccountID] as? Int != 0) }
            }
            let runtime = cluster.connectionString(user: PrivateCluster.runtime)
            let rights = try await onConnection(to: runtime) {
                try $0.query(
                    "SELECT rolsuper OR rolcreatedb OR rolcreaterole AS v FROM pg_roles WHERE rolname = current_user"
                )
                .only().decode("v", as: Bool.self)
            }
            #expect(rights == false)
            await cluster.stop()
            await cluster.stop()
            #expect(try remaining(directory) == [])
        }

        @Test func keepsWhatItHasFromStartToStart() async throws {
            let directory = try TestCluster.temporaryDirectory()
            var cluster = try await open(directory)
            try await onConnection(to: cluster.connectionString) {
                try $0.execute("CREATE TABLE thing AS SELECT 7 AS v")
            }
            await cluster.stop()
            #expect(cluster.serverPID == nil)
            cluster = try await open(directory)
            #expect(try await ask(cluster, "SELECT v FROM thing", as: Int32.self) == 7)
            await cluster.stop()
        }

        @Test func aSecondDaemonIsRefusedAndAVisitorIsNot() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let cluster = try await open(directory)
            let second = await refusal(directory)
            #expect(second?.code == .alreadyRunning)
            #expect(second?.detail?.contains("process \(getpid()) ") == true)
            let visitor = try await open(directory, .visit)
            #expect(try await ask(visitor, "SELECT 1 AS v", as: Int32.self) == 1)
            await visitor.stop()
            #expect(try await ask(cluster, "SELECT 2 AS v", as: Int32.self) == 2)
            await cluster.stop()
            #expect(try remaining(directory) == [])
        }

        @Test func aServerLeftBehindIsTakenOver() async throws {
            let directory = try TestCluster.temporaryDirectory()
            var cluster: PrivateCluster? = try await open(directory)
            let pid = try #require(cluster?.serverPID)
            cluster = nil
            let next = try await open(directory)
            #expect(next.serverPID == pid)
            #expect(try await ask(next, "SELECT 1 AS v", as: Int32.self) == 1)
            await next.stop()
            #expect(try remaining(directory) == [])
        }

        @Test func aKilledServerComesBackAndThePoolWithIt() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let cluster = try await open(directory)
            var configuration = PostgresPool.Configuration(connectionString: cluster.connectionString)
            configuration.maxConnections = 3
            let pool = PostgresPool(configuration, logger: quietLogger)
            try await pool.run { try $0.execute("CREATE TABLE thing AS SELECT 7 AS v") }
            let pid = try #require(cluster.serverPID)
            // One caller in the middle of something, one idle connection.
            let holder = Holder()
            let caught = Task {
                try await pool.run { connection in
                    try connection.sendPipeline([("SELECT pg_sleep(600)", [])])
                    holder.tell()
                    _ = try connection.collectPipeline()
                }
            }
            await holder.isHolding()
            try await pool.start()
            kill(pid, SIGKILL)
            let refusal = await #expect(throws: Refusal.self) { try await caught.value }
            #expect(refusal?.code == .databaseUnavailable)
            // Callers are refused until it is back, and served as soon as it is. No caller ever waits long.
            let deadline = ContinuousClock.now + .seconds(60)
            var value: Int?
            while value == nil, ContinuousClock.now < deadline {
                let begin = ContinuousClock.now
                do {
                    value = try await pool.run { try $0.query("SELECT v FROM thing").only().decode("v", as: Int.self) }
                } catch {
                    #expect((error as? Refusal)?.code == .databaseUnavailable)
                    #expect(ContinuousClock.now - begin < .seconds(3))
                }
            }
            #expect(value == 7)
            #expect(cluster.serverPID != pid)
            await pool.shutdown()
            await cluster.stop()
            #expect(try remaining(directory) == [])
        }

        /// Its processes were killed, and it has just begun to recover from that.
        @Test func aServerThatRecoversIsStoppedInGoodTime() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let cluster = try await open(directory)
            let pid = try #require(cluster.serverPID)
            kill(pid, SIGSTOP)
            let children = try String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
            for child in children.split(separator: " ") { kill(try #require(pid_t(child)), SIGKILL) }
            kill(pid, SIGCONT)
            let began = ContinuousClock.now
            await cluster.stop()
            #expect(ContinuousClock.now - began < ClusterSupervisor.fastStopTimeout)
            #expect(try remaining(directory) == [])
        }

        @Test func theLastVisitorStopsWhatAVisitorStarted() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let first = try await open(directory, .visit)
            let second = try await open(directory, .visit)
            await first.stop()
            #expect(try await ask(second, "SELECT 1 AS v", as: Int32.self) == 1)
            await second.stop()
            #expect(try remaining(directory) == [])
        }

        @Test func aDaemonTakesOverFromVisitors() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let visitor = try await open(directory, .visit)
            let daemon = try await open(directory)
            await visitor.stop()
            #expect(try await ask(daemon, "SELECT 1 AS v", as: Int32.self) == 1)
            await daemon.stop()
            #expect(try remaining(directory) == [])
        }

        @Test func manyVisitorsAtOnceShareOneServer() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let sum = try await withThrowingTaskGroup(of: Int32.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let visitor = try await open(directory, .visit)
                        let value = try await ask(visitor, "SELECT \(number) AS v", as: Int32.self)
                        await visitor.stop()
                        return value
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 15)
            #expect(try remaining(directory) == [])
        }

        @Test func staleTracesDoNotMislead() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let layout = try ClusterLayout(dataDirectory: directory)
            // An initdb that was interrupted.
            try FileManager.default.createDirectory(
                atPath: layout.unfinished + "/base", withIntermediateDirectories: true)
            let first = try await open(directory)
            await first.stop()
            // The number in the lock files belongs to somebody else by now.
            for file in [layout.pidFile, layout.socketLockFile] {
                try "\(getpid())\n\(layout.database)\n".write(toFile: file, atomically: false, encoding: .utf8)
            }
            let second = try await open(directory)
            #expect(second.serverPID != getpid())
            await second.stop()
        }

        @Test func aServerThatCannotStartIsToldWithItsOwnWords() async throws {
            let directory = try TestCluster.temporaryDirectory()
            let layout = try ClusterLayout(dataDirectory: directory)
            let cluster = try await open(directory)
            await cluster.stop()
            try FileManager.default.removeItem(atPath: layout.database + "/global/pg_control")
            let refusal = await refusal(directory)
            #expect(refusal?.code == .postgresFailed)
            #expect(refusal?.detail?.contains("could not find the database system") == true)
            #expect(refusal?.detail?.contains(layout.startLog) == true)
            // The directory is free again.
            #expect(await self.refusal(directory)?.code == .postgresFailed)
            #expect(try remaining(directory) == [])
        }
    }
}
