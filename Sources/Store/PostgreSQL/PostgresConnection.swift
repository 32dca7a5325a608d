// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL
import Foundation

/// One statement and its parameters, which stand in it as `$1`, `$2`, …
public typealias PostgresStatement = (String, [PostgresValue])

/// One session with a PostgreSQL server. Every call blocks: use it on one `DedicatedThread` only.
///
/// Statements are prepared when first seen and kept by their text; parameters and results are binary. Every round
/// trip is a pipeline, of one statement or many, so there is one way in which errors are found and recovered from:
/// after any `PostgresError` that is not a connection loss the session can be used again.
public final class PostgresConnection {
    /// Statements that may go into one pipeline.
    public static let maxPipelineLength = 10_000
    /// Parameters of one statement; the protocol's own limit.
    public static let maxParameters = 65_535
    /// Prepared statements kept before all are dropped and prepared anew as they come.
    public static let maxPreparedStatements = 256
    /// What a connection string does not say itself. Seconds and milliseconds as libpq wants them.
    public static let defaultParameters: [(name: String, value: String)] = [
        ("client_encoding", "UTF8"), ("connect_timeout", "5"), ("keepalives", "1"), ("keepalives_idle", "30"),
        ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
    ]

    private let session: OpaquePointer
    private var prepared: [String: Prepared] = [:]
    private var preparedCount = 0
    /// What has been sent and not yet collected; nil when nothing is.
    private var sent: Sent?
    private var isInTransactionBody = false
    /// The BEGIN of a transaction that was not sent yet: it goes with the first statements and costs no round trip.
    private var pendingBegin: String?
    private var hasFailed = false
    /// How long a server may say nothing while an answer is awaited, and take nothing while something is sent; then the
    /// session counts as lost. A server that hangs, or whose machine does, is not gone: no time-out of the network ends the
    /// waiting. Nil: for ever.
    var silenceLimit: Duration?

    /// Connects.
    ///
    /// - Parameters:
    ///   - connectionString: `postgresql://…` or `key=value …`, as libpq reads it; what it says wins over
    ///     `defaultParameters`.
    ///   - applicationName: shown in `pg_stat_activity` unless the connection string says another.
    /// - Throws: `PostgresError` of kind `connection`; the connection string does not appear in it.
    public init(connectionString: String, applicationName: String) throws(PostgresError) {
        var parameters = try Self.parse(connectionString)
        for (name, value) in Self.defaultParameters + [("application_name", applicationName)]
        where parameters[name] == nil {
            parameters[name] = value
        }
        session = try Self.connect(parameters)
        // libpq writes notices to standard error unless told otherwise.
        PQsetNoticeProcessor(session, { _, _ in }, nil)
        // Sending must not wait inside libpq, which knows no limit; `flush` does.
        guard PQsetnonblocking(session, 1) == 0 else { throw broken() }
    }

    deinit { PQfinish(session) }

    // MARK: Asking

    /// Runs one statement.
    ///
    /// - Throws: `PostgresError`. A statement outside `transaction` is a transaction of its own.
    @discardableResult
    public func query(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresError) -> PostgresRows {
        let answers = try pipeline([(sql, parameters)])
        guard let rows = answers.first else { throw PostgresError(.usage, "no answer", statement: sql) }
        return rows
    }

    /// Sends all statements in one round trip and returns their answers in order.
    ///
    /// Outside `transaction` the pipeline is one transaction, committed when the last statement is done.
    ///
    /// - Throws: the error of the first statement that failed, with its `statementIndex` (nil for a failed commit). The
    ///   statements after it were not run.
    @discardableResult
    public func pipeline(_ statements: [PostgresStatement]) throws(PostgresError) -> [PostgresRows] {
        try sendPipeline(statements)
        return try collectPipeline()
    }

