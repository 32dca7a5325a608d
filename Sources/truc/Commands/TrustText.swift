// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import Trust

/// The trust store and its verdicts as people and programs read them.
enum TrustText {
    /// A name from a certificate, fit for a terminal.
    static func safe(_ text: String) -> String { Refusal.oneLine(text, maxLength: 500) }

    /// An item in JSON.
    struct Shown: Encodable {
        let kind: TrustItem.Kind
        let sha256: String
        let name: String
        let from: Instant
        let until: Instant?
        let addedAt: Instant
        let actor: String
        let reason: String
        let removedAt: Instant?

        init(_ record: TrustRecord) {
            kind = record.kind
            sha256 = record.fingerprint
            name = record.name
            from = record.from
            until = record.until
            addedAt = record.addedAt
            actor = record.actor
            reason = record.reason
            removedAt = record.removedAt
        }
    }

    /// An item that was or would be added, in JSON.
    struct Added: Encodable {
        let kind: TrustItem.Kind
        let sha256: String
        let name: String
        let from: Instant
        let until: Instant?

        init(_ item: TrustItem) {
            kind = item.kind
            sha256 = item.fingerprint.bytes.hex
            name = item.name
            from = item.from
            until = item.until
        }
    }

    /// A verdict in JSON.
    struct Verdict: Encodable {
        let verdict: String
        let subject: String
        let issuer: String
        let serial: String
        let sha256: String
        let at: Instant
        let chain: [String]
        let vietnamese: [String]
        let english: [String]

        init(_ certificate: Certificate, _ verdict: CertificateVerdict, at: Instant) {
            self.verdict = verdict.code
            subject = certificate.subject.text
            issuer = certificate.issuer.text
            serial = certificate.facts.serial
            sha256 = certificate.fingerprint.bytes.hex
            self.at = at
            switch verdict {
            case .valid(let found, _), .undetermined(let found, _): chain = found.map(\.subject.text)
            case .untrusted: chain = []
            }
            vietnamese = verdict.vietnamese
            english = verdict.english
        }
    }

    static func table(_ records: [TrustRecord]) -> [[String]] {
        [["KIND", "SHA-256", "UNTIL", "ADDED", "BY", "NAME — REASON"]]
            + records.map { record in
                [
                    record.removedAt == nil ? record.kind.rawValue : "(\(record.kind.rawValue))",
                    String(record.fingerprint.prefix(16)), record.until?.iso8601 ?? "–", record.addedAt.iso8601,
                    record.actor, "\(safe(record.name)) — \(record.reason)",
                ]
            }
    }

    static func lines(_ item: TrustItem) -> [String] {
        [
            "\(item.kind.rawValue) «\(safe(item.name))»",
            "  SHA-256 \(item.fingerprint.bytes.hex)",
            "  từ \(item.from.iso8601) đến \(item.until?.iso8601 ?? "–")",
        ]
    }

    static func state(_ verdict: CertificateVerdict) -> String {
        switch verdict {
        case .valid: "hợp lệ"
        case .untrusted: "không tin cậy"
        case .undetermined: "chưa xác định"
        }
    }

    static func lines(_ certificate: Certificate, _ verdict: CertificateVerdict) -> [String] {
        [
            "\(safe(certificate.subject.text))",
            "  số \(certificate.facts.serial), do \(safe(certificate.issuer.text)) cấp",
            "  \(state(verdict)) (\(verdict.code))",
        ] + zip(verdict.vietnamese, verdict.english).flatMap { ["  - \(safe($0))", "    \(safe($1))"] }
    }
}
