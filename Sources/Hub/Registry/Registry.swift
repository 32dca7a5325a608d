// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// The registry as the next decision must see it.
///
/// Decisions read a snapshot in memory; its version is asked of the database for every request, so that a change made
/// anywhere holds from the next request on every node. Requests that come together share one question, but only one that
/// was asked after they came.
public actor Registry {
    private let database: Database
    private var snapshot: RegistrySnapshot?
    private var running: Task<RegistrySnapshot, any Error>?
    private var queued: Task<RegistrySnapshot, any Error>?

    public init(_ database: Database) { self.database = database }

    /// A snapshot that was in force at some moment after this call.
    ///
    /// - Throws: `Refusal(.databaseUnavailable)` when the database cannot be asked.
    public func current() async throws -> RegistrySnapshot {
        if let queued { return try await queued.value }
        guard let before = running else {
            let task = Task { try await check() }
            running = task
            return try await task.value
        }
        let task = Task {
            _ = await before.result
            return try await checkNext()
        }
        queued = task
        return try await task.value
    }

    private func checkNext() async throws -> RegistrySnapshot {
        running = queued
        queued = nil
        return try await check()
    }

    private func check() async throws -> RegistrySnapshot {
        defer { if queued == nil { running = nil } }
        let version = try await database.registryVersion()
        if let snapshot, snapshot.version == version { return snapshot }
        let fresh = RegistrySnapshot(try await database.registry())
        snapshot = fresh
        return fresh
    }
}
