// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation
import Trust

/// What happened, for ever: one row of the append-only history, and one leaf of the audit log (docs/audit.md).
struct HistoryRow: Sendable {
    /// The events. A name is never re-used for another meaning.
    enum Event: String, CaseIterable, Sendable {
        case packageAccepted = "package.accepted"
        case recipientsAdded = "package.recipients-added"
        case packageFetched = "package.fetched"
        case deliveryUndeliverable = "delivery.undeliverable"
        case deliveryProcessing = "delivery.processing"
        case deliveryDelivered = "delivery.delivered"
        case deliveryFailed = "delivery.failed"
        case deliveryHeld = "delivery.held"
        case packageRepeated = "package.repeated"
        case packageConflict = "package.conflict"
        case contentDestroyed = "content.destroyed"
        case deliveryReleased = "delivery.released"
        case deliveryConfirmedBySender = "delivery.confirmed-by-sender"
        case deliveryDeclinedBySender = "delivery.declined-by-sender"
        case deliveryRefused = "delivery.refused"
        case deliveryExpired = "delivery.expired"
        case deliveryRetried = "delivery.retried"
        case deliveryReplayed = "delivery.replayed"
        case replayFailed = "delivery.replay-failed"
        case deliveryRedirected = "delivery.redirected"
        case deliveryWithdrawn = "delivery.withdrawn"
        case deliveryMoved = "delivery.moved"
        case packageFrozen = "package.frozen"
        case alertRaised = "alert.raised"
        case alertEscalated = "alert.escalated"
        case alertClosed = "alert.closed"
        case codeRepeated = "package.code-repeated"
        case contactSet = "registry.contact-set"
        case contactRemoved = "registry.contact-removed"
        case packageSealed = "package.sealed"
        case packageUnsealed = "package.unsealed"
        case packageScanned = "package.scanned"
        case packageScanAsked = "package.scan-asked"
        case recallAsked = "recall.asked"
        case recallAgreed = "recall.agreed"
        case recallDeclined = "recall.declined"
        case endpointSet = "endpoint.set"
        case endpointRemoved = "endpoint.removed"
        case endpointSuspended = "endpoint.suspended"
        case endpointResumed = "endpoint.resumed"
        case systemAdded = "registry.system-added"
        case secretRotated = "registry.secret-rotated"
        case secretOverlapEnded = "registry.secret-overlap-ended"
        case systemDisabled = "registry.system-disabled"
        case systemEnabled = "registry.system-enabled"
        case systemBound = "registry.system-bound"
        case systemUnbound = "registry.system-unbound"
        case agencyAdded = "registry.agency-added"
        case agencyClosed = "registry.agency-closed"
        case successorNamed = "registry.successor-named"
        case agenciesImported = "registry.agencies-imported"
        case agencyRequested = "registry.agency-requested"
        case agencyRequestApproved = "registry.agency-request-approved"
        case agencyRequestRejected = "registry.agency-request-rejected"
        case keyAdded = "key.added"
        case keyRewrapped = "key.rewrapped"
        case keyRetired = "key.retired"
        case calendarImported = "calendar.imported"
        case policyActivated = "policy.activated"
        case trustAdded = "trust.added"
        case trustRemoved = "trust.removed"
        case hubDowntime = "hub.downtime"
    }

    static let hubActor = "hub"

    let at: Instant
    let event: Event
    var package: PackageID?
    var delivery: DeliveryID?
    let actor: String
    var request: RequestID?
    var detail: [String: JSONText] = [:]
    /// Rows that came to be by it, each as `EvidentialTable.append` has it; none of the history.
    var evidence: [[UInt8]] = []

