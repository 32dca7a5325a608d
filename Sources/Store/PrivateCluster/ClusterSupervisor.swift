// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL
import Dispatch
import Exchange
import Foundation
import Logging
import Synchronization

/// The work behind `PrivateCluster`. Blocking; runs on the cluster's thread, but for what is said to be callable from
/// anywhere.
///
/// `@unchecked`: `lock` and `visit` are touched only by work on `thread`, which does one piece at a time; everything
/// else is immutable or behind `state`.
final class ClusterSupervisor: @unchecked Sendable {
    /// Longest wait for the server to answer. Replaying the log after a crash is what takes time.
    static let startTimeout: Duration = .seconds(600)
    /// Longest wait for another process that is starting or stopping the server.
    static let handoverTimeout: Duration = .seconds(60)
    /// Longest wait for processes that a killed server left behind; they notice within moments.
    static let leftoverTimeout: Duration = .seconds(30)
    /// Longest wait for a fast shutdown, which writes a checkpoint, and for an immediate one.
    static let fastStopTimeout: Duration = .seconds(60)
    static let immediateStopTimeout: Duration = .seconds(10)
    /// Longest wait for a server to come through its recovery before it is asked to stop.
    static let recoveryPatience: Duration = .seconds(10)
    /// Pause between looks at something that cannot tell us itself (a lock file, a starting server).
    static let pollInterval: Duration = .milliseconds(20)
    /// Longest pause between attempts to connect to a server that starts; each one writes a line into its log.
    static let longestReadyPause: Duration = .milliseconds(500)
    /// First and longest pause between attempts to start a server that died.
    static let firstRestartPause: Duration = .milliseconds(100)
    static let longestRestartPause: Duration = .seconds(5)

    private struct State {
        var process: ServerProcess?
        var isStopping = false
    }

    let layout: ClusterLayout
    private let mode: PrivateCluster.Mode
    private let environment: [String: String]
    private let logger: Logger
    private let thread: DedicatedThread
    private let state = Mutex(State())
    /// Rung when a server ends and when we shall stop: cuts every wait short.
    private let bell = DispatchSemaphore(value: 0)
    /// The data directory's lock: the daemon's as long as it lives, a visitor's while it starts or stops the server.
    private var lock: DirectoryLock?
    /// A visitor's share.
    private var visit: DirectoryLock?

    init(
        layout: ClusterLayout, mode: PrivateCluster.Mode, environment: [String: String], logger: Logger,
        thread: DedicatedThread
    ) {
        self.layout = layout
        self.mode = mode
        self.environment = environment
        self.logger = logger
        self.thread = thread
    }

    /// Callable from anywhere.
    var serverPID: Int32? { state.withLock { $0.process.flatMap { $0.hasExited ? nil : $0.pid } } }