    /// Sends all statements and returns while the server works on them; `collectPipeline` must follow.
    ///
    /// - Throws: `PostgresError` when nothing was sent (`encoding`, `usage`) or the connection was lost.
    public func sendPipeline(_ statements: [PostgresStatement]) throws(PostgresError) {
        guard sent == nil else { throw PostgresError(.usage, "a pipeline is under way") }
        guard statements.count <= Self.maxPipelineLength else {
            throw PostgresError(
                .usage, "a pipeline of \(statements.count) statements is longer than \(Self.maxPipelineLength)")
        }
        try requireUsable()
        let begin = pendingBegin
        let encoded = try encode(begin.map { [($0, [])] } ?? []) + encode(statements)
        try makeRoomForStatements()
        pendingBegin = nil
        let opensHere = !isInTransactionBody && PQtransactionStatus(session) == PQTRANS_IDLE
        guard PQenterPipelineMode(session) == 1 else { throw broken() }
        var items: [Sent.Item] = []
        // A BEGIN of ours stands before the caller's first statement and has the index -1.
        for (index, statement) in zip((begin == nil ? 0 : -1)..., encoded) {
            let (name, isNew) = name(for: statement)
            if isNew {
                guard send(prepare: statement, as: name) else { throw broken() }
                items.append(.prepare(index, name: name))
            }
            guard send(execute: statement, name: name) else { throw broken() }
            items.append(.execute(index))
        }
        guard PQpipelineSync(session) == 1 else { throw broken() }
        try flush()
        sent = Sent(statements: statements.map(\.0), items: items, opensHere: opensHere)
    }

    /// Waits for the answers to what `sendPipeline` sent.
    ///
    /// - Throws: as `pipeline`.
    public func collectPipeline() throws(PostgresError) -> [PostgresRows] {
        guard let sent = sent.take() else { throw PostgresError(.usage, "no pipeline is under way") }
        var collected = Collected()
        for item in sent.items {
            try collect(item, of: sent, into: &collected)
        }
        try collectSync(into: &collected)
        guard PQexitPipelineMode(session) == 1 else { throw broken() }
        for name in collected.unprepared { prepared = prepared.filter { $0.value.name != name } }
        guard let error = collected.error else { return collected.answers }
        // BEGIN and COMMIT may stand in the pipeline itself; a failure between them leaves the transaction open.
        if sent.opensHere, PQtransactionStatus(session) != PQTRANS_IDLE { try runScript("ROLLBACK") }
        throw error
    }

    /// Runs a script of any number of statements without parameters; answers are dropped.
    ///
    /// The script is one transaction unless it, or the caller, begins others.
    public func execute(_ script: String) throws(PostgresError) {
        guard sent == nil else { throw PostgresError(.usage, "a pipeline is under way") }
        if pendingBegin != nil { try pipeline([]) }
        try runScript(script)
    }

