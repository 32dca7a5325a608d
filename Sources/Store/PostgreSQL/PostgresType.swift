// SPDX-License-Identifier: Apache-2.0

/// A type of PostgreSQL, known by its object id. Those of built-in types are fixed for ever (`pg_type.dat`).
struct PostgresType: Hashable, Sendable, CustomStringConvertible {
    let oid: UInt32

    /// "Let the server find out": the type declared for a parameter that is NULL.
    static let unknown = PostgresType(oid: 0)

    static let bool = PostgresType(oid: 16)
    static let bytea = PostgresType(oid: 17)
    static let name = PostgresType(oid: 19)
    static let int8 = PostgresType(oid: 20)
    static let int2 = PostgresType(oid: 21)
    static let int4 = PostgresType(oid: 23)
    static let text = PostgresType(oid: 25)
    static let json = PostgresType(oid: 114)
    static let bpchar = PostgresType(oid: 1042)
    static let varchar = PostgresType(oid: 1043)
    static let date = PostgresType(oid: 1082)
    static let timestamptz = PostgresType(oid: 1184)
    static let uuid = PostgresType(oid: 2950)
    static let jsonb = PostgresType(oid: 3802)

    private static let arrays: [PostgresType: UInt32] = [
        .bool: 1000, .bytea: 1001, .name: 1003, .int2: 1005, .int4: 1007, .text: 1009, .bpchar: 1014, .varchar: 1015,
        .int8: 1016, .date: 1182, .timestamptz: 1185, .json: 199, .uuid: 2951, .jsonb: 3807,
    ]

    /// Every type above with its name, for messages and for the test that asks the server.
    static let names: [PostgresType: String] = [
        .bool: "bool", .bytea: "bytea", .name: "name", .int8: "int8", .int2: "int2", .int4: "int4", .text: "text",
        .json: "json", .bpchar: "bpchar", .varchar: "varchar", .date: "date", .timestamptz: "timestamptz",
        .uuid: "uuid", .jsonb: "jsonb",
    ]

    /// The type of one-dimensional (or any) arrays of this; `unknown` for a type that is not listed here.
    var array: PostgresType { PostgresType(oid: Self.arrays[self] ?? 0) }

    var description: String { Self.names[self] ?? "type with oid \(oid)" }
}
