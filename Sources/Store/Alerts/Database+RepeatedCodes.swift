// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// Two documents of one sender with the same number and notation in one year (NĐ 30/2020/NĐ-CP Phụ lục VI, phần III, khoản 1,
/// điểm h). Both are delivered: their sender and the operator are told.
public struct RepeatedCode: Sendable, Equatable {
    public let sender: String
    /// `number/notation`.
    public let code: String
    public let package: PackageID
    public let documentID: String
    public let acceptedAt: Instant
    /// The first document with this code.
    public let other: PackageID
    public let otherDocumentID: String
    public let foundAt: Instant
}

extension Database {
    /// Most repeated codes of one list.
    public static let maxRepeatedCodes = 10_000
    /// How long after acceptance it is looked whether a code was used before: by then what was accepted earlier is
    /// committed, whatever held it up.
    static let codeDelay = Duration.seconds(60)
    /// Most packages of one look.
    static let maxCodeRound: Int64 = 100

    /// Looks at what was accepted since the last time: one indexed look-up for each document, and nothing in the way of
    /// acceptance. What is found is recorded, and its sender is told by `dueAlertNotices`, once a day for each code.
    ///
    /// - Returns: how many were found, and whether there is more to be looked at.
    public func findRepeatedCodes(at now: Instant) async throws -> (found: Int, isMore: Bool) {
        try await run { connection in
            try connection.transaction {
                guard let cursor = try connection.query(CollectionStatements.lockCursor, [.text("codes")]).first else {
                    return (0, false)
                }
                let before = PackageID.earliest(at: now.advanced(by: .zero - Self.codeDelay)).uuid
                let ids = try connection.query(
                    CodeStatements.next,
                    [.uuid(try cursor.decode("after", as: UUID.self)), .uuid(before), .int8(Self.maxCodeRound)]
                ).map { try $0.decode("id", as: UUID.self) }
                guard let last = ids.last else { return (0, false) }
                let found = try connection.query(CodeStatements.repeated, [.uuids(ids.map { $0 })])
                var statements: [PostgresStatement] = [
                    (CollectionStatements.moveCursor, [.text("codes"), .uuid(last)])
                ]
                for row in found {
                    let package = try row.decode("id", as: UUID.self)
                    let other = try row.decode("other", as: UUID.self)
                    statements.append((CodeStatements.add, [.uuid(package), .uuid(other), .timestamptz(now)]))
                    statements.append(
                        (
                            AlertNoticeStatements.addRepeatedCode,
                            [
                                .uuid(package), .uuid(other), .timestamptz(now),
                                .timestamptz(Instant(vietnam: now.vietnamDate)),
                            ]
                        ))
                    statements.append(
                        HistoryRow.statement([
                            HistoryRow(
                                at: now, event: .codeRepeated, package: PackageID(uuid: package),
                                actor: HistoryRow.hubActor,
                                detail: ["of": .string(PackageID(uuid: other).description)])
                        ]))
                }
                try connection.pipeline(statements)
                return (found.count, ids.count == Int(Self.maxCodeRound))
            }
        }
    }

    /// Codes that were used twice, the latest first.
    public func repeatedCodes(limit: Int) async throws -> [RepeatedCode] {
        try await run { connection in
            try connection.query(CodeStatements.list, [.int8(Int64(min(limit, Self.maxRepeatedCodes)))]).map { row in
                RepeatedCode(
                    sender: try row.decode("sender_written"),
                    code:
                        "\(try row.decode("code_number", as: String.self))/\(try row.decode("code_notation", as: String.self))",
                    package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
                    documentID: try row.decode("document_id"), acceptedAt: try row.decode("accepted_at"),
                    other: PackageID(uuid: try row.decode("other_package_id", as: UUID.self)),
                    otherDocumentID: try row.decode("other_document_id"), foundAt: try row.decode("found_at"))
            }
        }
    }
}

private enum CodeStatements {
    static let next = "SELECT id FROM package WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3"

    /// What the index `package_by_code` is in the order of. Numbers begin anew every year; null of what is no document.
    private static func code(_ table: String) -> [String] {
        [
            "normalize(left(\(table).code_number, 50))", "normalize(left(\(table).code_notation, 100))",
            "\(table).sender_agency_id",
            """
            (CASE WHEN \(table).first_package_id IS NULL AND \(table).kind IN ('document', 'replacement') THEN extract(
                year FROM coalesce(
                    \(table).promulgation_date, (\(table).accepted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date))::smallint END)
            """,
        ]
    }

    /// The first document of the code, by one look for each: however often a sender uses a code, it slows nobody.
    static let repeated = """
        SELECT package.id, first.id AS other
        FROM package CROSS JOIN LATERAL (
            SELECT other.id, other.document_key FROM package AS other
            WHERE \(zip(code("other"), code("package")).map { "\($0) = \($1)" }.joined(separator: " AND "))
            ORDER BY other.id LIMIT 1
        ) AS first
        WHERE package.id = ANY ($1) AND package.code_number <> '' AND package.code_notation <> ''
            AND first.id < package.id AND first.document_key <> package.document_key
        ORDER BY package.id
        """

    static let add = """
        INSERT INTO repeated_code (package_id, other_package_id, found_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """
    static let list = """
        SELECT repeated_code.package_id, repeated_code.other_package_id, repeated_code.found_at, package.sender_written,
            package.code_number, package.code_notation, package.document_id, package.accepted_at,
            other.document_id AS other_document_id
        FROM repeated_code JOIN package ON package.id = repeated_code.package_id
        JOIN package AS other ON other.id = repeated_code.other_package_id
        ORDER BY repeated_code.found_at DESC, repeated_code.package_id LIMIT $1
        """
}
