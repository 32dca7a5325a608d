// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Every type goes to a real server and back; the server also says what it understood.
@Suite struct PostgresValueTests {
    @Test func scalarsGoThereAndBack() async throws {
        try await onConnection { connection in
            func check<T: PostgresScalar>(_ type: String, _ values: [T], _ make: (T) -> PostgresValue) throws {
                for value in values {
                    let row = try connection.query("SELECT $1::\(type) AS v, pg_typeof($1)::text AS t", [make(value)])
                        .only()
                    #expect(try row.decode("v", as: T.self) == value)
                    #expect(try row.decodeIfPresent("v", as: T.self) == value)
                    #expect(try row.decode("t", as: String.self) == type)
                }
                let none = try connection.query("SELECT $1::\(type) AS v", [.null]).only()
                #expect(try none.decodeIfPresent("v", as: T.self) == nil)
                let error = postgresError { _ = try none.decode("v", as: T.self) }
                #expect(error?.kind == .decoding)
                #expect(error?.message == "column v is NULL")
                #expect(error?.statement == "SELECT $1::\(type) AS v")
            }
            try check("boolean", [true, false], PostgresValue.bool)
            try check("smallint", [.min, -1, 0, 1, .max], PostgresValue.int2)
            try check("integer", [.min, -1, 0, 1, .max], PostgresValue.int4)
            try check("bigint", [.min, -1, 0, 1, .max], PostgresValue.int8)
            try check("text", Samples.texts, PostgresValue.text)
            try check("bytea", Samples.byteas, PostgresValue.bytea)
            try check("uuid", Samples.uuids, PostgresValue.uuid)
            try check("timestamp with time zone", Samples.instants, PostgresValue.timestamptz)
            try check("date", Samples.dates, PostgresValue.date)
        }
    }

