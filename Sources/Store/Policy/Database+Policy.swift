// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// An activation as the database has it.
public struct PolicyActivationRecord: Sendable, Equatable {
    public let name: String
    public let digest: String
    public let from: Instant
    public let activatedAt: Instant
    public let actor: String
    public let reason: String
}

extension Database {
    /// Most activations that are listed, the latest first.
    public static let maxListedActivations = 200

    /// Keeps a document, so that whoever finds its digest beside a package finds what it said.
    public func keep(_ document: PolicyDocument, at now: Instant) async throws {
        _ = try await run { connection in
            try connection.query(PolicyStatements.keep, PolicyStatements.row(document, now))
        }
    }

    /// Puts a profile in force from an instant on: from the next request on every node, or when that instant comes.
    ///
    /// - Parameters:
    ///   - from: judged already by who calls.
    ///   - reason: written to the history; of at least one character.
    public func activate(
        _ document: PolicyDocument, from: Instant, reason: String, actor: String, at now: Instant
    ) async throws {
        try await run { connection in
            try connection.transaction {
                // First of every change of what decisions read.
                try connection.query(RegistryStatements.bumpVersion)
                let history = HistoryRow(
                    at: now, event: .policyActivated, actor: actor,
                    detail: [
                        "policy": .string(document.profile.name), "sha256": .string(document.digest),
                        "from": .string(from.iso8601), "reason": .string(reason),
                    ])
                _ = try connection.pipeline([
                    (PolicyStatements.keep, PolicyStatements.row(document, now)),
                    (
                        PolicyStatements.activate,
                        [
                            .text(document.digest), .timestamptz(from), .timestamptz(now), .text(actor), .text(reason),
                        ]
                    ),
                    HistoryRow.statement([history]),
                ])
            }
        }
    }

    /// The activations, the latest first, at most `maxListedActivations`.
    public func policyActivations() async throws -> [PolicyActivationRecord] {
        try await run { connection in
            try connection.query(PolicyStatements.list, [.int8(Int64(Self.maxListedActivations))]).map { row in
                PolicyActivationRecord(
                    name: try row.decode("name"), digest: try row.decode("sha256"), from: try row.decode("valid_from"),
                    activatedAt: try row.decode("activated_at"), actor: try row.decode("actor"),
                    reason: try row.decode("reason"))
            }
        }
    }

    /// A document that was in force here, the one kept last where several have the name.
    ///
    /// - Parameter nameOrDigest: its name, or its whole digest in hexadecimal.
    public func policy(_ nameOrDigest: String) async throws -> PolicyDocument? {
        try await run { connection in
            try connection.query(PolicyStatements.find, [.text(nameOrDigest)]).first.map { row in
                try PolicyDocument(kept: try row.decode("document"))
            }
        }
    }
}

extension PolicyDocument {
    /// - Throws: `Refusal(.policyDocumentInvalid)` for one that this version of the program cannot read: it was written by
    ///   a later one, and nobody may judge by half of it.
    fileprivate init(kept text: String) throws {
        switch PolicyDocument.read(Array(text.utf8)) {
        case .success(let document): self = document
        case .failure(let problems):
            throw Refusal(.policyDocumentInvalid, "kept by another version? \(problems.all.first?.description ?? "")")
        }
    }
}

extension ActivatedPolicy {
    init(row: PostgresRow) throws {
        let document = try PolicyDocument(kept: try row.decode("document"))
        self.init(profile: document.profile, digest: try row.decode("sha256"), from: try row.decode("valid_from"))
    }
}

enum PolicyStatements {
    /// What was in force a day ago and has come or will come since: requests are judged by the instant at which they came,
    /// and none lasts as long.
    static let timeline = """
        SELECT document, sha256, valid_from FROM (
            SELECT policy_activation.*, max(valid_from) FILTER (WHERE valid_from < clock_timestamp() - interval '1 day')
                OVER () AS began
            FROM policy_activation
        ) AS activation JOIN policy ON policy.sha256 = policy_sha256
        WHERE began IS NULL OR valid_from >= began ORDER BY id
        """
    static let keep = """
        INSERT INTO policy (sha256, name, document, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """
    static let activate = """
        INSERT INTO policy_activation (policy_sha256, valid_from, activated_at, actor, reason)
        VALUES ($1, $2, $3, $4, $5)
        """
    static let list = """
        SELECT name, sha256, valid_from, activated_at, actor, reason
        FROM policy_activation JOIN policy ON policy.sha256 = policy_sha256 ORDER BY id DESC LIMIT $1
        """
    static let find = "SELECT document FROM policy WHERE name = $1 OR sha256 = $1 ORDER BY added_at DESC LIMIT 1"

    static func row(_ document: PolicyDocument, _ now: Instant) -> [PostgresValue] {
        [.text(document.digest), .text(document.profile.name), .text(document.text), .timestamptz(now)]
    }
}
