// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Logging

/// Where packages become durable: the database and the content store, and the committer that joins them.
///
/// A daemon has one. Commands that only look or administer use a `Database`.
public final class Store: Sendable {
    public let database: Database
    public let content: ContentStore
    private let committer: Committer

    /// Opens the content store beside a database that is ready, and makes sure that the two belong together.
    ///
    /// - Throws: `Refusal(.storeMismatch)` when the database describes another content store.
    public static func open(database: Database, contentDirectory: String, logger: Logger) async throws -> Store {
        let content = try ContentStore.open(directory: contentDirectory)
        let recorded = try await database.claimContentStore(content.storeID)
        guard recorded == content.storeID else {
            throw Refusal(.storeMismatch, "database: \(recorded), directory: \(content.storeID)")
        }
        return Store(database: database, content: content, logger: logger)
    }

    init(database: Database, content: ContentStore, logger: Logger) {
        self.database = database
        self.content = content
        committer = Committer(
            connect: { [settings = database.connectionSettings] in try settings.connect() },
            segments: content.makeSegmentWriter(), logger: logger)
    }

    /// Makes a package durable together with everything that is written about it; shares its commit and its content
    /// sync with the packages that wait at the same time.
    ///
    /// - Returns: when content is synced and the transaction committed, or when it is known that nothing was written.
    /// - Throws: `Refusal`. After `.databaseUnavailable` the package may or may not be in: send it again.
    public func accept(_ acceptance: Acceptance) async throws -> AcceptanceResult {
        try await committer.accept(acceptance)
    }

    /// Frees the place of a content that no package points at. Only for contents whose acceptance wrote nothing.
    public func forget(_ content: NewContent) async {
        guard case .sealed(let place) = content else { return }
        await self.content.remove(place)
    }

    /// Proves that packages could be taken now: a database round trip and a content write that is synced and read back.
    ///
    /// - Throws: `Refusal` naming the part that fails.
    public func probe() async throws {
        _ = try await database.registryVersion()
        do { try await content.probe() } catch { throw error.refusal }
    }

    /// Commits what waits; takes nothing more.
    public func stop() async { await committer.stop() }
}