    /// Callable from anywhere.
    func announceStop() {
        state.withLock { $0.isStopping = true }
        bell.signal()
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    // MARK: Opening

    func open() throws {
        switch mode {
        case .serve: try openToServe()
        case .visit: try openToVisit()
        }
    }

    private func openToServe() throws {
        let start = ContinuousClock.now
        while lock == nil {
            if let taken = try DirectoryLock.take(layout.lockFile, .exclusive) {
                taken.sign("serve")
                lock = consume taken
                break
            }
            let holder = DirectoryLock.holder(layout.lockFile)
            // A visitor holds the lock only while it starts or stops the server.
            let patience = holder?.role == "visit" ? Self.handoverTimeout : DirectoryLock.copyPatience
            guard ContinuousClock.now - start < patience else {
                throw Refusal(.alreadyRunning, holder.map { "process \($0.pid) holds \(layout.dataDirectory)" })
            }
            pause(Self.pollInterval)
        }
        do { try startOrAdopt() } catch {
            giveUp()
            lock = nil
            throw error
        }
    }

    /// After a failed opening: a server that we started must not stay behind.
    private func giveUp() {
        if let process = state.withLock({ $0.process }), process.isChild, !process.hasExited { end(process) }
    }

    private func openToVisit() throws {
        let deadline = ContinuousClock.now + Self.handoverTimeout
        while visit == nil {
            visit = try DirectoryLock.take(layout.visitorsFile, .shared)
            if visit == nil { try pause(until: deadline, for: "the last visitor to leave") }
        }
        defer { lock = nil }
        do {
            while true {
                if let lock = try DirectoryLock.take(layout.lockFile, .exclusive) {
                    lock.sign("visit")
                    self.lock = consume lock
                    return try startOrAdopt()
                }
                if (try? connect(to: PrivateCluster.database)) != nil { return }
                try pause(until: deadline, for: "the process that starts the database")
            }
        } catch {
            giveUp()
            visit = nil
            throw error
        }
    }

    /// Leaves a server that answers, with our roles and our database in it, in `state`.
    private func startOrAdopt() throws {
        let user = try ServerUser.find(database: layout.database)
        if let process = try adopt() {
            logger.notice("database: took over the running server", metadata: ["pid": "\(process.pid)"])
        } else {
            let version = smallFile(layout.versionFile)?.trimmingCharacters(in: .whitespacesAndNewlines)
            let program = try ServerProgram.find(version: version, environment: environment)
            try prepareDirectory(for: user)
            if version == nil { try initialize(program, as: user) }
            try clearLeftovers()
            let process = try start(program, as: user)
            logger.notice("database: started", metadata: ["pid": "\(process.pid)", "program": "\(program.postgres)"])
        }
        try createRolesAndDatabase()
    }

    /// Takes over a server that runs on the directory and waits until it answers; nil when there is none, or it ends.
    private func adopt() throws -> ServerProcess? {
        guard let pid = ServerProcess.running(layout), let process = try watch(pid, isChild: false) else { return nil }
        return try waitUntilReady(process) ? process : nil
    }

    private func start(_ program: ServerProgram, as user: ServerUser) throws -> ServerProcess {
        let command = user.running([program.postgres] + ServerSettings.arguments(layout))
        let pid = try ServerProcess.spawn(command, outputTo: layout.startLog, of: user)
        // A child that we have not reaped is known to the kernel even when it has ended.
        guard let process = try watch(pid, isChild: true), try waitUntilReady(process) else {
            throw Refusal(.postgresFailed, "the server ended while it started; \(lastWords())")
        }
        return process
    }

    private func watch(_ pid: Int32, isChild: Bool) throws -> ServerProcess? {
        let process = try ServerProcess.watch(pid: pid, isChild: isChild) { [weak self] in self?.serverEnded() }
        state.withLock { $0.process = process }
        return process
    }

    /// - Returns: false when the process ended first.
    private func waitUntilReady(_ process: ServerProcess) throws -> Bool {
        let deadline = ContinuousClock.now + Self.startTimeout
        var wait = Self.pollInterval
        while !process.hasExited {
            if (try? connect()) != nil { return true }
            guard !isStopping else { throw Refusal(.stopping) }
            guard ContinuousClock.now < deadline else {
                throw Refusal(.postgresFailed, "no answer within \(Self.startTimeout); \(lastWords())")
            }
            pause(wait)
            wait = min(wait * 2, Self.longestReadyPause)
        }
        return false
    }

    private func connect(to database: String = "postgres") throws(PostgresError) -> PostgresConnection {
        try PostgresConnection(
            connectionString: layout.connectionString(user: PrivateCluster.owner, database: database),
            applicationName: "truc-cluster")
    }

    // MARK: Making

    private func prepareDirectory(for user: ServerUser) throws(Refusal) {
        try user.requirePassage(to: layout.dataDirectory)
        for directory in [layout.cluster, layout.logs] {
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw Refusal(.dataDirectoryUnusable, "\(directory): \(systemMessage())")
            }
            try user.own(directory)
            guard chmod(directory, 0o700) == 0 else {
                throw Refusal(.dataDirectoryUnusable, "\(directory): \(systemMessage())")
            }
        }
    }