    /// The rows, their leaves, and what tells the sequencer of them: one statement, so that none is ever without the others.
    /// Turns are taken in it: who changes a row that another changed before him has waited for that one's commit, and
    /// therefore has a later turn.
    private static let insert = """
        WITH new AS (
            SELECT * FROM unnest(
                $1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::jsonb[],
                $9::bytea[], $10::bytea[]
            ) WITH ORDINALITY AS new (
                id, at, event, package_id, delivery_id, actor, request_id, detail, leaf, hash, place)
        ), told AS (
            INSERT INTO history (id, at, event, package_id, delivery_id, actor, request_id, detail)
            SELECT id, at, event, package_id, delivery_id, actor, request_id, detail FROM new
        ), kept AS (
            INSERT INTO audit_leaf (history_id, leaf, hash) SELECT id, leaf, hash FROM new
        )
        INSERT INTO audit_pending (history_id) SELECT id FROM new ORDER BY place
        """

    /// What writes these rows, in this order, with a leaf of the audit log for each. It belongs behind the statements that
    /// change what the rows tell of.
    static func statement(_ rows: [HistoryRow]) -> (String, [PostgresValue]) {
        let ids = rows.map { RequestID(at: $0.at).uuid }
        let details = rows.map { JSONText.object($0.detail) }
        var leaves: [[UInt8]?] = []
        var hashes: [[UInt8]?] = []
        for index in rows.indices {
            let leaf = rows[index].leaf(id: ids[index], detail: details[index])
            leaves.append(leaf)
            hashes.append(MerkleTree.leafHash(leaf).bytes)
        }
        return (
            insert,
            [
                .uuids(ids), .timestamptzs(rows.map(\.at)), .texts(rows.map(\.event.rawValue)),
                .uuids(rows.map { $0.package?.uuid }), .uuids(rows.map { $0.delivery?.uuid }),
                .texts(rows.map(\.actor)),
                .uuids(rows.map { $0.request?.uuid }), .jsonbs(details.map(\.text)), .byteas(leaves), .byteas(hashes),
            ]
        )
    }

    /// The row as a leaf: canonical JSON, its members in their order.
    private func leaf(id: UUID, detail: JSONText) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += "{\"actor\":".utf8
        CanonicalJSON.append(actor, to: &bytes)
        bytes += ",\"at\":\"\(at.iso8601Microseconds)\"".utf8
        if !evidence.isEmpty {
            bytes += ",\"changes\":".utf8
            var separator = UInt8(ascii: "[")
            for row in evidence {
                bytes.append(separator)
                separator = UInt8(ascii: ",")
                bytes += row
            }
            bytes.append(UInt8(ascii: "]"))
        }
        if let delivery { bytes += ",\"delivery\":\"\(delivery)\"".utf8 }
        bytes += ",\"detail\":".utf8
        bytes += detail.text.utf8
        bytes += ",\"event\":\"\(event.rawValue)\",\"id\":\"\(RequestID(uuid: id))\"".utf8
        if let package { bytes += ",\"package\":\"\(package)\"".utf8 }
        if let request { bytes += ",\"request\":\"\(request)\"".utf8 }
        bytes += ",\"v\":1}".utf8
        return bytes
    }
}

/// JSON that is written, never read: canonical (RFC 8785), so that the same detail is the same text in the history and in
/// its leaf.
struct JSONText: Sendable {
    let text: String

    static func string(_ value: String) -> JSONText {
        // jsonb cannot hold U+0000; nothing that comes here may have one, and a lost one changes no meaning.
        let value = value.utf8.contains(0) ? value.replacing("\0", with: "\u{FFFD}") : value
        var bytes: [UInt8] = []
        CanonicalJSON.append(value, to: &bytes)
        return JSONText(text: String(decoding: bytes, as: UTF8.self))
    }

    static func number(_ value: Int) -> JSONText { JSONText(text: String(value)) }

    static func strings(_ values: [String]) -> JSONText {
        JSONText(text: "[" + values.map { string($0).text }.joined(separator: ",") + "]")
    }

    static func array(_ values: [String]) -> String { strings(values).text }

    /// Members are names of ours, in ASCII.
    static func object(_ members: [String: JSONText]) -> JSONText {
        let written = members.sorted { $0.key < $1.key }.map { "\(string($0.key).text):\($0.value.text)" }
        return JSONText(text: "{" + written.joined(separator: ",") + "}")
    }
}
