// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL

/// The answer to one statement: rows held by value, free of the connection.
public struct PostgresRows: RandomAccessCollection, Sendable {
    fileprivate let table: Table

    public var startIndex: Int { 0 }
    public var endIndex: Int { table.rowCount }
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "no such row")
        return PostgresRow(table: table, row: position)
    }

    public var columns: [String] { table.columns }
    /// For example `INSERT 0 1` or `COMMIT`.
    public var commandTag: String { table.commandTag }

    /// The row of a statement that gives exactly one.
    ///
    /// - Throws: `PostgresError` of kind `decoding` when there are none or several.
    public func only() throws(PostgresError) -> PostgresRow {
        guard count == 1, let row = first else {
            throw PostgresError(.decoding, "expected one row, got \(count)", statement: table.statement)
        }
        return row
    }

    /// Copies what the result holds; the result stays the caller's.
    init(copying result: OpaquePointer, statement: String) { table = Table(copying: result, statement: statement) }

    /// All cells in one buffer: two arrays instead of an allocation for each cell.
    fileprivate final class Table: Sendable {
        let statement: String
        let columns: [String]
        let types: [PostgresType]
        let rowCount: Int
        let commandTag: String
        private let bytes: [UInt8]
        /// Where each cell begins; the next cell's beginning is its end.
        private let starts: [Int]
        private let isNull: [Bool]

        init(copying result: OpaquePointer, statement: String) {
            self.statement = statement
            rowCount = Int(PQntuples(result))
            let width = PQnfields(result)
            columns = (0..<width).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
            types = (0..<width).map { PostgresType(oid: PQftype(result, $0)) }
            commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
            var bytes: [UInt8] = []
            var starts: [Int] = []
            var isNull: [Bool] = []
            starts.reserveCapacity(rowCount * Int(width) + 1)
            for row in 0..<Int32(rowCount) {
                for column in 0..<width {
                    isNull.append(PQgetisnull(result, row, column) == 1)
                    starts.append(bytes.count)
                    let length = Int(PQgetlength(result, row, column))
                    bytes.append(
                        contentsOf: UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length))
                }
            }
            starts.append(bytes.count)
            self.bytes = bytes
            self.starts = starts
            self.isNull = isNull
        }

        /// Nil for NULL.
        func cell(row: Int, column: Int) -> ArraySlice<UInt8>? {
            let cell = row * columns.count + column
            return isNull[cell] ? nil : bytes[starts[cell]..<starts[cell + 1]]
        }
    }
}

/// One row. Reads by the name of the column and by nothing else, so that a changed select list cannot shift values.
public struct PostgresRow: Sendable {
    fileprivate let table: PostgresRows.Table
    fileprivate let row: Int

    /// - Throws: `PostgresError` of kind `decoding`, which names column and statement, when there is no such column,
    ///   its type is another, or it is NULL.
    public func decode<T: PostgresScalar>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let value = try decodeIfPresent(column, as: type) else { throw problem(column, "is NULL") }
        return value
    }

    /// Nil for NULL; else as `decode`.
    public func decodeIfPresent<T: PostgresScalar>(
        _ column: String, as type: T.Type = T.self
    ) throws(PostgresError) -> T? {
        let place = try index(of: column)
        let oid = table.types[place].oid
        guard T.readableOIDs.contains(oid) else {
            throw problem(column, "is \(table.types[place]), which does not read as \(T.self)")
        }
        guard let bytes = table.cell(row: row, column: place) else { return nil }
        do { return try T.decode(bytes, oid: oid) } catch { throw problem(column, error.reason) }
    }

    /// A one-dimensional array without NULLs.
    ///
    /// - Throws: as `decode`, and when an element is NULL.
    public func decodeArray<T: PostgresScalar>(_ column: String, of type: T.Type = T.self) throws(PostgresError) -> [T]
    {
        var values: [T] = []
        for value in try decodeNullableArray(column, of: type) {
            guard let value else { throw problem(column, "has an element that is NULL") }
            values.append(value)
        }
        return values
    }

    /// A one-dimensional array whose elements may be NULL.
    public func decodeNullableArray<T: PostgresScalar>(
        _ column: String, of type: T.Type = T.self
    ) throws(PostgresError) -> [T?] {
        let place = try index(of: column)
        guard T.readableOIDs.contains(where: { PostgresType(oid: $0).array == table.types[place] }) else {
            throw problem(column, "is \(table.types[place]), which does not read as an array of \(T.self)")
        }
        guard let bytes = table.cell(row: row, column: place) else { throw problem(column, "is NULL") }
        do { return try PostgresArray.decode(bytes, of: type) } catch { throw problem(column, error.reason) }
    }

    private func index(of column: String) throws(PostgresError) -> Int {
        guard let place = table.columns.firstIndex(of: column) else { throw problem(column, "is not in the result") }
        return place
    }

    private func problem(_ column: String, _ reason: String) -> PostgresError {
        PostgresError(.decoding, "column \(column) \(reason)", statement: table.statement)
    }
}
