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
    /// What was just accepted for endpoints.
    public let due = DueSignal()
    /// That packages were just accepted whose files are to be scanned.
    public let scansDue = ScanSignal()
    private let committer: Committer

    /// Opens the content store beside a database that is ready, and makes sure that the two belong together.
    ///
    /// The database describes the store of the first process that keeps contents in segments. Nodes that keep chunks
    /// alone have nothing but their spool below the content directory, and are not bound to one.
    /// - Parameter contentBackend: how new contents are kept; those that exist are read wherever they are.
    /// - Throws: `Refusal(.storeMissing)` when the database describes a content store and the directory holds none;
    ///   `Refusal(.storeMismatch)` when the directory holds another, or packages of which this database knows nothing.
    ///   Nothing is made or changed there then.
    public static func open(
        database: Database, contentDirectory: String, contentBackend: ContentBackend = .segments, logger: Logger
    ) async throws -> Store {
        try await requireMatch(database: database, contentDirectory: contentDirectory)
        let content = try ContentStore.open(directory: contentDirectory, backend: contentBackend, database: database)
        // Of two hubs that start on a fresh database at the same time, one takes it.
        if contentBackend == .segments {
            let claimed = try await database.claimContentStore(content.storeID)
            try StoreIdentity.requireMatch(described: claimed, directory: contentDirectory)
        }
        return Store(database: database, content: content, logger: logger)
    }

    /// Refuses a content directory and a database that do not belong together, before anything is changed in either.
    ///
    /// - Throws: as `open`.
    public static func requireMatch(database: Database, contentDirectory: String) async throws {
        try StoreIdentity.requireMatch(described: try await database.contentStore(), directory: contentDirectory)
    }

    init(database: Database, content: ContentStore, logger: Logger) {
        self.database = database
        self.content = content
        committer = Committer(
            connect: { [settings = database.connectionSettings] in try settings.connect() },
            keys: database.keys, segments: content.makeSegmentWriter(), backend: content.backend, due: due,
            scansDue: scansDue, logger: logger)
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
        guard case .sealed(let sealed) = content else { return }
        await self.content.remove(sealed.place)
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
