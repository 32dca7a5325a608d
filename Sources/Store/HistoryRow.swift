// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// What happened, for ever: one row of the append-only history.
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

    static let insert = BulkInsert(
        into: "history",
        [
            ("id", .uuid), ("at", .timestamptz), ("event", .text), ("package_id", .uuid), ("delivery_id", .uuid),
            ("actor", .text), ("request_id", .uuid), ("detail", .jsonb),
        ])

    var row: [PostgresValue] {
        [
            .uuid(RequestID(at: at).uuid), .timestamptz(at), .text(event.rawValue),
            .optional(package) { .uuid($0.uuid) }, .optional(delivery) { .uuid($0.uuid) }, .text(actor),
            .optional(request) { .uuid($0.uuid) }, .jsonb(JSONText.object(detail).text),
        ]
    }

    static func statement(_ rows: [HistoryRow]) -> (String, [PostgresValue]) {
        insert.statement(rows.map(\.row))
    }
}

/// JSON that is written, never read: keys sorted, so that the same detail is the same text.
struct JSONText: Sendable {
    let text: String

    static func string(_ value: String) -> JSONText {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            // jsonb cannot hold U+0000; nothing that comes here may have one, and a lost one changes no meaning.
            case "\0": text += "\\ufffd"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return JSONText(text: text + "\"")
    }

    static func number(_ value: Int) -> JSONText { JSONText(text: String(value)) }

    static func strings(_ values: [String]) -> JSONText {
        JSONText(text: "[" + values.map { string($0).text }.joined(separator: ",") + "]")
    }

    static func array(_ values: [String]) -> String { strings(values).text }

    static func object(_ members: [String: JSONText]) -> JSONText {
        let written = members.sorted { $0.key < $1.key }.map { "\(string($0.key).text):\($0.value.text)" }
        return JSONText(text: "{" + written.joined(separator: ",") + "}")
    }
}
