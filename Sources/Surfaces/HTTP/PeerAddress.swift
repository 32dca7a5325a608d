// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

/// Where a connection comes from, in the two ways in which that matters.
struct PeerAddress: Equatable {
    /// The address without its port, an IPv4 address that came over an IPv6 socket as IPv4.
    let text: String
    /// What counts as one peer: an IPv6 client owns a whole /64.
    let share: String

    init?(_ address: SocketAddress?) {
        guard let address, let text = address.ipAddress else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard case .v6 = address, inet_pton(AF_INET6, text, &bytes) == 1 else {
            (self.text, share) = (text, text)
            return
        }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            let mapped = bytes[12...].map { String($0) }.joined(separator: ".")
            (self.text, share) = (mapped, mapped)
            return
        }
        self.text = text
        // The loopback address is one machine's, and shares its /64 with nobody.
        let isLoopback = bytes[..<15].allSatisfy { $0 == 0 }
        let groups = stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        share = isLoopback ? text : groups.joined(separator: ":") + "::/64"
    }
}
