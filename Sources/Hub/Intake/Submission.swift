// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Store

/// What a system says beside the package that it hands over; authenticated.
public struct Submission: Sendable {
    public let system: SystemID
    /// The registry by which the system was authenticated, and by which the package is decided while it is in force.
    public let registry: RegistrySnapshot
    /// The agency for which it is handed over.
    public let from: AgencyID
    /// Recipients to which the package's own `To` is narrowed, as written; nil for all of them.
    public let narrowedTo: [String]?
    public let messageType: MessageType
    public let request: RequestID
    public let receivedAt: Instant

    public init(
        system: SystemID, registry: RegistrySnapshot, from: AgencyID, narrowedTo: [String]?, messageType: MessageType,
        request: RequestID, receivedAt: Instant
    ) {
        self.system = system
        self.registry = registry
        self.from = from
        self.narrowedTo = narrowedTo
        self.messageType = messageType
        self.request = request
        self.receivedAt = receivedAt
    }
}

/// The hub's answer to a package that it has taken.
public struct Receipt: Equatable, Sendable {
    public let package: PackageID
    public let acceptedAt: Instant
    /// False when the same document or message was there already; the first receipt is repeated then.
    public let isNew: Bool
    /// Recipients that get nothing, each with the reason.
    public let refusedRecipients: [RefusedRecipient]
    /// Why nothing of it is delivered before its sender confirms it; nil when it is on its way.
    public let hold: Refusal?
    /// What the sender should change.
    public var warnings: [IntakeWarning] = []

    public struct RefusedRecipient: Equatable, Sendable {
        public let written: String
        public let refusal: Refusal
    }
}