    @Test func arraysGoThereAndBack() async throws {
        try await onConnection { connection in
            func check<T: PostgresScalar>(_ type: String, _ values: [T], _ make: ([T?]) -> PostgresValue) throws {
                for array in [[], [nil], values.map(Optional.some), [nil] + values.map(Optional.some) + [nil]] as [[T?]]
                {
                    let row = try connection.query("SELECT $1::\(type)[] AS v, pg_typeof($1)::text AS t", [make(array)])
                        .only()
                    #expect(try row.decodeNullableArray("v", of: T.self) == array)
                    #expect(try row.decode("t", as: String.self) == type + "[]")
                    let elements = try connection.query("SELECT u FROM unnest($1::\(type)[]) AS u", [make(array)])
                    #expect(try elements.map { try $0.decodeIfPresent("u", as: T.self) } == array)
                    if array.contains(nil) {
                        #expect(postgresError { _ = try row.decodeArray("v", of: T.self) }?.kind == .decoding)
                    } else {
                        #expect(try row.decodeArray("v", of: T.self) == array.compactMap(\.self))
                    }
                }
            }
            try check("boolean", [true, false], PostgresValue.bools)
            try check("smallint", [.min, 0, .max], PostgresValue.int2s)
            try check("integer", [.min, 0, .max], PostgresValue.int4s)
            try check("bigint", [.min, 0, .max], PostgresValue.int8s)
            try check("text", Samples.texts, PostgresValue.texts)
            try check("bytea", Samples.byteas, PostgresValue.byteas)
            try check("uuid", Samples.uuids, PostgresValue.uuids)
            try check("timestamp with time zone", Samples.instants, PostgresValue.timestamptzs)
            try check("date", Samples.dates, PostgresValue.dates)
            let row = try connection.query(
                "SELECT $1::jsonb[] AS v", [.jsonbs(["{}", nil, #""á""#])]
            ).only()
            #expect(
                try row.decodeNullableArray("v", of: PostgresJSON.self) == [
                    PostgresJSON("{}"), nil, PostgresJSON(#""á""#),
                ])
        }
    }

    @Test func theServerUnderstandsWhatIsMeant() async throws {
        try await onConnection { connection in
            let id = try #require(UUID(uuidString: "0190a1b2-c3d4-7e5f-8a6b-000102030405"))
            let instant = try Instant(iso8601: "2026-11-21T16:04:05.123456+07:00")
            let date = try CalendarDate(iso8601: "1999-12-31")
            let row = try connection.query(
                "SELECT $1::text AS id, ($2 AT TIME ZONE 'UTC')::text AS instant, $3::text AS date, $4->>'k' AS k",
                [.uuid(id), .timestamptz(instant), .date(date), .jsonb(#"{"k": "Sở Xây dựng"}"#)]
            ).only()
            #expect(try row.decode("id", as: String.self) == "0190a1b2-c3d4-7e5f-8a6b-000102030405")
            #expect(try row.decode("instant", as: String.self) == "2026-11-21 09:04:05.123456")
            #expect(try row.decode("date", as: String.self) == "1999-12-31")
            #expect(try row.decode("k", as: String.self) == "Sở Xây dựng")
            let json = try connection.query("SELECT '{\"b\":1,\"a\":2}'::jsonb AS b, '{\"b\":1}'::json AS j").only()
            #expect(try json.decode("b", as: PostgresJSON.self).text == #"{"a": 2, "b": 1}"#)
            #expect(try json.decode("j", as: PostgresJSON.self).text == #"{"b":1}"#)
        }
    }

    @Test func readsNarrowIntoWideAndNothingElse() async throws {
        try await onConnection { connection in
            let row = try connection.query(
                """
                SELECT 1::smallint AS s, 2::integer AS i, 3::bigint AS b, 4::numeric AS n, 'x'::varchar(3) AS v,
                    'infinity'::timestamptz AS t, '-infinity'::date AS d, '12000-01-01'::date AS far,
                    '10000-01-01Z'::timestamptz AS later, ARRAY[[1,2],[3,4]]::bigint[] AS m, '{1,2}'::smallint[] AS a
                """
            ).only()
            #expect(try row.decode("s", as: Int.self) == 1)
            #expect(try row.decode("i", as: Int64.self) == 2)
            #expect(try row.decode("s", as: Int32.self) == 1)
            #expect(try row.decode("v", as: String.self) == "x")
            #expect(try row.decodeArray("a", of: Int.self) == [1, 2])
            let refused: [(String, (PostgresRow) throws -> Void)] = [
                ("b", { _ = try $0.decode("b", as: Int32.self) }), ("i", { _ = try $0.decode("i", as: Int16.self) }),
                ("n", { _ = try $0.decode("n", as: Int64.self) }), ("i", { _ = try $0.decode("i", as: String.self) }),
                ("v", { _ = try $0.decode("v", as: [UInt8].self) }),
                ("t", { _ = try $0.decode("t", as: Instant.self) }),
                ("d", { _ = try $0.decode("d", as: CalendarDate.self) }),
                ("m", { _ = try $0.decodeArray("m", of: Int64.self) }),
                ("far", { _ = try $0.decode("far", as: CalendarDate.self) }),
                ("a", { _ = try $0.decodeArray("a", of: String.self) }),
                ("later", { _ = try $0.decode("later", as: Instant.self) }),
                ("b", { _ = try $0.decodeArray("b", of: Int64.self) }),
                ("absent", { _ = try $0.decode("absent", as: Int.self) }),
            ]
            for (column, read) in refused {
                let error = postgresError { try read(row) }
                #expect(error?.kind == .decoding)
                #expect(error?.message.hasPrefix("column \(column) ") == true)
                #expect(error?.statement?.hasPrefix("SELECT 1::smallint") == true)
            }
        }
    }

    @Test func refusesWhatPostgresCannotHold() {
        for value in [.text("a\0"), .jsonb("\0"), .texts(["a", "\0"])] as [PostgresValue] {
            var bytes: [UInt8] = []
            #expect(throws: PostgresScalarProblem.self) { try value.encode(into: &bytes) }
        }
    }

    @Test func hostileArraysAreRefused() throws {
        var whole: [UInt8] = []
        try PostgresValue.texts(["abc", nil, "d"]).encode(into: &whole)
        for length in 0..<whole.count {
            #expect(throws: PostgresScalarProblem.self) {
                try PostgresArray.decode(whole.prefix(length), of: String.self)
            }
        }
        var lying = whole
        lying.replaceSubrange(12..<16, with: [0x7F, 0xFF, 0xFF, 0xFF])
        #expect(throws: PostgresScalarProblem.self) { try PostgresArray.decode(lying[...], of: String.self) }
    }

    private enum Samples {
        static let texts = [
            "", "a", "Ủy ban nhân dân tỉnh – Văn bản số 12/QĐ-UBND 🇻🇳", "'\"\\{},NULL",
            String(repeating: "x", count: 100_000),
        ]
        static let byteas: [[UInt8]] = [[], [0], Array(0...255), [UInt8](repeating: 0x5C, count: 1 << 20)]
        static let uuids = [UUID(), UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), PackageID().uuid]
        static let instants =
            [
                0, 1, -1, 946_684_800_000_000, 1_800_000_000_123_456, Instant.earliest.microseconds,
                Instant.latest.microseconds,
            ]
            .map { Instant(microseconds: $0) }
        static let dates = [-719_162, -1, 0, 10_956, 10_957, 19_723, 2_932_896].map { CalendarDate(daysSince1970: $0) }
    }
}
