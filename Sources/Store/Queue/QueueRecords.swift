// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

/// A delivery that this node carries now, with all that the way needs.
public struct ClaimedDelivery: Sendable {
    public let id: DeliveryID
    public let packageID: PackageID
    public let messageType: MessageType
    public let endpoint: EndpointKey
    /// With which the finish counts.
    public let token: Int64
    /// From 1.
    public let attempt: Int
    let rank: Int16
    public let sha256: SHA256Digest
    /// Where the bytes are, or why they cannot be read.
    public let content: Result<StoredContent, Refusal>
}

/// One endpoint's part of a claim.
struct ClaimRequest: Sendable {
    let endpoint: EndpointKey
    /// At most `Dispatcher.maxClaim`.
    let limit: Int
    let node: NodeID
    let cursor: ClaimCursor
}

/// From where the next claim at an endpoint looks: past what was claimed before, so that the dead rows which a long
/// snapshot keeps in the index are not walked again and again.
public struct ClaimCursor: Sendable, Equatable {
    /// Ranks of the queue: one for each urgency, the most urgent first.
    static let ranks = Int16(Urgency.allCases.count)

    static func rank(_ urgency: Urgency) -> Int16 { ranks - 1 - Int16(urgency.rawValue) }

    /// For each rank the last id that was claimed.
    var after = Array(repeating: ContentCheck.leastID, count: Int(ranks))

    /// From the beginning.
    public init() {}

    mutating func took(_ claimed: [ClaimedDelivery]) {
        for delivery in claimed { after[Int(delivery.rank)] = delivery.id.uuid }
    }
}

/// What came of telling that an attempt has ended.
public enum FinishedAttempt: Sendable, Equatable {
    /// It counted: where the delivery stands, and when it is tried again.
    case counted(DeliveryState, nextAt: Instant?)
    /// Another node, or somebody's order, was faster: recorded as an attempt, and otherwise let go.
    case late
}

/// How an endpoint stands, for the operator.
public struct ListedEndpoint: Sendable {
    public let key: EndpointKey
    public let agency: String
    public let url: String
    public let isSuspended: Bool
    /// Why it is suspended.
    public let reason: String?
    /// Since then no attempt went well and only probes are made.
    public let failingAt: Instant?
    public let waiting: Int
    public let oldest: Instant?
}
