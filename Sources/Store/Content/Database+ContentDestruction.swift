// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

extension Database {
    /// Destroys the keys of a document's content, of every package in which it was sent. No copy of its bytes can be read
    /// any more, wherever it lies, and a resend cannot bring it back. Copies of the database from before hold the keys
    /// wrapped: they open as long as a copy of the key file has the key that wrapped them.
    ///
    /// - Parameters:
    ///   - package: any package of the document; a recall, update or status is a document of its own here.
    ///   - decision: what the destruction rests on; recorded.
    /// - Returns: the packages whose content was destroyed now; none when it had been before.
    /// - Throws: `Refusal`: `.packageNotFound`; `.contentAwaited` while a delivery is neither received nor undeliverable.
    public func destroyContent(
        of package: PackageID, on decision: Decision, actor: String, at now: Instant
    ) async throws -> [PackageID] {
        try await run { connection in
            try connection.transaction {
                guard let key = try connection.query(DestructionStatements.key, [.uuid(package.uuid)]).first else {
                    throw Refusal(.packageNotFound, "\(package)")
                }
                // As a resend does: it must not add a delivery, with a content of its own, behind our back.
                try connection.query(
                    AcceptStatements.lockWord,
                    [
                        .text(try key.decode("identity", as: String.self)),
                        .int8(try key.decode("agency_id", as: Int64.self)),
                    ])
                let deliveries = try connection.query(
                    DestructionStatements.lockDeliveries, [.uuid(try key.decode("package_id", as: UUID.self))])
                for delivery in deliveries where try delivery.decode("is_open", as: Bool.self) {
                    throw Refusal(.contentAwaited, try delivery.decode("recipient_written", as: String.self))
                }
                let packages = Set(try deliveries.map { try $0.decode("package_id", as: UUID.self) })
                let destroyed = try connection.query(DestructionStatements.destroy, [.uuids(Array(packages))])
                    .map { PackageID(uuid: try $0.decode("package_id", as: UUID.self)) }
                guard !destroyed.isEmpty else { return [] }
                let (sql, parameters) = HistoryRow.statement(
                    destroyed.map { package in
                        HistoryRow(
                            at: now, event: .contentDestroyed, package: package, actor: actor,
                            detail: [
                                "decision": .string(decision.number), "decisionDate": .string(decision.date.iso8601),
                            ])
                    })
                try connection.query(sql, parameters)
                return destroyed
            }
        }
    }
}

enum DestructionStatements {
    /// The identity of the document that the package brought, or brought again, and its first package.
    static let key = """
        SELECT key.agency_id, key.identity, key.package_id
        FROM package JOIN package AS first ON first.id = coalesce(package.first_package_id, package.id)
        JOIN package_key AS key ON key.agency_id = first.sender_agency_id AND key.package_id = first.id
            AND key.identity IN ('document:' || first.document_key, 'message:' || encode(first.sha256, 'hex'))
        WHERE package.id = $1
        """

    /// All deliveries of a document. Every package has at least one. Of what is sealed nobody awaits anything.
    static let lockDeliveries = """
        SELECT package_id, recipient_written, state NOT IN ('delivered', 'undeliverable') AND NOT EXISTS (
                SELECT FROM seal WHERE seal.document_package_id = $1 AND unsealed_at IS NULL) AS is_open
        FROM delivery WHERE document_package_id = $1 ORDER BY id FOR UPDATE
        """

    static let destroy = """
        UPDATE content SET wrapped_key = NULL, key_id = NULL
        WHERE package_id = ANY ($1) AND wrapped_key IS NOT NULL RETURNING package_id
        """
}
