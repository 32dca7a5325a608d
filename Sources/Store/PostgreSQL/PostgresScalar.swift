// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A Swift value that travels as one PostgreSQL value in binary form.
///
/// The binary forms are those of the servers' `…send` and `…recv` functions: integers in network order, time as
/// microseconds and dates as days since 2000-01-01.
public protocol PostgresScalar: Hashable, Sendable {
    /// Object id of the type that a parameter is declared with.
    static var postgresOID: UInt32 { get }
    /// Object ids of the types that can be read without loss.
    static var readableOIDs: Set<UInt32> { get }
    /// Appends the binary form.
    func encode(into bytes: inout [UInt8]) throws(PostgresScalarProblem)
    /// Reads the binary form; `oid` is one of `readableOIDs`.
    static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Self
}

/// Why a value does not fit. The reader or writer adds the column and the statement.
public struct PostgresScalarProblem: Error, Equatable, Sendable {
    public let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// A JSON text as PostgreSQL gives it. `jsonb` does not keep order of keys, white space and repeated keys.
public struct PostgresJSON: Hashable, Sendable {
    public let text: String
    public init(_ text: String) { self.text = text }
}

extension FixedWidthInteger {
    func appendBigEndian(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// - Throws: when there are not exactly as many bytes as the integer has.
    static func bigEndian(_ bytes: ArraySlice<UInt8>) throws(PostgresScalarProblem) -> Self {
        guard bytes.count == bitWidth / 8 else {
            throw PostgresScalarProblem("has \(bytes.count) bytes where \(bitWidth / 8) were expected")
        }
        return bytes.withUnsafeBytes { Self(bigEndian: $0.loadUnaligned(as: Self.self)) }
    }
}

extension Bool: PostgresScalar {
    public static var postgresOID: UInt32 { PostgresType.bool.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID] }
    public func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Bool {
        try UInt8.bigEndian(bytes) != 0
    }
}

extension Int16: PostgresScalar {
    public static var postgresOID: UInt32 { PostgresType.int2.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID] }
    public func encode(into bytes: inout [UInt8]) { appendBigEndian(to: &bytes) }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Int16 {
        try bigEndian(bytes)
    }
}

extension Int32: PostgresScalar {
    public static var postgresOID: UInt32 { PostgresType.int4.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID, PostgresType.int2.oid] }
    public func encode(into bytes: inout [UInt8]) { appendBigEndian(to: &bytes) }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Int32 {
        oid == PostgresType.int2.oid ? Int32(try Int16.bigEndian(bytes)) : try bigEndian(bytes)
    }
}

extension Int64: PostgresScalar {
    public static var postgresOID: UInt32 { PostgresType.int8.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID, PostgresType.int4.oid, PostgresType.int2.oid] }
    public func encode(into bytes: inout [UInt8]) { appendBigEndian(to: &bytes) }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Int64 {
        oid == postgresOID ? try bigEndian(bytes) : Int64(try Int32.decode(bytes, oid: oid))
    }
}

extension Int: PostgresScalar {
    public static var postgresOID: UInt32 { Int64.postgresOID }
    public static var readableOIDs: Set<UInt32> { Int64.readableOIDs }
    public func encode(into bytes: inout [UInt8]) { Int64(self).encode(into: &bytes) }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Int {
        Int(try Int64.decode(bytes, oid: oid))
    }
}

extension String: PostgresScalar {
    public static var postgresOID: UInt32 { PostgresType.text.oid }
    public static var readableOIDs: Set<UInt32> {
        [postgresOID, PostgresType.varchar.oid, PostgresType.bpchar.oid, PostgresType.name.oid]
    }
    public func encode(into bytes: inout [UInt8]) throws(PostgresScalarProblem) {
        guard !utf8.contains(0) else { throw PostgresScalarProblem("has the character U+0000, which text cannot hold") }
        bytes.append(contentsOf: utf8)
    }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw PostgresScalarProblem("is not UTF-8") }
        return text
    }
}

/// `bytea`.
extension Array: PostgresScalar where Element == UInt8 {
    public static var postgresOID: UInt32 { PostgresType.bytea.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID] }
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) -> [UInt8] { Array(bytes) }
}

extension UUID: PostgresScalar {
    public static var postgresOID: UInt32 { PostgresType.uuid.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID] }
    public func encode(into bytes: inout [UInt8]) { withUnsafeBytes(of: uuid) { bytes.append(contentsOf: $0) } }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> UUID {
        guard bytes.count == 16 else { throw PostgresScalarProblem("has \(bytes.count) bytes where 16 were expected") }
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

/// `timestamptz`, within the years that an `Instant` has. PostgreSQL's infinities are no instants.
extension Instant: PostgresScalar {
    /// 2000-01-01T00:00:00Z.
    private static let epochMicroseconds: Int64 = 946_684_800_000_000

    public static var postgresOID: UInt32 { PostgresType.timestamptz.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID] }
    public func encode(into bytes: inout [UInt8]) {
        (microseconds - Self.epochMicroseconds).appendBigEndian(to: &bytes)
    }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> Instant {
        let (microseconds, overflow) = try Int64.bigEndian(bytes).addingReportingOverflow(epochMicroseconds)
        let instant = Instant(microseconds: microseconds)
        guard !overflow, instant.microseconds == microseconds else {
            throw PostgresScalarProblem("is infinite or outside of the years 1 to 9999")
        }
        return instant
    }
}

/// `date`, within the years 1 to 9999 that a `CalendarDate` has.
extension CalendarDate: PostgresScalar {
    /// Days from 1970-01-01 to 2000-01-01.
    private static let epochDays: Int64 = 10_957

    public static var postgresOID: UInt32 { PostgresType.date.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID] }
    public func encode(into bytes: inout [UInt8]) {
        Int32(daysSince1970 - Self.epochDays).appendBigEndian(to: &bytes)
    }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> CalendarDate {
        let days = Int64(try Int32.bigEndian(bytes)) + epochDays
        let date = CalendarDate(daysSince1970: days)
        guard date.daysSince1970 == days else { throw PostgresScalarProblem("is outside of the years 1 to 9999") }
        return date
    }
}

extension PostgresJSON: PostgresScalar {
    /// Version number before the text of a `jsonb` value; there has been no other.
    private static let version: UInt8 = 1

    public static var postgresOID: UInt32 { PostgresType.jsonb.oid }
    public static var readableOIDs: Set<UInt32> { [postgresOID, PostgresType.json.oid] }
    public func encode(into bytes: inout [UInt8]) throws(PostgresScalarProblem) {
        bytes.append(Self.version)
        try text.encode(into: &bytes)
    }
    public static func decode(_ bytes: ArraySlice<UInt8>, oid: UInt32) throws(PostgresScalarProblem) -> PostgresJSON {
        var text = bytes
        if oid == postgresOID {
            guard text.popFirst() == version else { throw PostgresScalarProblem("is of an unknown version of jsonb") }
        }
        return PostgresJSON(try String.decode(text, oid: PostgresType.text.oid))
    }
}
