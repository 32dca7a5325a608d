// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// A content that may be handed out, and on what ground.
public struct ReadableContent: Sendable {
    public let packageID: PackageID
    /// The delivery that gives the right; nil when it is the sender's own package.
    public let deliveryID: DeliveryID?
    public let content: StoredContent
}

/// Which deliveries a list shows.
public struct ListFilter: Sendable {
    /// Rows of one round trip to the database.
    public static let pageSize = 500

    public let agencies: [AgencyKey]
    public let messageType: MessageType
    public let from: Instant?
    public let to: Instant?

    public init(agencies: [AgencyKey], messageType: MessageType, from: Instant? = nil, to: Instant? = nil) {
        self.agencies = agencies
        self.messageType = messageType
        self.from = from
        self.to = to
    }
}
