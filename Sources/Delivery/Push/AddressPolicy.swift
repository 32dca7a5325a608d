// SPDX-License-Identifier: Apache-2.0
import Exchange

/// To which addresses the hub may connect on an agency's behalf.
///
/// Judges the address that is connected to, after every name was looked up: a name says nothing about where it leads, and
/// may lead elsewhere a moment later. Public unicast is allowed. Private networks and loopback are where the operator
/// listed them. Everything else never is; neither are the addresses at which clouds hand out credentials (169.254.169.254).
public struct AddressPolicy: Equatable, Sendable {
    /// Private or loopback networks that may be connected to.
    public let allowedNetworks: [NetworkPrefix]

    public init(allowedNetworks: [NetworkPrefix] = []) { self.allowedNetworks = allowedNetworks }

    public func allows(_ address: IPAddress) -> Bool {
        let judged = Self.embedded(in: address) ?? address
        switch AddressScope(judged) {
        case .global: return true
        case .loopback, .privateUse: return allowedNetworks.contains { $0.contains(judged) }
        case .unspecified, .linkLocal, .multicast, .documentation, .reserved: return false
        }
    }

    /// Why the address is not allowed, as an English clause; nil when it is.
    public func objection(to address: IPAddress) -> String? {
        guard !allows(address) else { return nil }
        guard let inner = Self.embedded(in: address) else { return "\(address) is \(AddressScope(address).words)" }
        return "\(address) stands for \(inner), which is \(AddressScope(inner).words)"
    }

    /// The IPv4 address to which packets for this IPv6 address go in the end: mapped (RFC 4291 §2.5.5.2), NAT64
    /// (RFC 6052) and 6to4 (RFC 3056).
    private static func embedded(in address: IPAddress) -> IPAddress? {
        guard case .v6(let value) = address else { return nil }
        if value >> 32 == 0xFFFF || value >> 32 == 0x0064_FF9B << 64 {
            return .v4(UInt32(truncatingIfNeeded: value))
        }
        return value >> 112 == 0x2002 ? .v4(UInt32(truncatingIfNeeded: value >> 80)) : nil
    }
}

/// What kind of address it is, by IANA's registries of special-purpose addresses (RFC 6890 and its successors).
public enum AddressScope: Sendable, Equatable, CaseIterable {
    case global
    case loopback
    /// RFC 1918, the shared space of carriers (RFC 6598), unique local IPv6 (RFC 4193).
    case privateUse
    case unspecified
    case linkLocal
    case multicast
    case documentation
    /// Set aside for something else, or for nothing yet.
    case reserved

    public init(_ address: IPAddress) {
        let listed: AddressScope? = Self.special.first { $0.network.contains(address) }?.scope
        switch address {
        case .v4: self = listed ?? .global
        // Of IPv6, only 2000::/3 has been given out for unicast.
        case .v6(let value): self = listed ?? (value >> 125 == 1 ? .global : .reserved)
        }
    }

    var words: String {
        switch self {
        case .global: "public"
        case .loopback: "this machine's own"
        case .privateUse: "in a private network that is not on the list"
        case .unspecified: "no address to connect to"
        case .linkLocal: "link-local"
        case .multicast: "multicast"
        case .documentation: "for documentation only"
        case .reserved: "reserved"
        }
    }

    private struct Special: Sendable {
        let network: NetworkPrefix
        let scope: AddressScope
    }

    private static func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ length: Int, _ scope: AddressScope) -> Special {
        Special(network: NetworkPrefix(address: .v4(a << 24 | b << 16 | c << 8), length: length), scope: scope)
    }

    /// The first 32 bits of the network's address.
    private static func v6(_ top: UInt32, _ length: Int, _ scope: AddressScope) -> Special {
        Special(network: NetworkPrefix(address: .v6(UInt128(top) << 96), length: length), scope: scope)
    }

    private static let special: [Special] = [
        v4(0, 0, 0, 8, .unspecified), v4(10, 0, 0, 8, .privateUse), v4(100, 64, 0, 10, .privateUse),
        v4(127, 0, 0, 8, .loopback), v4(169, 254, 0, 16, .linkLocal), v4(172, 16, 0, 12, .privateUse),
        v4(192, 0, 0, 24, .reserved), v4(192, 0, 2, 24, .documentation), v4(192, 88, 99, 24, .reserved),
        v4(192, 168, 0, 16, .privateUse), v4(198, 18, 0, 15, .reserved), v4(198, 51, 100, 24, .documentation),
        v4(203, 0, 113, 24, .documentation), v4(224, 0, 0, 4, .multicast), v4(240, 0, 0, 4, .reserved),
        Special(network: NetworkPrefix(address: .v6(0), length: 128), scope: .unspecified),
        Special(network: NetworkPrefix(address: .v6(1), length: 128), scope: .loopback),
        // 2001::/23 holds the protocols' own, among them Teredo, which hides an IPv4 address.
        v6(0x2001_0000, 23, .reserved), v6(0x2001_0DB8, 32, .documentation), v6(0x2002_0000, 16, .reserved),
        v6(0x3FFF_0000, 20, .documentation), v6(0xFC00_0000, 7, .privateUse), v6(0xFE80_0000, 10, .linkLocal),
        v6(0xFF00_0000, 8, .multicast),
    ]
}
