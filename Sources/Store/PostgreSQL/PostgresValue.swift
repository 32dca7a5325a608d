// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A parameter of a statement. Always sent in binary form under the type that the case names.
///
/// Arrays are one-dimensional and may hold NULL elements: they are meant for `UNNEST`, one per column.
/// `null` has no type of its own: where the statement does not tell one, write a cast (`$1::text`).
public enum PostgresValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int2(Int16)
    case int4(Int32)
    case int8(Int64)
    case text(String)
    case bytea([UInt8])
    case uuid(UUID)
    case timestamptz(Instant)
    case jsonb(String)
    case date(CalendarDate)
    case bools([Bool?])
    case int2s([Int16?])
    case int4s([Int32?])
    case int8s([Int64?])
    case texts([String?])
    case byteas([[UInt8]?])
    case uuids([UUID?])
    case timestamptzs([Instant?])
    case jsonbs([String?])
    case dates([CalendarDate?])

    /// `value` in the case that `make` gives, or `null`: `.optional(note, PostgresValue.text)`.
    public static func optional<T>(_ value: T?, _ make: (T) -> PostgresValue) -> PostgresValue {
        value.map(make) ?? .null
    }

    /// The type that the parameter is declared with.
    var type: PostgresType {
        switch self {
        case .null: .unknown
        case .bool: .bool
        case .int2: .int2
        case .int4: .int4
        case .int8: .int8
        case .text: .text
        case .bytea: .bytea
        case .uuid: .uuid
        case .timestamptz: .timestamptz
        case .jsonb: .jsonb
        case .date: .date
        case .bools: PostgresType.bool.array
        case .int2s: PostgresType.int2.array
        case .int4s: PostgresType.int4.array
        case .int8s: PostgresType.int8.array
        case .texts: PostgresType.text.array
        case .byteas: PostgresType.bytea.array
        case .uuids: PostgresType.uuid.array
        case .timestamptzs: PostgresType.timestamptz.array
        case .jsonbs: PostgresType.jsonb.array
        case .dates: PostgresType.date.array
        }
    }

    /// Appends the binary form; `null` has none and appends nothing.
    func encode(into bytes: inout [UInt8]) throws(PostgresScalarProblem) {
        switch self {
        case .null: return
        case .bool(let value): value.encode(into: &bytes)
        case .int2(let value): value.encode(into: &bytes)
        case .int4(let value): value.encode(into: &bytes)
        case .int8(let value): value.encode(into: &bytes)
        case .text(let value): try value.encode(into: &bytes)
        case .bytea(let value): value.encode(into: &bytes)
        case .uuid(let value): value.encode(into: &bytes)
        case .timestamptz(let value): value.encode(into: &bytes)
        case .jsonb(let value): try PostgresJSON(value).encode(into: &bytes)
        case .date(let value): value.encode(into: &bytes)
        case .bools(let values): try PostgresArray.encode(values, into: &bytes)
        case .int2s(let values): try PostgresArray.encode(values, into: &bytes)
        case .int4s(let values): try PostgresArray.encode(values, into: &bytes)
        case .int8s(let values): try PostgresArray.encode(values, into: &bytes)
        case .texts(let values): try PostgresArray.encode(values, into: &bytes)
        case .byteas(let values): try PostgresArray.encode(values, into: &bytes)
        case .uuids(let values): try PostgresArray.encode(values, into: &bytes)
        case .timestamptzs(let values): try PostgresArray.encode(values, into: &bytes)
        case .jsonbs(let values): try PostgresArray.encode(values.map { $0.map(PostgresJSON.init) }, into: &bytes)
        case .dates(let values): try PostgresArray.encode(values, into: &bytes)
        }
    }
}

/// The binary form of one-dimensional arrays (`array_send`): number of dimensions, whether there are NULLs, type of the
/// elements, then length and lower bound of the dimension, then each element after its length, -1 for NULL.
enum PostgresArray {
    static func encode<T: PostgresScalar>(_ values: [T?], into bytes: inout [UInt8]) throws(PostgresScalarProblem) {
        guard let count = Int32(exactly: values.count) else { throw PostgresScalarProblem("has too many elements") }
        Int32(values.isEmpty ? 0 : 1).appendBigEndian(to: &bytes)
        Int32(values.contains(nil) ? 1 : 0).appendBigEndian(to: &bytes)
        T.postgresOID.appendBigEndian(to: &bytes)
        if values.isEmpty { return }
        count.appendBigEndian(to: &bytes)
        Int32(1).appendBigEndian(to: &bytes)
        for value in values {
            guard let value else {
                Int32(-1).appendBigEndian(to: &bytes)
                continue
            }
            let place = bytes.count
            Int32(0).appendBigEndian(to: &bytes)
            try value.encode(into: &bytes)
            guard let length = Int32(exactly: bytes.count - place - 4) else {
                throw PostgresScalarProblem("has an element of more than 2 GiB")
            }
            withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
        }
    }

    static func decode<T: PostgresScalar>(
        _ bytes: ArraySlice<UInt8>, of type: T.Type
    ) throws(PostgresScalarProblem) -> [T?] {
        var rest = bytes
        let dimensions = try next(&rest)
        _ = try next(&rest)
        let oid = UInt32(bitPattern: try next(&rest))
        guard T.readableOIDs.contains(oid) else {
            throw PostgresScalarProblem("is an array of \(PostgresType(oid: oid)), not of \(T.self)")
        }
        if dimensions == 0 { return [] }
        guard dimensions == 1 else { throw PostgresScalarProblem("has \(dimensions) dimensions") }
        let count = try next(&rest)
        _ = try next(&rest)
        // Each element takes at least its length, so that a count that lies cannot reserve memory.
        guard count >= 0, Int(count) <= rest.count / 4 else { throw PostgresScalarProblem("is cut off") }
        var values: [T?] = []
        values.reserveCapacity(Int(count))
        for _ in 0..<count {
            let length = Int(try next(&rest))
            guard length >= 0 else {
                values.append(nil)
                continue
            }
            guard length <= rest.count else { throw PostgresScalarProblem("is cut off") }
            values.append(try T.decode(rest.prefix(length), oid: oid))
            rest = rest.dropFirst(length)
        }
        return values
    }

    private static func next(_ rest: inout ArraySlice<UInt8>) throws(PostgresScalarProblem) -> Int32 {
        guard rest.count >= 4 else { throw PostgresScalarProblem("is cut off") }
        defer { rest = rest.dropFirst(4) }
        return try Int32.bigEndian(rest.prefix(4))
    }
}