    private func runScript(_ script: String) throws(PostgresError) {
        try requireUsable()
        let result = PQexec(session, script)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            hasFailed = true
            throw PostgresError(.usage, "a script cannot copy from or to us", statement: script)
        default:
            throw error(result, statement: script, index: nil)
        }
    }

    // MARK: Transactions

    public enum Isolation: String, Sendable {
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    /// Runs `body` between BEGIN and COMMIT, or ROLLBACK when it throws. They do not nest.
    ///
    /// - Throws: what `body` throws; else `PostgresError`. When it is a connection loss at COMMIT, whether the
    ///   transaction took effect is unknown.
    public func transaction<T>(isolation: Isolation = .readCommitted, _ body: () throws -> T) throws -> T {
        guard !isInTransactionBody else { throw PostgresError(.usage, "transactions do not nest") }
        pendingBegin = "BEGIN ISOLATION LEVEL \(isolation.rawValue)"
        isInTransactionBody = true
        defer { isInTransactionBody = false }
        do {
            let value = try body()
            // Nothing was asked, nothing was begun.
            if pendingBegin.take() == nil { try query("COMMIT") }
            return value
        } catch {
            // The first error is the one that tells; a connection that cannot roll back is closed by its owner.
            if !reset() { hasFailed = true }
            throw error
        }
    }

    // MARK: State

    /// The session is lost; nothing can be done with it but drop it.
    public var isBroken: Bool { hasFailed || PQstatus(session) == CONNECTION_BAD }

    /// A transaction is open and has not failed.
    var isInTransaction: Bool { PQtransactionStatus(session) == PQTRANS_INTRANS }

    /// Process id of the server's end.
    public var backendPID: Int32 { PQbackendPID(session) }

    /// Brings the session to the state before anything was asked of it: nothing under way, no transaction open.
    ///
    /// - Returns: whether the session can be used.
    public func reset() -> Bool {
        pendingBegin = nil
        if sent != nil { _ = try? collectPipeline() }
        if !isBroken, PQtransactionStatus(session) != PQTRANS_IDLE { try? runScript("ROLLBACK") }
        return !isBroken && PQtransactionStatus(session) == PQTRANS_IDLE
    }

    /// Whether a session that lay idle is still there, found without a round trip unless something arrived meanwhile.
    ///
    /// A server that went away has closed its end, which makes the socket readable.
    public func isStillThere() -> Bool {
        guard !isBroken, sent == nil else { return false }
        var socket = pollfd(fd: PQsocket(session), events: Int16(POLLIN), revents: 0)
        guard poll(&socket, 1, 0) != 0 else { return true }
        guard PQconsumeInput(session) == 1, PQstatus(session) == CONNECTION_OK else { return false }
        // A notice or a parameter change may have come; an empty pipeline asks the server for a sign of life.
        return (try? pipeline([])) != nil
    }

    /// Hands the server what is still to be sent, and takes what it says meanwhile: it may say more than the network holds
    /// before it takes the rest.
    private func flush() throws(PostgresError) {
        while true {
            let rest = PQflush(session)
            guard rest >= 0 else { throw broken() }
            if rest == 0 { return }
            guard let events = try wait(for: POLLIN | POLLOUT, "has taken nothing") else { throw broken() }
            if events & POLLIN != 0, PQconsumeInput(session) != 1 { throw broken() }
        }
    }

    /// The next result as libpq has it, once it can be had.
    private func nextResult() throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(session) == 1 {
            // What is wrong, the result tells, which does not wait for a server that is gone.
            guard try wait(for: POLLIN, "has said nothing") != nil, PQconsumeInput(session) == 1 else { break }
        }
        return PQgetResult(session)
    }

    /// Waits until the socket can be read or written.
    ///
    /// - Returns: what it can; nil when it cannot be waited for.
    /// - Throws: `PostgresError` of kind `connection` when nothing happens for `silenceLimit`.
    private func wait(for events: Int32, _ what: String) throws(PostgresError) -> Int32? {
        let milliseconds = silenceLimit.map { Int32(clamping: $0.components.seconds * 1_000) } ?? -1
        while true {
            var socket = pollfd(fd: PQsocket(session), events: Int16(events), revents: 0)
            let ready = poll(&socket, 1, milliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready != 0 else {
                hasFailed = true
                throw PostgresError(.connection, "the server \(what) for \(silenceLimit ?? .zero)")
            }
            return ready > 0 ? Int32(socket.revents) : nil
        }
    }

    private func requireUsable() throws(PostgresError) {
        guard !isBroken else { throw broken() }
    }

    private func broken() -> PostgresError {
        hasFailed = true
        let message = PQerrorMessage(session).map { String(cString: $0) } ?? ""
        return PostgresError(.connection, message.isEmpty ? "the connection is lost" : message)
    }

    private func error(_ result: OpaquePointer?, statement: String?, index: Int?) -> PostgresError {
        guard let result else { return broken() }
        let error = PostgresError(
            result: result, connectionIsGone: PQstatus(session) == CONNECTION_BAD, statement: statement,
            statementIndex: index)
        if error.isFatal { hasFailed = true }
        return error
    }
}

/// A session belongs to one thread; nothing in it is locked.
@available(*, unavailable) extension PostgresConnection: Sendable {}

// MARK: - Sending

extension PostgresConnection {
    /// A statement as libpq takes it.
    private struct Encoded {
        let sql: String
        let types: [PostgresType]
        /// All binary values one after the other, then one byte more: an empty value still needs an address, because
        /// libpq takes a null pointer for NULL.
        let bytes: [UInt8]
        /// Where in `bytes` each value begins; nil for NULL.
        let starts: [Int?]
        let lengths: [Int32]
    }

