// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange

/// The SQL of the audit log. How leaves are written: `HistoryRow.statement`.
enum AuditStatements {
    /// One sequencer at a time, over all nodes.
    static let lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('truc audit sequencer', 0)) AS is_mine"
    static let size = "SELECT coalesce(max(number) + 1, 0) AS size FROM audit_sequence"

    /// Those that wait, in their turn. A leaf that is not there any more keeps its turn, and no other from its own.
    static let pending = """
        SELECT pending.turn, pending.history_id, leaf.hash
        FROM audit_pending AS pending JOIN audit_leaf AS leaf ON leaf.history_id = pending.history_id
        ORDER BY pending.turn LIMIT $1
        """
    static let done = "DELETE FROM audit_pending WHERE turn = ANY ($1)"

    static let numbers = BulkInsert(into: "audit_sequence", [("number", .int8), ("history_id", .uuid)])
    static let tiles = BulkInsert(
        into: "audit_tile", [("level", .int2), ("position", .int8), ("hashes", .bytea), ("root", .bytea)])

    /// Hashes of leaves by their places.
    static let hashes = """
        SELECT leaf.hash FROM audit_sequence AS place JOIN audit_leaf AS leaf ON leaf.history_id = place.history_id
        WHERE place.number >= $1 AND place.number < $2 ORDER BY place.number
        """
    /// Hashes over complete tiles.
    static let roots = """
        SELECT root FROM audit_tile WHERE level = $1 AND position >= $2 AND position < $3 ORDER BY position
        """
    static let tile = "SELECT hashes FROM audit_tile WHERE level = $1 AND position = $2"

    /// How many wait, up to `$1`, and since when: ids are in the order of time.
    static let waiting = """
        SELECT count(*) AS waiting, min(history_id::text)::uuid AS first
        FROM (SELECT history_id FROM audit_pending ORDER BY turn LIMIT $1) AS counted
        """
    static let leaf = """
        SELECT leaf.leaf, leaf.hash, place.number
        FROM audit_leaf AS leaf LEFT JOIN audit_sequence AS place ON place.history_id = leaf.history_id
        WHERE leaf.history_id = $1
        """
}
