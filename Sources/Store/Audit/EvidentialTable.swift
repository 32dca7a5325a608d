// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation
import Trust

/// A table whose rows are evidence: they stand in the leaf of the event that made them, and `AuditCheck` compares them with
/// it. docs/audit.md lists what is evidence and what is not; a test compares.
struct EvidentialTable: Sendable {
    let name: String
    /// By which a row is known, in the order of their names.
    let key: [Column]
    /// The others of the leaf, in the order of their names.
    let values: [Column]
    /// What is no evidence.
    let operational: Set<String>
    /// What is set after the row was made alone; no leaf tells of it yet.
    let later: Set<String>
    /// Columns that are written when a row is made.
    private let width: Int

    struct Column: Sendable {
        let name: String
        let type: PostgresType
        /// What the law may have destroyed – names, words of the sender: the leaf has a hash of it, with a salt that is
        /// destroyed with the content's key.
        let isSalted: Bool
        /// Whether it ever changes after the row was made; what it becomes no leaf tells yet.
        let isMoving: Bool
        fileprivate let place: Int
    }

    /// - Parameters:
    ///   - insert: writes the rows.
    ///   - salted: see `Column.isSalted`.
    ///   - moving: see `Column.isMoving`.
    ///   - operational: what is no evidence, and stands in no leaf.
    ///   - later: see `later`.
    private init(
        _ insert: BulkInsert, key: Set<String>, salted: Set<String> = [], moving: Set<String> = [],
        operational: Set<String> = [], later: Set<String> = []
    ) {
        name = insert.table
        let columns = insert.columns.enumerated().map { place, column in
            Column(
                name: column.name, type: column.type, isSalted: salted.contains(column.name),
                isMoving: moving.contains(column.name), place: place)
        }.sorted { $0.name < $1.name }
        self.key = columns.filter { key.contains($0.name) }
        values = columns.filter { !key.contains($0.name) && !operational.contains($0.name) }
        self.operational = operational
        self.later = later
        width = insert.columns.count
    }

    static let keys = EvidentialTable(AcceptStatements.keys, key: ["agency_id", "identity"])
    static let packages = EvidentialTable(
        AcceptStatements.packages, key: ["id"],
        salted: ["subject", "signer_position", "signer_name", "status_description"])
    static let contents = EvidentialTable(
        AcceptStatements.contents, key: ["package_id"], operational: ["wrapped_key", "key_id"])
    static let attachments = EvidentialTable(
        AcceptStatements.attachments, key: ["package_id", "position"], salted: ["name"])
    static let links = EvidentialTable(AcceptStatements.links, key: ["package_id", "position"])
    static let deliveries = EvidentialTable(
        AcceptStatements.deliveries, key: ["id"], moving: ["recipient_agency_id", "state", "refusal"],
        operational: ["detail", "updated_at", "is_notice_due"],
        later: ["failures", "fetched_at", "last_fetched_at", "failed_at", "entered_at"])

    /// All of them, in the order of their names.
    static let all = [attachments, contents, deliveries, packages, keys, links].sorted { $0.name < $1.name }

