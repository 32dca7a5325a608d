// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// One `INSERT … SELECT FROM unnest(…)` for any number of rows: one statement, one plan, one round trip a table.
///
/// The text depends on the table only, so that every connection prepares it once.
struct BulkInsert: Sendable {
    let sql: String
    let table: String
    let columns: [(name: String, type: PostgresType)]

    /// - Parameter suffix: what follows the rows, such as what to do on a conflict.
    init(into table: String, _ columns: [(name: String, type: PostgresType)], suffix: String = "") {
        self.table = table
        self.columns = columns
        let names = columns.map(\.name).joined(separator: ", ")
        let arrays = columns.enumerated().map { "$\($0.offset + 1)::\($0.element.type)[]" }.joined(separator: ", ")
        let source = "SELECT \(names) FROM unnest(\(arrays)) AS new (\(names))"
        sql = "INSERT INTO \(table) (\(names)) \(source) \(suffix)"
    }

    /// The statement for these rows; each row has one value for each column, of the column's type or `null`.
    func statement(_ rows: [[PostgresValue]]) -> (String, [PostgresValue]) {
        let parameters = columns.indices.map { column in
            PostgresValue(column: columns[column].name, of: columns[column].type, rows.map { $0[column] })
        }
        return (sql, parameters)
    }
}

extension PostgresValue {
    /// The array of these values, one for each row.
    fileprivate init(column: String, of type: PostgresType, _ values: [PostgresValue]) {
        func elements<T>(_ read: (PostgresValue) -> T?) -> [T?] {
            values.map { value in
                if case .null = value { return nil }
                guard let element = read(value) else {
                    preconditionFailure("a row has another type than its column \(column)")
                }
                return element
            }
        }
        switch type {
        case .uuid: self = .uuids(elements { if case .uuid(let value) = $0 { value } else { nil } })
        case .text: self = .texts(elements { if case .text(let value) = $0 { value } else { nil } })
        case .bool: self = .bools(elements { if case .bool(let value) = $0 { value } else { nil } })
        case .int8: self = .int8s(elements { if case .int8(let value) = $0 { value } else { nil } })
        case .int4: self = .int4s(elements { if case .int4(let value) = $0 { value } else { nil } })
        case .int2: self = .int2s(elements { if case .int2(let value) = $0 { value } else { nil } })
        case .bytea: self = .byteas(elements { if case .bytea(let value) = $0 { value } else { nil } })
        case .date: self = .dates(elements { if case .date(let value) = $0 { value } else { nil } })
        case .jsonb: self = .jsonbs(elements { if case .jsonb(let value) = $0 { value } else { nil } })
        case .timestamptz:
            self = .timestamptzs(elements { if case .timestamptz(let value) = $0 { value } else { nil } })
        default: preconditionFailure("no table has a column of \(type)")
        }
    }
}
