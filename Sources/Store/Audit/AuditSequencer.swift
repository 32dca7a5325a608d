// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation
import Synchronization
import Trust

/// Gives the leaves of the audit log their places in the tree, behind the transactions that wrote them: nothing waits for
/// it. Each node has one; of all of them one works at a time.
///
/// What a transaction changes after another has changed it comes later in the tree, too: a leaf takes its turn behind the
/// change, whose lock was free only when the other had committed; and of all that is committed, the first turns are taken.
public final class AuditSequencer: Sendable {
    /// Most leaves of one round.
    static let maxRound: Int64 = 4_096

    private let database: Database
    /// The right edge after the last round, so that it is read once.
    private let known = Mutex<MerkleEdge?>(nil)

    public init(_ database: Database) { self.database = database }

    /// What a round has done.
    public struct Round: Sendable {
        /// Leaves that got their places.
        public let count: Int
        /// Whether there are more, and this node is the one that places them.
        public let isMore: Bool
    }

    /// Places what waits; nothing where another node is at it.
    ///
    /// - Throws: `Refusal`. Then nothing was placed.
    public func round() async throws -> Round {
        let known = known.withLock { $0 }
        let (round, edge) = try await database.run { connection in
            try connection.transaction { () throws -> (Round, MerkleEdge?) in
                guard try connection.query(AuditStatements.lock).only().decode("is_mine", as: Bool.self) else {
                    return (Round(count: 0, isMore: false), nil)
                }
                let size = Int(try connection.query(AuditStatements.size).only().decode("size", as: Int64.self))
                var edge = try known.flatMap { $0.size == size ? $0 : nil } ?? AuditTiles(connection).edge(of: size)
                let pending = try connection.query(AuditStatements.pending, [.int8(Self.maxRound)])
                try Self.place(pending, behind: &edge, connection)
                return (Round(count: pending.count, isMore: pending.count == Int(Self.maxRound)), edge)
            }
        }
        if let edge { self.known.withLock { $0 = edge } }
        return round
    }

    private static func place(
        _ pending: PostgresRows, behind edge: inout MerkleEdge, _ connection: PostgresConnection
    ) throws {
        guard !pending.isEmpty else { return }
        var turns: [Int64?] = []
        var numbers: [[PostgresValue]] = []
        var tiles: [[PostgresValue]] = []
        for row in pending {
            turns.append(try row.decode("turn", as: Int64.self))
            numbers.append([.int8(Int64(edge.size)), .uuid(try row.decode("history_id", as: UUID.self))])
            for tile in edge.append(try row.digest("hash")) {
                tiles.append([
                    .int2(Int16(tile.address.level)), .int8(Int64(tile.address.index)),
                    .bytea(tile.hashes.flatMap(\.bytes)), .bytea(tile.root.bytes),
                ])
            }
        }
        var statements = [AuditStatements.numbers.statement(numbers), (AuditStatements.done, [.int8s(turns)])]
        if !tiles.isEmpty { statements.append(AuditStatements.tiles.statement(tiles)) }
        try connection.pipeline(statements)
    }
}

/// The tree as the tables have it. Blocking.
struct AuditTiles {
    let connection: PostgresConnection

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// The right edge of the tree of all leaves.
    ///
    /// - Throws: `Refusal(.auditLogBroken)` where leaves or tiles are missing.
    func edge(of size: Int) throws -> MerkleEdge {
        var rows: [[SHA256Digest]] = []
        for (level, count) in MerkleEdge.counts(of: size).enumerated() {
            let index = size >> (8 * (level + 1))
            rows.append(try hashes(MerkleTile.Address(level: level, index: index), count: count))
        }
        guard let edge = MerkleEdge(size: size, hashes: rows) else {
            throw Refusal(.auditLogBroken, "hashes of the tree of \(size) leaves are missing")
        }
        return edge
    }

    /// Tiles as the tree of so many leaves had them.
    func tiles(_ addresses: Set<MerkleTile.Address>, inTreeOf size: Int) throws -> MerkleTiles {
        var tiles = MerkleTiles()
        for address in addresses.sorted() {
            let stored = try connection.query(
                AuditStatements.tile, [.int2(Int16(address.level)), .int8(Int64(address.index))]
            ).first
            if let stored {
                tiles.insert(MerkleTile(address: address, hashes: try stored.digests("hashes")))
            } else {
                let count = address.count(inTreeOf: size)
                tiles.insert(MerkleTile(address: address, hashes: try hashes(address, count: count)))
            }
        }
        return tiles
    }

    /// The first hashes of a tile that is not complete: of leaves, or over the tiles below.
    private func hashes(_ address: MerkleTile.Address, count: Int) throws -> [SHA256Digest] {
        guard count > 0 else { return [] }
        let first = Int64(address.index * MerkleTile.width)
        let end = first + Int64(count)
        if address.level == 0 {
            return try connection.query(AuditStatements.hashes, [.int8(first), .int8(end)]).map {
                try $0.digest("hash")
            }
        }
        return try connection.query(
            AuditStatements.roots, [.int2(Int16(address.level - 1)), .int8(first), .int8(end)]
        ).map { try $0.digest("root") }
    }
}

extension PostgresRow {
    /// - Throws: `Refusal(.auditLogBroken)` for what is no SHA-256.
    func digest(_ column: String) throws -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: try decode(column, as: [UInt8].self)) else {
            throw Refusal(.auditLogBroken, "a hash has not 32 bytes")
        }
        return digest
    }

    /// Several, one behind the other.
    func digests(_ column: String) throws -> [SHA256Digest] {
        let bytes = try decode(column, as: [UInt8].self)
        guard bytes.count == MerkleTile.width * SHA256Digest.byteCount else {
            throw Refusal(.auditLogBroken, "a tile has \(bytes.count) bytes")
        }
        return stride(from: 0, to: bytes.count, by: SHA256Digest.byteCount).compactMap {
            SHA256Digest(bytes: bytes[$0..<$0 + SHA256Digest.byteCount])
        }
    }
}
