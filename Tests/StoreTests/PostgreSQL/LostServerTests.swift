// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import TestKit
import Testing

@testable import Store

/// Sessions that end in ways in which a real server ends them once in some hundred crashes.
@Suite(.timeLimit(.minutes(1))) struct LostServerTests {
    /// While the process of a session dies, sending may fail when something can still be read. libpq then reports the failed
    /// sending as the result of the statement and calls the connection good; what comes after that result is nothing,
    /// for ever.
    @Test func aFailedSendingIsALostConnection() async throws {
        let server = try DeafServer()
        try await onConnection(to: server.connectionString) { connection in
            let error = postgresError { try connection.query("SELECT 1") }
            #expect(error?.kind == .connection)
            #expect(error?.isConnectionLoss == true)
            #expect(connection.isBroken)
            #expect(!connection.isStillThere())
        }
    }

    /// As of a machine that is paused, or a disk that does not answer.
    @Test func aServerThatHangsIsLostAfterAWhile() async throws {
        try await onConnection(to: try await TestCluster.shared().freshDatabase()) { connection in
            connection.silenceLimit = .seconds(1)
            try connection.query("SELECT 1")
            let pid = connection.backendPID
            #expect(kill(pid, SIGSTOP) == 0)
            defer { kill(pid, SIGCONT) }
            let error = postgresError { try connection.query("SELECT 2") }
            #expect(error?.isConnectionLoss == true && error?.message.contains("said nothing") == true)
            #expect(connection.isBroken && !connection.reset())
        }
    }

    /// More than the network holds: the server takes none of it, and the sending ends all the same.
    @Test func aServerThatTakesNothingIsLostAfterAWhile() async throws {
        try await onConnection(to: try await TestCluster.shared().freshDatabase()) { connection in
            connection.silenceLimit = .seconds(1)
            let bytes = [UInt8](repeating: 0x61, count: 32 << 20)
            let query = "SELECT octet_length($1::bytea) AS length"
            let length = try connection.query(query, [.bytea(bytes)]).only().decode("length", as: Int32.self)
            #expect(length == Int32(bytes.count))
            let pid = connection.backendPID
            #expect(kill(pid, SIGSTOP) == 0)
            defer { kill(pid, SIGCONT) }
            let error = postgresError { try connection.query(query, [.bytea(bytes)]) }
            #expect(error?.isConnectionLoss == true && error?.message.contains("taken nothing") == true)
            #expect(connection.isBroken && !connection.reset())
        }
    }

    @Test func soIsOneInATransaction() async throws {
        let server = try DeafServer()
        try await onConnection(to: server.connectionString) { connection in
            let error = postgresError {
                try connection.transaction { _ = try connection.pipeline([("SELECT 1", []), ("SELECT 2", [])]) }
            }
            #expect(error?.kind == .connection)
            #expect(!connection.reset())
        }
    }
}

/// Lets one client in, takes nothing more from it, and has always one more setting (ParameterStatus) to tell it.
private final class DeafServer: Sendable {
    /// More than one reading of the client takes.
    private static let newsBytes = 8 << 20

    let connectionString: String

    init() throws {
        let folder = try TestCluster.temporaryDirectory()
        connectionString = "host='\(folder)' port=5432 user=nobody dbname=none"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array("\(folder)/.s.PGSQL.5432".utf8)) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 1) == 0)
        Thread.detachNewThread { Self.serve(listener) }
    }

    private static func serve(_ listener: Int32) {
        let client = accept(listener, nil, nil)
        close(listener)
        defer { close(client) }
        // The start-up message comes in one piece; nothing in it matters.
        var start = [UInt8](repeating: 0, count: 4_096)
        guard recv(client, &start, start.count, 0) > 0 else { return }
        // From now on the client's sending fails, and its reading does not.
        shutdown(client, Int32(SHUT_RD))
        // AuthenticationOk, ReadyForQuery.
        send(client, message("R", [0, 0, 0, 0]) + message("Z", Array("I".utf8)))
        let news = message("S", Array("application_name\0truc\0".utf8))
        var rest = newsBytes
        while rest > 0, send(client, news) { rest -= news.count }
    }

    private static func message(_ type: Character, _ content: [UInt8]) -> [UInt8] {
        let length = UInt32(content.count + 4)
        return Array(String(type).utf8) + (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
            + content
    }

    @discardableResult
    private static func send(_ client: Int32, _ bytes: [UInt8]) -> Bool {
        Glibc.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }
}
