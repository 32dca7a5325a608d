// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// Something that the trust store can hold.
public enum TrustItem: Sendable, Equatable {
    case root(Certificate)
    case intermediate(Certificate)
    case list(RevocationList)

    /// The raw value is what the database, people and programs read.
    public enum Kind: String, Sendable, Codable, CaseIterable { case root, intermediate, list }

    public var kind: Kind {
        switch self {
        case .root: .root
        case .intermediate: .intermediate
        case .list: .list
        }
    }

    public var der: [UInt8] {
        switch self {
        case .root(let certificate), .intermediate(let certificate): certificate.der
        case .list(let list): list.der
        }
    }

    public var fingerprint: SHA256Digest {
        switch self {
        case .root(let certificate), .intermediate(let certificate): certificate.fingerprint
        case .list(let list): list.fingerprint
        }
    }

    /// The subject of a certificate, the issuer of a list.
    public var name: String {
        switch self {
        case .root(let certificate), .intermediate(let certificate): certificate.subject.text
        case .list(let list): list.issuer.text
        }
    }

    public var from: Instant {
        switch self {
        case .root(let certificate), .intermediate(let certificate): certificate.facts.notBefore
        case .list(let list): list.thisUpdate
        }
    }

    public var until: Instant? {
        switch self {
        case .root(let certificate), .intermediate(let certificate): certificate.facts.notAfter
        case .list(let list): list.nextUpdate
        }
    }
}

/// One item of the trust store as the database has it, without its bytes.
public struct TrustRecord: Sendable, Equatable {
    public let kind: TrustItem.Kind
    /// SHA-256 of the encoding, 64 hexadecimal digits.
    public let fingerprint: String
    public let name: String
    public let from: Instant
    public let until: Instant?
    public let addedAt: Instant
    public let actor: String
    public let reason: String
    /// Nil for what is in force.
    public let removedAt: Instant?
}