    /// Appends a row as it was made: an object of canonical JSON. What is NULL is left out.
    ///
    /// - Parameters:
    ///   - row: a value for each column that `insert` writes.
    ///   - salt: nil where it was destroyed: salted columns are left out.
    func append(_ row: [PostgresValue], salt: AuditSalt?, to bytes: inout [UInt8]) {
        bytes += "{\"key\":".utf8
        append(key, of: row, salt: salt, to: &bytes)
        bytes += ",\"table\":\"\(name)\",\"values\":".utf8
        append(values, of: row, salt: salt, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    private func append(_ columns: [Column], of row: [PostgresValue], salt: AuditSalt?, to bytes: inout [UInt8]) {
        var separator = UInt8(ascii: "{")
        for column in columns {
            let value = row[column.place]
            if case .null = value { continue }
            if column.isSalted, salt == nil { continue }
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            bytes += "\"\(column.name)\":".utf8
            if column.isSalted, let salt {
                var plain: [UInt8] = []
                value.appendEvidence(to: &plain)
                bytes += "{\"salted\":\"\(salt.hash(plain, of: column.name).hex)\"}".utf8
            } else {
                value.appendEvidence(to: &bytes)
            }
        }
        if separator == UInt8(ascii: "{") { bytes.append(separator) }
        bytes.append(UInt8(ascii: "}"))
    }
}

/// What makes hashes of a package's words in leaves worth nothing to who guesses, and worthless when its content was
/// destroyed: made of the content's key, and gone with it.
struct AuditSalt: Sendable {
    private let bytes: [UInt8]

    init(_ contentKey: AESKey) {
        bytes = HMACSHA256.code(key: contentKey.bytes, message: Array("truc audit salt".utf8))
    }

    /// - Parameter value: in canonical JSON.
    func hash(_ value: [UInt8], of column: String) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        hash.update(Array(column.utf8))
        hash.update([0])
        hash.update(value)
        return hash.current()
    }
}

extension PostgresValue {
    /// The value in canonical JSON, as leaves have it: instants in ISO 8601 with microseconds, bytes in hexadecimal.
    func appendEvidence(to bytes: inout [UInt8]) {
        switch self {
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .int2(let value): bytes += String(value).utf8
        case .int4(let value): bytes += String(value).utf8
        // Beyond what JSON keeps exactly, as text.
        case .int8(let value):
            bytes += (value.magnitude <= UInt64(CanonicalJSON.maxInteger) ? String(value) : "\"\(value)\"").utf8
        case .text(let value): CanonicalJSON.append(value, to: &bytes)
        case .bytea(let value): bytes += "\"\(value.hex)\"".utf8
        case .uuid(let value): bytes += "\"\(RequestID(uuid: value))\"".utf8
        case .timestamptz(let value): bytes += "\"\(value.iso8601Microseconds)\"".utf8
        case .date(let value): bytes += "\"\(value.iso8601)\"".utf8
        case .jsonb(let value): bytes += value.utf8
        case .null: bytes += "null".utf8
        case .bools, .int2s, .int4s, .int8s, .texts, .byteas, .uuids, .timestamptzs, .jsonbs, .dates:
            preconditionFailure("no row has an array")
        }
    }
}

extension EvidentialTable {
    /// The columns, as `read` wants them.
    var selection: String {
        (key + values).map { column in
            column.type == .jsonb ? "\(name).\(column.name)::text AS \(column.name)" : "\(name).\(column.name)"
        }.joined(separator: ", ")
    }

    /// A row of a `selection` as `append` takes it.
    ///
    /// - Throws: `PostgresError`, and `ParsingProblem` for JSON that the hub has not written.
    func read(_ row: PostgresRow) throws -> [PostgresValue] {
        var values = [PostgresValue](repeating: .null, count: width)
        for column in key + self.values { values[column.place] = try row.value(column) }
        return values
    }
}

extension PostgresRow {
    /// The value of a column of evidence; jsonb comes as text.
    ///
    /// - Throws: as `decode`, and `ParsingProblem` for JSON that the hub has not written.
    func value(_ column: EvidentialTable.Column) throws -> PostgresValue {
        func read<T: PostgresScalar>(_ make: (T) -> PostgresValue) throws -> PostgresValue {
            .optional(try decodeIfPresent(column.name, as: T.self), make)
        }
        switch column.type {
        case .uuid: return try read { .uuid($0) }
        case .text: return try read { .text($0) }
        case .bool: return try read { .bool($0) }
        case .int8: return try read { .int8($0) }
        case .int4: return try read { .int4($0) }
        case .int2: return try read { .int2($0) }
        case .bytea: return try read { .bytea($0) }
        case .date: return try read { .date($0) }
        case .timestamptz: return try read { .timestamptz($0) }
        case .jsonb:
            guard let text = try decodeIfPresent(column.name, as: String.self) else { return .null }
            return .jsonb(String(decoding: try CanonicalJSON(spaced: Array(text.utf8)).bytes, as: UTF8.self))
        default: preconditionFailure("no table has a column of \(column.type)")
        }
    }
}
