// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation

/// A row as a leaf tells of it, or as it stands in its table.
struct ToldRow {
    let table: String
    /// By which it is known, in canonical JSON.
    let key: String
    let values: [String: CanonicalJSON]
    /// Of a row as it stands: whether what is salted could be hashed.
    var hasSalt = true

    /// Nil for what is none.
    init?(_ json: CanonicalJSON) {
        guard case .object(let members) = json, case .string(let table)? = members["table"], let key = members["key"],
            case .object(let values)? = members["values"]
        else { return nil }
        self.table = table
        self.key = String(decoding: key.bytes, as: UTF8.self)
        self.values = values
    }
}

/// A leaf that is what its hash says, taken apart.
struct CheckedLeaf {
    let id: UUID
    let package: UUID?
    let changes: [ToldRow]
    private let members: [String: CanonicalJSON]

    /// Nil for bytes that are no leaf of ours.
    init?(id: UUID, bytes: [UInt8]) {
        guard case .object(let members)? = try? CanonicalJSON(canonical: bytes),
            members["id"] == .string(RequestID(uuid: id).description)
        else { return nil }
        self.id = id
        self.members = members
        if case .string(let text)? = members["package"] { package = UUID(uuidString: text) } else { package = nil }
        var changes: [ToldRow] = []
        if case .array(let rows)? = members["changes"] {
            for row in rows {
                guard let row = ToldRow(row) else { return nil }
                changes.append(row)
            }
        }
        self.changes = changes
    }

    /// How a row is known by its id.
    static func key(_ id: UUID) -> String { "{\"id\":\"\(RequestID(uuid: id))\"}" }

    /// The columns of the history in which its row says something else.
    func differences(fromHistory row: PostgresRow) throws -> [String] {
        var now: [String: CanonicalJSON] = [
            "event": .string(try row.decode("event")), "actor": .string(try row.decode("actor")),
            "at": .string(try row.decode("at", as: Instant.self).iso8601Microseconds),
        ]
        for name in ["package", "delivery", "request"] {
            if let id = try row.decodeIfPresent("\(name)_id", as: UUID.self) {
                now[name] = .string(RequestID(uuid: id).description)
            }
        }
        // What cannot be read is not what the hub has written.
        now["detail"] = try? CanonicalJSON(spaced: Array(try row.decode("detail", as: String.self).utf8))
        let names = ["actor", "at", "delivery", "detail", "event", "package", "request"]
        return names.filter { now[$0] != members[$0] }
    }
}

/// The SQL of comparing the tables with the audit log.
enum AuditCheckStatements {
    private static let history = """
        history.event, history.actor, history.at, history.package_id, history.delivery_id, history.request_id,
            history.detail::text AS detail
        """

    static let leaves = """
        SELECT place.number, place.history_id, leaf.leaf, leaf.hash, \(history)
        FROM audit_sequence AS place LEFT JOIN audit_leaf AS leaf ON leaf.history_id = place.history_id
        LEFT JOIN history ON history.id = place.history_id
        WHERE place.number >= $1 AND place.number < $2 ORDER BY place.number
        """

    static let lastTurn = "SELECT coalesce(max(turn), 0) AS turn FROM audit_pending"

    static let waiting = """
        SELECT pending.turn, pending.history_id, leaf.leaf, leaf.hash, \(history)
        FROM audit_pending AS pending LEFT JOIN audit_leaf AS leaf ON leaf.history_id = pending.history_id
        LEFT JOIN history ON history.id = pending.history_id
        WHERE pending.turn > $1 AND pending.turn <= $2 ORDER BY pending.turn LIMIT $3
        """

    static let contentKeys = "SELECT package_id, wrapped_key FROM content WHERE package_id = ANY ($1)"

    /// The rows that packages have in a table, with the package as `told_package`; of identities, those that are asked for.
    static func rows(of table: EvidentialTable) -> String {
        let package =
            table.name == EvidentialTable.packages.name ? "\(table.name).id" : "\(table.name).package_id"
        let columns = "SELECT \(table.selection), \(package) AS told_package FROM \(table.name)"
        guard table.name == EvidentialTable.keys.name else { return "\(columns) WHERE \(package) = ANY ($1)" }
        return """
            \(columns) JOIN unnest($1::bigint[], $2::text[]) AS asked (agency_id, identity)
                ON asked.agency_id = \(table.name).agency_id AND asked.identity = \(table.name).identity
            """
    }

    /// The parameters of `rows(of:)` for identities.
    static func keys(_ told: [ToldRow]) -> [PostgresValue] {
        var agencies: [Int64?] = []
        var identities: [String?] = []
        for row in told {
            guard case .object(let key)? = try? CanonicalJSON(canonical: Array(row.key.utf8)),
                case .integer(let agency)? = key["agency_id"], case .string(let identity)? = key["identity"]
            else { continue }
            agencies.append(Int64(agency))
            identities.append(identity)
        }
        return [.int8s(agencies), .texts(identities)]
    }

    /// By table, the rows of which no leaf tells.
    static let strangers: [(table: String, sql: String)] = [
        (
            "history",
            """
            SELECT '{"id":"' || id || '"}' AS row FROM history
            WHERE NOT EXISTS (SELECT FROM audit_leaf WHERE history_id = history.id)
            """
        ),
        (
            "audit_leaf",
            """
            SELECT '{"id":"' || history_id || '"}' AS row FROM audit_leaf AS leaf
            WHERE NOT EXISTS (SELECT FROM audit_sequence WHERE history_id = leaf.history_id)
                AND NOT EXISTS (SELECT FROM audit_pending WHERE history_id = leaf.history_id)
            """
        ),
        (
            "package",
            """
            SELECT '{"id":"' || id || '"}' AS row FROM package
            WHERE NOT EXISTS (
                SELECT FROM history WHERE history.package_id = package.id AND history.event IN (
                    '\(HistoryRow.Event.packageAccepted.rawValue)', '\(HistoryRow.Event.recipientsAdded.rawValue)'))
            """
        ),
        (
            "package_key",
            """
            SELECT '{"agency_id":' || agency_id || ',"identity":' || to_json(identity) || '}' AS row FROM package_key
            WHERE NOT EXISTS (
                SELECT FROM package
                WHERE package.id = package_key.package_id AND package.sender_agency_id = package_key.agency_id
                    AND package_key.identity IN (
                        'document:' || package.document_key, 'message:' || encode(package.sha256, 'hex')))
            """
        ),
    ]
}
