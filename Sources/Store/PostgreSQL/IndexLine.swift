// SPDX-License-Identifier: Apache-2.0

/// SQL that walks one line of an index: the entries that share their first columns, in the order of their last one, an id.
///
/// Asked for as `a = $1 AND b = $2 ORDER BY id LIMIT n` the planner may rather walk all rows by id, until n of them fit: at
/// once where they are many, it reckons; but where others have the backlog and this line is short, it goes through all that
/// waits for the others. A range over all columns, in their order, leaves the index as the only way.
struct IndexLine {
    let columns: [String]
    let order: String

    private static let last = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
    private static let first = "'00000000-0000-0000-0000-000000000000'::uuid"

    /// - Parameters:
    ///   - columns: of the index, the id last.
    init(_ columns: String...) {
        self.columns = columns
        order = columns.joined(separator: ", ")
    }

    /// The condition for the line with these first values.
    ///
    /// - Parameter after: only greater ids; nil for all but the zero one, which no row has.
    func range(_ values: String..., after: String? = nil) -> String {
        precondition(values.count + 1 == columns.count, "a value for each column but the id")
        let line = values.joined(separator: ", ")
        return "(\(order)) > (\(line), \(after ?? Self.first)) AND (\(order)) <= (\(line), \(Self.last))"
    }
}