    private func initialize(_ program: ServerProgram, as user: ServerUser) throws {
        if FileManager.default.fileExists(atPath: layout.unfinished) {
            try FileManager.default.removeItem(atPath: layout.unfinished)
        }
        let command = [
            program.initdb, "--pgdata=\(layout.unfinished)", "--username=\(PrivateCluster.owner)", "--encoding=UTF8",
            "--locale=C", "--data-checksums", "--auth-local=trust", "--auth-host=reject", "--no-instructions",
        ]
        guard try ServerProcess.runToEnd(user.running(command), outputTo: layout.startLog, of: user) == 0 else {
            throw Refusal(.postgresFailed, "initdb failed; \(lastWords())")
        }
        guard rename(layout.unfinished, layout.database) == 0 else {
            throw Refusal(.dataDirectoryUnusable, "\(layout.database): \(systemMessage())")
        }
        // Before the server writes its first page: a power cut must not take the name back, or the next start would find
        // no database and make another.
        for directory in [layout.cluster, layout.dataDirectory, layout.dataDirectory + "/.."] {
            try syncDirectory(directory)
        }
        logger.notice("database: cluster made", metadata: ["directory": "\(layout.database)"])
    }

    /// Makes the names in a directory durable.
    private func syncDirectory(_ path: String) throws(Refusal) {
        let descriptor = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Refusal(.dataDirectoryUnusable, "\(path): \(systemMessage())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Refusal(.dataDirectoryUnusable, "sync \(path): \(systemMessage())") }
    }

    /// Waits for processes that a killed server left, and removes its lock files when nobody is left.
    ///
    /// PostgreSQL itself believes a lock file whose number some living process, or a zombie, has got.
    private func clearLeftovers() throws(Refusal) {
        let left = waitForLeftovers()
        guard left.isEmpty else { throw Refusal(.postgresFailed, "processes of an earlier server still run: \(left)") }
        for file in [layout.pidFile, layout.socketLockFile] {
            guard unlink(file) == 0 || errno == ENOENT else {
                throw Refusal(.dataDirectoryUnusable, "\(file): \(systemMessage())")
            }
        }
    }

    /// - Returns: processes that still work in the cluster's directory when the time is up.
    private func waitForLeftovers() -> [Int32] {
        let deadline = ContinuousClock.now + Self.leftoverTimeout
        while true {
            let left = ServerProcess.remaining(layout)
            if left.isEmpty || ContinuousClock.now >= deadline { return left }
            pause(Self.pollInterval)
        }
    }

    private func createRolesAndDatabase() throws {
        do throws(PostgresError) {
            let connection = try connect()
            let roles = try connection.query(
                "SELECT 1 FROM pg_roles WHERE rolname = $1", [.text(PrivateCluster.runtime)])
            if roles.isEmpty { try connection.execute("CREATE ROLE \(PrivateCluster.runtime) LOGIN") }
            let databases = try connection.query(
                "SELECT 1 FROM pg_database WHERE datname = $1", [.text(PrivateCluster.database)])
            if databases.isEmpty { try connection.execute("CREATE DATABASE \(PrivateCluster.database)") }
            try connection.execute(
                """
                REVOKE ALL ON DATABASE \(PrivateCluster.database) FROM PUBLIC;
                GRANT CONNECT ON DATABASE \(PrivateCluster.database) TO \(PrivateCluster.runtime);
                """)
        } catch {
            throw Refusal(.postgresFailed, "roles and database: \(error)")
        }
    }

    // MARK: Keeping alive

    /// On the watching thread.
    private func serverEnded() {
        bell.signal()
        guard case .serve = mode, !isStopping else { return }
        // Refused only after `stop`, when nothing is to be kept alive.
        try? thread.post { self.restart() }
    }

    private func restart() {
        // A failed opening has let go of the directory; an end of the server during it has been told there.
        guard lock != nil, serverPID == nil else { return }
        var wait = Self.firstRestartPause
        while !isStopping {
            logger.error("database: the server ended; starting it again", metadata: ["said": "\(lastWords())"])
            do {
                try startOrAdopt()
                return
            } catch {
                logger.error("database: did not start", metadata: ["error": "\(error)", "again in": "\(wait)"])
            }
            let deadline = ContinuousClock.now + wait
            while !isStopping, ContinuousClock.now < deadline { pause(ContinuousClock.now.duration(to: deadline)) }
            wait = min(wait * 2, Self.longestRestartPause)
        }
    }

    // MARK: Stopping

    func stop() {
        switch mode {
        case .serve:
            if let process = state.withLock({ $0.process }) { end(process) }
        case .visit:
            leave()
        }
        lock = nil
        visit = nil
    }

    /// The last visitor stops the server, unless a daemon serves.
    private func leave() {
        // Both are held until `stop` is done: whoever comes meanwhile waits, and then starts a server of its own.
        let start = ContinuousClock.now
        while visit?.makeExclusive() == false {
            guard ContinuousClock.now - start < DirectoryLock.copyPatience else { return }
            pause(Self.pollInterval)
        }
        guard let taken = try? DirectoryLock.take(layout.lockFile, .exclusive) else { return }
        taken.sign("visit")
        lock = consume taken
        // Ours, or one that an earlier visitor left to us.
        var process = state.withLock { $0.process }
        if process?.hasExited ?? true, let pid = ServerProcess.running(layout) {
            process = try? watch(pid, isChild: false)
        }
        if let process { end(process) }
    }

    private func end(_ process: ServerProcess) {
        let steps: [(signal: Int32, timeout: Duration)] = [
            (SIGINT, Self.fastStopTimeout), (SIGQUIT, Self.immediateStopTimeout), (SIGKILL, Self.immediateStopTimeout),
        ]
        letRecover(process)
        for step in steps {
            process.signal(step.signal)
            let deadline = ContinuousClock.now + step.timeout
            while !process.hasExited, ContinuousClock.now < deadline {
                pause(ContinuousClock.now.duration(to: deadline))
            }
            if process.hasExited {
                // The process that writes the log goes after the server.
                let left = waitForLeftovers()
                logger.notice("database: stopped", metadata: ["pid": "\(process.pid)", "left": "\(left)"])
                return
            }
        }
        logger.critical("database: the server does not end", metadata: ["pid": "\(process.pid)"])
    }

    /// A server that is asked to stop in the first moments of its recovery loses its startup process and waits for ever
    /// (PostgreSQL 15): one that recovers is asked when it is through.
    private func letRecover(_ process: ServerProcess) {
        let address = layout.connectionString(user: PrivateCluster.owner, database: "postgres")
        let deadline = ContinuousClock.now + Self.recoveryPatience
        while !process.hasExited, ContinuousClock.now < deadline, PQping(address) == PQPING_REJECT {
            pause(Self.pollInterval)
        }
    }

    // MARK: Waiting and telling

    /// Waits at most this long; less when the bell rings.
    private func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        _ = bell.wait(timeout: .now() + .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)))
    }

    private func pause(until deadline: ContinuousClock.Instant, for what: String) throws(Refusal) {
        guard ContinuousClock.now < deadline else {
            throw Refusal(.alreadyRunning, "waited \(Self.handoverTimeout) for \(what)")
        }
        pause(Self.pollInterval)
    }

    /// The last lines that the server wrote, and where there is more. Its words move from one file to the other while
    /// it starts.
    private func lastWords() -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: layout.logs)) ?? []
        let newest = ([layout.startLog] + names.map { "\(layout.logs)/\($0)" }).max { changed($0) < changed($1) }
        let file = newest ?? layout.startLog
        let lines = smallFile(file)?.split(separator: "\n").suffix(3).joined(separator: " ") ?? ""
        return "\(lines) (\(file))"
    }

    private func changed(_ path: String) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    }
}
