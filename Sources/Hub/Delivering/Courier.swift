// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Trust

/// Carries packages to the endpoints of agencies. What it needs to know comes with each parcel; it decides nothing but
/// what an answer means.
public protocol Courier: Sendable {
    /// One attempt at one delivery, bounded in time. Whatever happens is an outcome; a cancelled attempt has failed.
    func carry(_ parcel: Parcel, to endpoint: PushEndpoint) async -> AttemptOutcome
}

/// One delivery on its way out: the exact bytes that were accepted, and under which name they go.
public struct Parcel: Sendable {
    /// What a parcel is, in the words of the header `truc-message-type`.
    public enum Kind: String, Sendable {
        case edoc
        case status
        /// The operator tries the endpoint: to be checked and answered as any other, and thrown away.
        case test

        public init(_ type: MessageType) {
            switch type {
            case .edoc: self = .edoc
            case .status: self = .status
            }
        }
    }

    /// The same on every attempt: by it a recipient knows what it has already.
    public let delivery: DeliveryID
    public let kind: Kind
    /// Bytes of the package.
    public let length: Int
    public let sha256: SHA256Digest
    /// The package's bytes from the beginning; may be called more than once.
    public let content: @Sendable () -> PackageContent

    public init(
        delivery: DeliveryID, kind: Kind, length: Int, sha256: SHA256Digest,
        content: @escaping @Sendable () -> PackageContent
    ) {
        self.delivery = delivery
        self.kind = kind
        self.length = length
        self.sha256 = sha256
        self.content = content
    }
}

/// Where an agency's packages are carried to.
public struct PushEndpoint: Sendable, Equatable {
    public let id: EndpointKey
    public let agency: AgencyKey
    /// As registered, already judged by `EndpointURL`.
    public let url: EndpointURL
    /// Sign the requests (Standard Webhooks), one signature for each: the present secret of the agency's system and, for the
    /// overlap after a rotation, the one before. At least one.
    public let secrets: [[UInt8]]

    public init(id: EndpointKey, agency: AgencyKey, url: EndpointURL, secrets: [[UInt8]]) {
        self.id = id
        self.agency = agency
        self.url = url
        self.secrets = secrets
    }
}