    private struct Prepared {
        let name: String
        /// Types that the parameters were declared with; `unknown` where the value was NULL.
        let types: [PostgresType]

        /// Whether values of these types may be sent. NULL may always be: it has no binary form to be misread.
        func takes(_ wanted: [PostgresType]) -> Bool {
            types.count == wanted.count && zip(types, wanted).allSatisfy { $1 == .unknown || $0 == $1 }
        }
    }

    private func encode(_ statements: [PostgresStatement]) throws(PostgresError) -> [Encoded] {
        var all: [Encoded] = []
        all.reserveCapacity(statements.count)
        for (index, (sql, parameters)) in statements.enumerated() {
            func problem(_ reason: String) -> PostgresError {
                PostgresError(.encoding, reason, statement: sql, statementIndex: index)
            }
            guard parameters.count <= Self.maxParameters else {
                throw problem("\(parameters.count) parameters are more than \(Self.maxParameters)")
            }
            guard !sql.utf8.contains(0) else { throw problem("the statement has the character U+0000") }
            var bytes: [UInt8] = []
            var starts: [Int?] = []
            var lengths: [Int32] = []
            for (position, parameter) in parameters.enumerated() {
                let start = bytes.count
                do { try parameter.encode(into: &bytes) } catch {
                    throw problem("parameter $\(position + 1) \(error.reason)")
                }
                guard let length = Int32(exactly: bytes.count - start) else {
                    throw problem("parameter $\(position + 1) has more than 2 GiB")
                }
                starts.append(parameter == .null ? nil : start)
                lengths.append(length)
            }
            bytes.append(0)
            all.append(
                Encoded(sql: sql, types: parameters.map(\.type), bytes: bytes, starts: starts, lengths: lengths))
        }
        return all
    }

    /// The name under which the statement is, or has to be, prepared.
    private func name(for statement: Encoded) -> (name: String, isNew: Bool) {
        let known = prepared[statement.sql]
        if let known, known.takes(statement.types) { return (known.name, false) }
        preparedCount += 1
        let name = "s\(preparedCount)"
        // What an earlier use told about a parameter that is NULL this time is kept.
        let types = statement.types.enumerated().map { position, type in
            type == .unknown && position < known?.types.count ?? 0 ? known?.types[position] ?? type : type
        }
        prepared[statement.sql] = Prepared(name: name, types: types)
        return (name, true)
    }

    /// Keeps the number of prepared statements bounded, on the server too.
    private func makeRoomForStatements() throws(PostgresError) {
        guard preparedCount >= Self.maxPreparedStatements, PQtransactionStatus(session) == PQTRANS_IDLE else { return }
        prepared = [:]
        preparedCount = 0
        try runScript("DEALLOCATE ALL")
    }

    private func send(prepare statement: Encoded, as name: String) -> Bool {
        let types = (prepared[statement.sql]?.types ?? statement.types).map(\.oid)
        return types.withUnsafeBufferPointer {
            PQsendPrepare(session, name, statement.sql, Int32($0.count), $0.baseAddress) == 1
        }
    }

    private func send(execute statement: Encoded, name: String) -> Bool {
        let formats = [Int32](repeating: 1, count: statement.lengths.count)
        return statement.bytes.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = statement.starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return PQsendQueryPrepared(session, name, Int32(values.count), values, statement.lengths, formats, 1) == 1
        }
    }
}

// MARK: - Collecting

extension PostgresConnection {
    private struct Sent {
        enum Item {
            case prepare(Int, name: String)
            case execute(Int)
        }
        /// Texts of the statements, for errors.
        let statements: [String]
        let items: [Item]
        /// A transaction that is open when the pipeline has failed was begun by the pipeline itself.
        let opensHere: Bool

        /// The statement and its index, as errors tell them.
        func statement(_ index: Int) -> (sql: String, index: Int?) {
            statements.indices.contains(index) ? (statements[index], index) : ("BEGIN", nil)
        }
    }

