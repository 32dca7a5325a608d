// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct PostgresPipelineTests {
    @Test func returnsEveryAnswerInOrder() async throws {
        try await onConnection { connection in
            let answers = try connection.pipeline((0..<1_000).map { ("SELECT $1::integer AS n", [.int4($0)]) })
            #expect(try answers.map { try $0.only().decode("n", as: Int32.self) } == Array(0..<1_000))
            #expect(try connection.pipeline([]).isEmpty)
        }
    }

    @Test func tellsWhichStatementFailedAndStaysUsable() async throws {
        try await onConnection { connection in
            try connection.execute("CREATE TABLE thing (id integer PRIMARY KEY)")
            let insert = "INSERT INTO thing VALUES ($1)"
            let failing: [(PostgresStatement, String, Int)] = [
                ((insert, [.int4(1)]), "23505", 2),  // fails when run
                (("SELECT nothing FROM thing", []), "42703", 2),  // fails when prepared
            ]
            for (statement, state, index) in failing {
                let error = postgresError {
                    try connection.pipeline([(insert, [.int4(1)]), (insert, [.int4(2)]), statement, ("SELECT 4", [])])
                }
                #expect(error?.sqlState == state)
                #expect(error?.statementIndex == index)
                #expect(error?.statement == statement.0)
                // Outside of a transaction the pipeline is one: nothing of it stays.
                #expect(try connection.query("SELECT id FROM thing").isEmpty)
                // A statement whose preparation was skipped is prepared when it is used again.
                #expect(try connection.query("SELECT 4").count == 1)
            }
        }
    }

    @Test func aTransactionWrittenIntoThePipelineDoesNotStayOpen() async throws {
        try await onConnection { connection in
            let error = postgresError {
                try connection.pipeline([("BEGIN", []), ("SELECT 1/0", []), ("COMMIT", [])])
            }
            #expect(error?.sqlState == "22012")
            let after = try connection.query("SELECT 1 AS n")
            #expect(after.count == 1)
        }
    }

    @Test func insideATransactionAFailedPipelineFailsTheTransaction() async throws {
        try await onConnection { connection in
            let error = postgresError {
                try connection.transaction {
                    _ = try? connection.pipeline([("SELECT 1/0", [])])
                    try connection.query("SELECT 1")
                }
            }
            #expect(error?.sqlState == "25P02")
            let after = try connection.query("SELECT 1")
            #expect(after.count == 1)
        }
    }

    @Test func aCommitThatFailsIsTheErrorOfNoStatement() async throws {
        try await onConnection { connection in
            try connection.execute("CREATE TABLE thing (id integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
            let error = postgresError {
                try connection.pipeline([("INSERT INTO thing VALUES (1)", []), ("INSERT INTO thing VALUES (1)", [])])
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.statementIndex == nil)
            #expect(try connection.query("SELECT id FROM thing").isEmpty)
        }
    }

    @Test func splitFormLeavesTimeForOtherWork() async throws {
        try await onConnection { connection in
            try connection.sendPipeline([("SELECT pg_sleep(0.01), 1 AS n", [])])
            #expect(postgresError { try connection.query("SELECT 2") }?.kind == .usage)
            #expect(postgresError { try connection.execute("SELECT 2") }?.kind == .usage)
            #expect(try connection.collectPipeline().first?.only().decode("n", as: Int32.self) == 1)
            #expect(postgresError { _ = try connection.collectPipeline() }?.kind == .usage)
            // Abandoned: `reset` gathers what was sent.
            try connection.sendPipeline([("SELECT 1/0", [])])
            #expect(connection.reset())
            #expect(try connection.query("SELECT 3 AS n").only().decode("n", as: Int32.self) == 3)
        }
    }

    @Test func valuesThatCannotBeSentSendNothing() async throws {
        try await onConnection { connection in
            try connection.execute("CREATE TABLE thing (t text)")
            let error = postgresError {
                try connection.pipeline([
                    ("INSERT INTO thing VALUES ('first')", []), ("INSERT INTO thing VALUES ($1)", [.text("a\0b")]),
                ])
            }
            #expect(error?.kind == .encoding)
            #expect(error?.statementIndex == 1)
            #expect(error?.description.contains("a\0b") == false)
            #expect(try connection.query("SELECT t FROM thing").isEmpty)
            let many = [PostgresStatement](repeating: ("SELECT 1", []), count: PostgresConnection.maxPipelineLength + 1)
            #expect(postgresError { try connection.pipeline(many) }?.kind == .usage)
        }
    }

    /// Far more than the buffers of both ends of the socket, both ways at once.
    @Test func largeParametersAndLargeAnswersDoNotBlockEachOther() async throws {
        try await onConnection { connection in
            let block = [UInt8](repeating: 7, count: 1 << 18)
            let answers = try connection.pipeline((0..<12).map { _ in ("SELECT $1::bytea AS echo", [.bytea(block)]) })
            #expect(answers.count == 12)
            for answer in answers { #expect(try answer.only().decode("echo", as: [UInt8].self) == block) }
        }
    }

    @Test func aKilledSessionIsAConnectionLossAndBroken() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        try await onConnection(to: database) { connection in
            let other = try PostgresConnection(connectionString: database, applicationName: "other")
            #expect(connection.isStillThere())
            try connection.sendPipeline([("SELECT pg_sleep(60)", []), ("SELECT 1", [])])
            try other.query("SELECT pg_terminate_backend($1)", [.int4(connection.backendPID)])
            let error = postgresError { _ = try connection.collectPipeline() }
            #expect(error?.isConnectionLoss == true)
            #expect(error?.sqlState == "57P01")
            #expect(error?.refusal.code == .databaseUnavailable)
            #expect(connection.isBroken)
            #expect(!connection.reset())
            #expect(postgresError { try connection.query("SELECT 1") }?.isConnectionLoss == true)
        }
    }

    @Test func anIdleSessionThatWasKilledIsFoundDead() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        try await onConnection(to: database) { connection in
            let other = try PostgresConnection(connectionString: database, applicationName: "other")
            try other.query("SELECT pg_terminate_backend($1, 10000)", [.int4(connection.backendPID)])
            #expect(!connection.isStillThere())
        }
    }

    @Test func anIdleSessionWithNewsIsStillThere() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        try await onConnection(to: database) { connection in
            let other = try PostgresConnection(connectionString: database, applicationName: "other")
            try connection.execute("LISTEN news")
            try other.execute("NOTIFY news")
            #expect(connection.isStillThere())
            #expect(try connection.query("SELECT 1").count == 1)
        }
    }
}
