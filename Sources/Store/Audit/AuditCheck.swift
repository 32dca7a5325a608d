// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation
import Trust

/// What a comparison of the tables with the audit log met.
public struct AuditFinding: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// A row says something else than its leaf.
        case changed
        /// A leaf tells of a row that is not there.
        case removed
        /// A row of which no leaf tells.
        case inserted
        /// The hashes of the tree are not those of the leaves.
        case brokenTree = "broken-tree"
    }

    public let kind: Kind
    /// The table that was tampered with.
    public let table: String
    /// What the row is known by, in canonical JSON; of a tree, its size.
    public let row: String
    /// What is altered of it.
    public let columns: [String]

    init(_ kind: Kind, _ table: String, _ row: String, _ columns: [String] = []) {
        self.kind = kind
        self.table = table
        self.row = row
        self.columns = columns
    }
}

/// The sums of a comparison.
public struct AuditCheckSummary: Sendable, Equatable {
    /// Leaves of the tree, and the root over them.
    public fileprivate(set) var size = 0
    public fileprivate(set) var root = MerkleTree.emptyRoot
    /// Rows of other tables that were compared with leaves.
    public fileprivate(set) var rows: Int64 = 0
    /// Packages whose salt was destroyed with their content: what of them is hashed with it cannot be compared.
    public fileprivate(set) var withoutSalt: Int64 = 0
    /// Leaves that were compared and have no place in the tree yet.
    public fileprivate(set) var waiting: Int64 = 0
    public fileprivate(set) var findings: [AuditFinding.Kind: Int64] = [:]
    fileprivate var brokenTables: Set<String> = []

    public var isWhole: Bool { findings.isEmpty }
}

extension Database {
    /// Compares every row of the history and every row of evidence that a leaf tells of with the audit log, and the log
    /// with its own tree.
    ///
    /// Changes nothing and may run beside a daemon: what comes in meanwhile is the next check's. Memory is that of one page
    /// and of the tree's right edge.
    /// - Parameter report: called for each finding, on a thread of the check's own, one after the other; what it throws ends
    ///   the check.
    /// - Throws: `Refusal`: what keeps the check from going on.
    public func checkAuditLog(
        report: @escaping @Sendable (AuditFinding) throws -> Void
    ) async throws -> AuditCheckSummary {
        let thread = DedicatedThread(name: "audit-check", capacity: 1)
        defer { thread.stop() }
        return try await thread.run { [connectionSettings, keys] in
            do {
                let connection = try connectionSettings.connect()
                // Some of the questions go through a whole table.
                for setting in ["statement_timeout = 0", "enable_seqscan = on"] {
                    try connection.query("SET \(setting)")
                }
                connection.silenceLimit = nil
                var check = AuditCheck(connection: connection, keys: keys, report: report)
                return try check.run()
            } catch let error as PostgresError {
                throw error.refusal
            }
        }
    }
}

/// One run of the check. Blocks.
struct AuditCheck {
    /// Leaves read at a time.
    static let pageLength: Int64 = 500

    let connection: PostgresConnection
    let keys: KeyRing
    private let report: (AuditFinding) throws -> Void
    private var summary = AuditCheckSummary()
    private var edge = MerkleEdge()

    init(connection: PostgresConnection, keys: KeyRing, report: @escaping (AuditFinding) throws -> Void) {
        self.connection = connection
        self.keys = keys
        self.report = report
    }

    mutating func run() throws -> AuditCheckSummary {
        let size = try connection.query(AuditStatements.size).only().decode("size", as: Int64.self)
        try checkLeaves(size)
        try checkWaiting()
        for (table, sql) in AuditCheckStatements.strangers {
            for row in try connection.query(sql) {
                try found(AuditFinding(.inserted, table, try row.decode("row", as: String.self)))
            }
        }
        return summary
    }

    private mutating func found(_ finding: AuditFinding) throws {
        summary.findings[finding.kind, default: 0] += 1
        summary.brokenTables.insert(finding.table)
        try report(finding)
    }

    /// The leaves that have places, against their hashes, the tree, the history and the rows of which they tell.
    private mutating func checkLeaves(_ size: Int64) throws {
        for start in stride(from: 0, to: size, by: Int(Self.pageLength)) {
            let end = min(size, start + Self.pageLength)
            let page = try connection.query(AuditCheckStatements.leaves, [.int8(start), .int8(end)])
            var number = start
            var leaves: [CheckedLeaf] = []
            for row in page {
                let place = try row.decode("number", as: Int64.self)
                try lost(number..<place)
                number = place + 1
                if let leaf = try check(row) { leaves.append(leaf) }
            }
            try lost(number..<end)
            try compare(leaves)
        }
        summary.size = edge.size
        summary.root = edge.root
        // Where leaves or places are missing or altered, that was told; the tree over the rest is another.
        let told = summary.brokenTables
        guard !told.contains("audit_leaf"), !told.contains("audit_sequence") else { return }
        let tiles = AuditTiles(connection)
        do {
            let stored = try tiles.tiles(MerkleTiles.root(size: edge.size), inTreeOf: edge.size).root(size: edge.size)
            if stored == edge.root { return }
        } catch is MerkleTiles.Missing {
        } catch let refusal as Refusal where refusal.code == .auditLogBroken {}
        try found(AuditFinding(.brokenTree, "audit_tile", "{\"size\":\(edge.size)}"))
    }

