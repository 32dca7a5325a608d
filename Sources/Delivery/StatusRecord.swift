// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What one recipient has said about one document: the latest word and the furthest.
///
/// Both are kept because offices go back (03 → 02, 05 → 04): nothing is lost, nothing hidden.
public struct StatusRecord: Equatable, Sendable {
    public let latest: DocumentStatus
    /// The furthest code that moves work on (`DocumentStatus.progress`); nil before the first of those.
    public let furthest: DocumentStatus?

    public init(latest: DocumentStatus, furthest: DocumentStatus?) {
        self.latest = latest
        self.furthest = furthest
    }

    /// The record after `status` was said; `before` is nil for the first word.
    public static func after(_ before: StatusRecord?, saying status: DocumentStatus) -> StatusRecord {
        guard let progress = status.progress else { return StatusRecord(latest: status, furthest: before?.furthest) }
        let known = before?.furthest?.progress ?? 0
        return StatusRecord(latest: status, furthest: progress > known ? status : before?.furthest)
    }
}

/// What became of a package that speaks of a document: a status, recall, update or replacement. The raw value is the column
/// `package.status_effect`.
public enum StatusEffect: String, CaseIterable, Sendable, Codable {
    case applied
    /// The same word as the latest one, or a recall where all was recalled before: recorded, changes nothing.
    case repeated
    /// The hub has no such document from that agency. The package is delivered all the same, and marked.
    case unknownDocument = "unknown-document"
    /// The document did not go to who speaks, or not to any to whom the sender speaks. Delivered and marked.
    case notARecipient = "not-a-recipient"
    /// The hub's own message to a sender about a delivery that it could not make; nobody's status.
    case hubNotice = "hub-notice"
}
