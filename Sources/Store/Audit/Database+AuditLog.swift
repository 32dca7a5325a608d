// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation
import Trust

/// A leaf of the audit log: what happened, in bytes that its hash is made of.
public struct AuditLeaf: Sendable {
    /// The row of the history that it is.
    public let id: UUID
    /// Canonical JSON.
    public let bytes: [UInt8]
    public let hash: SHA256Digest
    /// Its place in the tree, from 0; nil as long as it waits for one.
    public let number: Int?
}

/// How far the audit log has come.
public struct AuditState: Sendable, Equatable {
    /// Leaves of the tree.
    public let size: Int
    /// Root of the tree.
    public let root: SHA256Digest
    /// Leaves that wait for their places, counted up to `Database.maxAuditWaiting`.
    public let waiting: Int
    /// When the first of them was written, about; nil where none waits.
    public let waitingSince: Instant?
}

extension Database {
    /// Up to this many leaves that wait are counted.
    public static let maxAuditWaiting = 100_000

    /// The tree as it stands now.
    ///
    /// - Throws: `Refusal`: `.auditLogBroken` where hashes are missing.
    public func auditState() async throws -> AuditState {
        try await run { connection in
            try connection.transaction(isolation: .repeatableRead) {
                let size = Int(try connection.query(AuditStatements.size).only().decode("size", as: Int64.self))
                let edge = try AuditTiles(connection).edge(of: size)
                let waiting = try connection.query(
                    AuditStatements.waiting, [.int8(Int64(Self.maxAuditWaiting))]
                ).only()
                return AuditState(
                    size: size, root: edge.root, waiting: Int(try waiting.decode("waiting", as: Int64.self)),
                    waitingSince: try waiting.decodeIfPresent("first", as: UUID.self).map { RequestID(uuid: $0).madeAt }
                )
            }
        }
    }

    /// The leaf of a row of the history; nil where there is none.
    public func auditLeaf(_ history: UUID) async throws -> AuditLeaf? {
        try await run { connection in
            try connection.query(AuditStatements.leaf, [.uuid(history)]).first.map { row in
                AuditLeaf(
                    id: history, bytes: try row.decode("leaf"), hash: try row.digest("hash"),
                    number: try row.decodeIfPresent("number", as: Int64.self).map { Int($0) })
            }
        }
    }

    /// Proof that a leaf stands at its place in the tree that the first `size` leaves make.
    ///
    /// - Throws: `Refusal(.auditLogBroken)` where hashes of the tree are missing.
    public func auditInclusion(of number: Int, inTreeOf size: Int) async throws -> InclusionProof {
        try await run { connection in
            let addresses = MerkleTiles.inclusion(index: number, size: size)
            let tiles = try AuditTiles(connection).tiles(addresses, inTreeOf: size)
            return try Self.whole { () throws(MerkleTiles.Missing) in
                try InclusionProof(index: number, size: size, from: tiles)
            }
        }
    }

    /// Proof that the tree that the first `first` leaves make is the beginning of that of `second`.
    ///
    /// - Throws: `Refusal(.auditLogBroken)` where hashes of the tree are missing.
    public func auditConsistency(from first: Int, to second: Int) async throws -> ConsistencyProof {
        try await run { connection in
            let addresses = MerkleTiles.consistency(first: first, second: second)
            let tiles = try AuditTiles(connection).tiles(addresses, inTreeOf: second)
            return try Self.whole { () throws(MerkleTiles.Missing) in
                try ConsistencyProof(first: first, second: second, from: tiles)
            }
        }
    }

    /// The root of the tree that the first `size` leaves make.
    ///
    /// - Throws: `Refusal(.auditLogBroken)` where hashes of the tree are missing.
    public func auditRoot(ofTreeOf size: Int) async throws -> SHA256Digest {
        try await run { connection in
            let tiles = try AuditTiles(connection).tiles(MerkleTiles.root(size: size), inTreeOf: size)
            return try Self.whole { () throws(MerkleTiles.Missing) in try tiles.root(size: size) }
        }
    }

    private static func whole<T>(_ make: () throws(MerkleTiles.Missing) -> T) throws(Refusal) -> T {
        do { return try make() } catch {
            throw Refusal(
                .auditLogBroken, "tile \(error.address.index) of level \(error.address.level) is not whole")
        }
    }
}
