// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Runs `body` with a connection to a new database, on a thread of its own.
@discardableResult
func onConnection<T: Sendable>(
    to connectionString: String? = nil, _ body: @escaping @Sendable (PostgresConnection) throws -> T
) async throws -> T {
    let string = if let connectionString { connectionString } else { try await TestCluster.shared().freshDatabase() }
    return try await DedicatedThread(name: "test").run {
        try body(PostgresConnection(connectionString: string, applicationName: "truc-test"))
    }
}

/// The `PostgresError` that `body` throws.
func postgresError(_ body: () throws -> Void) -> PostgresError? {
    do {
        try body()
        return nil
    } catch {
        return error as? PostgresError
    }
}

@Suite(.timeLimit(.minutes(2))) struct PostgresConnectionTests {
    @Test func knowsTheObjectIDsOfTypes() async throws {
        try await onConnection { connection in
            let rows = try connection.query(
                """
                SELECT oid::bigint AS oid, typarray::bigint AS typarray FROM pg_type
                WHERE typname = ANY ($1) ORDER BY oid
                """,
                [.texts(PostgresType.names.values.map(\.self))])
            let listed = try rows.map {
                [try $0.decode("oid", as: Int64.self), try $0.decode("typarray", as: Int64.self)]
            }
            let known = PostgresType.names.keys.sorted { $0.oid < $1.oid }.map { [Int64($0.oid), Int64($0.array.oid)] }
            #expect(listed == known)
        }
    }

    @Test func errorsCarryStateConstraintAndStatement() async throws {
        try await onConnection { connection in
            try connection.execute(
                "CREATE TABLE thing (id bigint CONSTRAINT thing_key PRIMARY KEY, n integer CHECK (n > 0))")
            try connection.query("INSERT INTO thing VALUES ($1, $2)", [.int8(1), .int4(1)])
            let unique = postgresError {
                try connection.query("INSERT INTO  thing\n VALUES ($1, $2)", [.int8(1), .int4(1)])
            }
            #expect(unique?.sqlState == "23505")
            #expect(unique?.isUniqueViolation == true)
            #expect(unique?.constraint == "thing_key")
            #expect(unique?.statement == "INSERT INTO thing VALUES ($1, $2)")
            #expect(unique?.refusal.code == .internalError)
            #expect(unique?.isConnectionLoss == false)
            #expect(
                postgresError { try connection.query("INSERT INTO thing VALUES (2, 0)") }?.constraint == "thing_n_check"
            )
            #expect(postgresError { try connection.query("SELEC 1") }?.sqlState == "42601")
            #expect(postgresError { try connection.execute("SELECT 1; SELECT 1/0") }?.sqlState == "22012")
            #expect(try connection.query("SELECT n FROM thing").only().decode("n", as: Int.self) == 1)
        }
    }

    @Test func cannotConnectIsAConnectionLossWithoutThePassword() async throws {
        for string in [
            "host=/nonexistent user=u password=secretword", "postgresql://u:secretword@/d?host=/nonexistent",
            "a=secretword",
        ] {
            let error = postgresError { _ = try PostgresConnection(connectionString: string, applicationName: "test") }
            #expect(error?.isConnectionLoss == true)
            #expect(error?.refusal.code == .databaseUnavailable)
            #expect(error?.description.contains("secretword") == false)
        }
    }

    @Test func sessionSettingsAreOurs() async throws {
        let settings = [
            "client_encoding", "application_name", "synchronous_commit", "data_checksums", "statement_timeout",
        ]
        @Sendable func read(_ connection: PostgresConnection) throws -> [String] {
            try settings.map { try connection.query("SHOW \($0)").only().decode($0, as: String.self) }
        }
        let database = try await TestCluster.shared().freshDatabase()
        #expect(try await onConnection(to: database, read) == ["UTF8", "truc-test", "on", "on", "0"])
        let other = database + " application_name=other options='-c statement_timeout=7s'"
        #expect(try await onConnection(to: other, read) == ["UTF8", "other", "on", "on", "7s"])
    }

    @Test func statementsArePreparedOnceAndBounded() async throws {
        try await onConnection { connection in
            let count = "SELECT count(*) AS n FROM pg_prepared_statements"
            for number in 0..<10 { try connection.query("SELECT $1::bigint AS n", [.int8(Int64(number))]) }
            #expect(try connection.query(count).only().decode("n", as: Int.self) == 2)
            for number in 0..<PostgresConnection.maxPreparedStatements * 2 { try connection.query("SELECT \(number)") }
            #expect(
                try connection.query(count).only().decode("n", as: Int.self) <= PostgresConnection.maxPreparedStatements
            )
        }
    }

    @Test func nullThenValueOfAnyTypeInTheSamePlace() async throws {
        try await onConnection { connection in
            try connection.execute("CREATE TABLE thing (id integer, note varchar(20))")
            let insert = "INSERT INTO thing VALUES ($1, $2) RETURNING id, note"
            for (id, note) in [(nil, "a"), (1, nil), (nil, nil), (2, "b")] as [(Int32?, String?)] {
                let row = try connection.query(
                    insert, [.optional(id, PostgresValue.int4), .optional(note, PostgresValue.text)]
                ).only()
                #expect(try row.decodeIfPresent("id", as: Int32.self) == id)
                #expect(try row.decodeIfPresent("note", as: String.self) == note)
            }
            // The same text with another type of parameter is another statement, not a value misread.
            #expect(try connection.query("SELECT $1 AS v", [.int8(5)]).only().decode("v", as: Int64.self) == 5)
            #expect(try connection.query("SELECT $1 AS v", [.text("5")]).only().decode("v", as: String.self) == "5")
            #expect(try connection.query("SELECT $1 AS v", [.bool(true)]).only().decode("v", as: Bool.self))
        }
    }

    @Test func aPlanThatNoLongerFitsIsMadeAnew() async throws {
        try await onConnection { connection in
            try connection.execute("CREATE TABLE thing (a integer)")
            try connection.query("SELECT * FROM thing")
            try connection.execute("ALTER TABLE thing ADD COLUMN b integer")
            #expect(postgresError { try connection.query("SELECT * FROM thing") }?.sqlState == "0A000")
            #expect(try connection.query("SELECT * FROM thing").columns == ["a", "b"])
        }
    }

    @Test func transactionCommitsOrRollsBack() async throws {
        struct Told: Error {}
        try await onConnection { connection in
            try connection.execute("CREATE TABLE thing (id integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
            func count() throws -> Int { try connection.query("SELECT count(*) AS n FROM thing").only().decode("n") }
            try connection.transaction { _ = try connection.query("INSERT INTO thing VALUES (1)") }
            #expect(try count() == 1)
            #expect(throws: Told.self) {
                try connection.transaction {
                    try connection.query("INSERT INTO thing VALUES (2)")
                    throw Told()
                }
            }
            #expect(try count() == 1)
            // An error that the body swallows still fails the transaction, and COMMIT must not pass it off as done.
            let swallowed = postgresError {
                try connection.transaction {
                    try connection.query("INSERT INTO thing VALUES (3)")
                    _ = try? connection.query("SELECT 1/0")
                }
            }
            #expect(swallowed?.message == "the transaction had failed and was rolled back")
            // A deferred constraint fails the commit itself.
            let deferred = postgresError {
                try connection.transaction { _ = try connection.query("INSERT INTO thing VALUES (1)") }
            }
            #expect(deferred?.isUniqueViolation == true)
            #expect(postgresError { try connection.transaction { try connection.transaction {} } }?.kind == .usage)
            #expect(try count() == 1)
            let level = try connection.transaction(isolation: .serializable) {
                try connection.query("SHOW transaction_isolation").only().decode(
                    "transaction_isolation", as: String.self)
            }
            #expect(level == "serializable")
        }
    }

    @Test func aTransactionBeginsWithItsFirstStatement() async throws {
        try await onConnection { connection in
            try connection.transaction { #expect(!connection.isInTransaction) }
            let error = postgresError {
                try connection.transaction {
                    _ = try connection.pipeline([("SELECT 1 AS n", []), ("SELECT 1/0", [])])
                }
            }
            #expect(error?.statementIndex == 1)
            try connection.transaction {
                try connection.execute("CREATE TABLE thing (id integer)")
                #expect(connection.isInTransaction)
                let rows = try connection.pipeline([("INSERT INTO thing VALUES (1) RETURNING id", [])])
                #expect(rows.count == 1)
            }
            // A pipeline that the body forgot to collect is no commit.
            let forgotten = postgresError {
                try connection.transaction { try connection.sendPipeline([("INSERT INTO thing VALUES (2)", [])]) }
            }
            #expect(forgotten?.kind == .usage)
            #expect(try connection.query("SELECT id FROM thing").count == 1)
        }
    }

    @Test func serializationFailureIsRetryable() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        try await onConnection(to: database) { first in
            let second = try PostgresConnection(connectionString: database, applicationName: "second")
            try first.execute("CREATE TABLE thing (n integer); INSERT INTO thing VALUES (1)")
            let error = postgresError {
                try first.transaction(isolation: .repeatableRead) {
                    try first.query("SELECT n FROM thing")
                    try second.query("UPDATE thing SET n = 2")
                    try first.query("UPDATE thing SET n = 3")
                }
            }
            #expect(error?.isRetryable == true)
            #expect(try first.query("SELECT n FROM thing").only().decode("n", as: Int.self) == 2)
        }
    }
}