    private struct Collected {
        var answers: [PostgresRows] = []
        var error: PostgresError?
        /// Names of statements that the server does not know after all.
        var unprepared: [String] = []
    }

    private func collect(_ item: Sent.Item, of sent: Sent, into collected: inout Collected) throws(PostgresError) {
        let position: Int
        var preparing: String?
        switch item {
        case .prepare(let place, let name): (position, preparing) = (place, name)
        case .execute(let place): position = place
        }
        let (sql, index) = sent.statement(position)
        guard let result = try nextResult() else { throw broken() }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            if preparing == nil { take(result, sql: sql, index: index, into: &collected) }
        case PGRES_PIPELINE_ABORTED:
            if let preparing { collected.unprepared.append(preparing) }
        default:
            let error = error(result, statement: sql, index: index)
            if collected.error == nil { collected.error = error }
            if error.isFatal { throw error }
            if let preparing { collected.unprepared.append(preparing) }
            forget(sql, after: error)
        }
        // A null pointer ends the results of each item.
        while let extra = try nextResult() {
            PQclear(extra)
            try requireUsable()
        }
    }

    private func take(_ result: OpaquePointer, sql: String, index: Int?, into collected: inout Collected) {
        let rows = PostgresRows(copying: result, statement: sql)
        // The server answers COMMIT of a failed transaction with ROLLBACK and no error; that must not pass for success.
        if rows.commandTag == "ROLLBACK", sql.uppercased().hasPrefix("COMMIT"), collected.error == nil {
            collected.error = PostgresError(
                .server, "the transaction had failed and was rolled back", statement: sql, statementIndex: index)
        }
        if index != nil { collected.answers.append(rows) }
    }

    /// A statement whose plan no longer fits the tables, or that the server has lost, is prepared anew next time.
    private func forget(_ sql: String, after error: PostgresError) {
        if error.sqlState == "0A000" || error.sqlState == "26000" { prepared[sql] = nil }
    }

    /// The end of the pipeline. An error here is a commit that failed, for example a deferred constraint.
    private func collectSync(into collected: inout Collected) throws(PostgresError) {
        var hasEnded = false
        while true {
            guard let result = try nextResult() else {
                // One null pointer ends the results of an error. A second: libpq waits for nothing any more, and
                // would say so for ever.
                guard !hasEnded else { throw broken() }
                try requireUsable()
                hasEnded = true
                continue
            }
            defer { PQclear(result) }
            hasEnded = false
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC { return }
            let error = error(result, statement: nil, index: nil)
            if collected.error == nil { collected.error = error }
            if error.isFatal { throw error }
        }
    }
}

// MARK: - Connecting

extension PostgresConnection {
    /// Whether libpq can read the connection string; nothing is connected.
    public static func canRead(_ connectionString: String) -> Bool { (try? parse(connectionString)) != nil }

    private static func parse(_ connectionString: String) throws(PostgresError) -> [String: String] {
        // The message of a string that cannot be read may quote it, and with it a password: it is not used.
        guard let options = PQconninfoParse(connectionString, nil) else {
            throw PostgresError(.connection, "the connection string cannot be read")
        }
        defer { PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parameters[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return parameters
    }

    private static func connect(_ parameters: [String: String]) throws(PostgresError) -> OpaquePointer {
        let names = parameters.keys.sorted()
        let strings = (names + names.map { parameters[$0] ?? "" }).map { strdup($0) }
        defer { strings.forEach { free($0) } }
        let keywords = strings.prefix(names.count).map { UnsafePointer($0) } + [nil]
        let values = strings.dropFirst(names.count).map { UnsafePointer($0) } + [nil]
        guard let session = PQconnectdbParams(keywords, values, 0) else {
            throw PostgresError(.connection, "out of memory")
        }
        guard PQstatus(session) == CONNECTION_OK else {
            defer { PQfinish(session) }
            throw PostgresError(.connection, PQerrorMessage(session).map { String(cString: $0) } ?? "cannot connect")
        }
        return session
    }
}