    /// Places that no leaf has.
    private mutating func lost(_ numbers: Range<Int64>) throws {
        for number in numbers { try found(AuditFinding(.removed, "audit_sequence", "{\"number\":\(number)}")) }
    }

    /// Those that have no place yet; what begins to wait meanwhile is the next check's.
    private mutating func checkWaiting() throws {
        let last = try connection.query(AuditCheckStatements.lastTurn).only().decode("turn", as: Int64.self)
        var after: Int64 = 0
        while true {
            let page = try connection.query(
                AuditCheckStatements.waiting, [.int8(after), .int8(last), .int8(Self.pageLength)])
            guard let end = page.last else { return }
            var leaves: [CheckedLeaf] = []
            for row in page {
                summary.waiting += 1
                if let leaf = try check(row, isPlaced: false) { leaves.append(leaf) }
            }
            try compare(leaves)
            after = try end.decode("turn", as: Int64.self)
        }
    }

    /// A leaf against its hash and its row of the history.
    ///
    /// - Returns: nil for one that is missing or altered.
    private mutating func check(_ row: PostgresRow, isPlaced: Bool = true) throws -> CheckedLeaf? {
        let id = try row.decode("history_id", as: UUID.self)
        guard let bytes = try row.decodeIfPresent("leaf", as: [UInt8].self),
            let hash = try row.decodeIfPresent("hash", as: [UInt8].self)
        else {
            try found(AuditFinding(.removed, "audit_leaf", CheckedLeaf.key(id)))
            return nil
        }
        let computed = MerkleTree.leafHash(bytes)
        if isPlaced { _ = edge.append(computed) }
        guard computed.bytes == hash, let leaf = CheckedLeaf(id: id, bytes: bytes) else {
            try found(AuditFinding(.changed, "audit_leaf", CheckedLeaf.key(id), ["leaf"]))
            return nil
        }
        guard try row.decodeIfPresent("event", as: String.self) != nil else {
            try found(AuditFinding(.removed, "history", CheckedLeaf.key(id)))
            return leaf
        }
        let altered = try leaf.differences(fromHistory: row)
        if !altered.isEmpty { try found(AuditFinding(.changed, "history", CheckedLeaf.key(id), altered)) }
        return leaf
    }
}

extension AuditCheck {
    /// The rows of which leaves tell, against those that stand there now.
    private mutating func compare(_ leaves: [CheckedLeaf]) throws {
        let telling = leaves.filter { !$0.changes.isEmpty }
        if telling.isEmpty { return }
        let packages = telling.compactMap(\.package)
        var salts: [UUID: AuditSalt] = [:]
        for row in try connection.query(AuditCheckStatements.contentKeys, [.uuids(packages)]) {
            let id = try row.decode("package_id", as: UUID.self)
            guard let wrapped = try row.decodeIfPresent("wrapped_key", as: [UInt8].self) else { continue }
            do throws(Refusal) {
                let bytes = try keys.unwrap(wrapped, ContentKeys.context(PackageID(uuid: id)))
                salts[id] = AESKey(bytes: bytes).map { AuditSalt($0) }
            } catch {
                // One that was tampered with is named by `truc content check`; the key file itself is needed.
                guard error.code == .secretUnreadable else { throw error }
            }
        }
        summary.withoutSalt += Int64(packages.count - salts.count)
        let told = telling.flatMap(\.changes)
        for table in EvidentialTable.all {
            let sql = AuditCheckStatements.rows(of: table)
            let parameters: [PostgresValue] =
                table.name == EvidentialTable.keys.name
                ? AuditCheckStatements.keys(told.filter { $0.table == table.name }) : [.uuids(packages)]
            var present: [String: ToldRow] = [:]
            for row in try connection.query(sql, parameters) {
                let salt = salts[try row.decode("told_package", as: UUID.self)]
                var bytes: [UInt8] = []
                table.append(try table.read(row), salt: salt, to: &bytes)
                guard var found = ToldRow(try CanonicalJSON(canonical: bytes)) else { continue }
                found.hasSalt = salt != nil
                present[found.key] = found
            }
            try compare(told.filter { $0.table == table.name }, with: &present, table)
            for key in present.keys.sorted() { try found(AuditFinding(.inserted, table.name, key)) }
        }
    }

    private mutating func compare(
        _ told: [ToldRow], with present: inout [String: ToldRow], _ table: EvidentialTable
    ) throws {
        for row in told {
            summary.rows += 1
            guard let now = present.removeValue(forKey: row.key) else {
                try found(AuditFinding(.removed, table.name, row.key))
                continue
            }
            let altered = table.values.filter { column in
                guard !column.isMoving else { return false }
                if column.isSalted, !now.hasSalt { return false }
                return row.values[column.name] != now.values[column.name]
            }
            if !altered.isEmpty {
                try found(AuditFinding(.changed, table.name, row.key, altered.map(\.name)))
            }
        }
    }
}
