// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import TestKit
import Testing

@testable import Hub

/// How it stands with all agencies costs a look at each: many who ask at once must not take the database from the others.
@Suite(.timeLimit(.minutes(2))) struct DirectoryLookTests {
    private static let asking = """
        SELECT count(*) AS asking FROM pg_stat_clear_snapshot(), pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
        """

    @Test func `whoever asks for all agencies meanwhile shares one look`() async throws {
        let test = try await TestHub.open()
        let registry = try await test.hub.registry.current()
        let agencies = registry.agencyRecords.filter { !$0.isHub }
        let (isLocked, locked) = AsyncStream<Void>.makeStream()
        let (isAsked, asked) = AsyncStream<Void>.makeStream()
        let (isOver, over) = AsyncStream<Void>.makeStream()
        async let most: Int64 = test.asOwner { connection in
            try connection.transaction {
                try connection.query("LOCK TABLE agency_pickup IN ACCESS EXCLUSIVE MODE")
                locked.finish()
                var most: Int64 = 0
                while most == 0 { most = try connection.query(Self.asking).only().decode("asking", as: Int64.self) }
                asked.finish()
                // As long as it takes others to ask the database for something else.
                let waiter = DispatchSemaphore(value: 0)
                Task {
                    for await _ in isOver {}
                    waiter.signal()
                }
                waiter.wait()
                return try connection.query(Self.asking).only().decode("asking", as: Int64.self)
            }
        }
        for await _ in isLocked {}
        let count = 20
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask { try await test.hub.directory(of: agencies, in: registry, at: .now()).count }
            }
            for await _ in isAsked {}
            for _ in 0..<count { _ = try await test.database.registryVersion() }
            over.finish()
            for try await shown in group { #expect(shown == agencies.count) }
        }
        #expect(try await most == 1)
        await test.close()
    }
}
