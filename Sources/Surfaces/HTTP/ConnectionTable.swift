// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import Synchronization

/// The connections of a server, within `HTTPEdgeLimits`; the shell of `ConnectionAdmission`.
final class ConnectionTable: Sendable {
    private struct State {
        var admission: ConnectionAdmission
        var channels: [Int: any Channel] = [:]
        var lastID = 0
    }

    private let uncountedPeers: Set<String>
    private let state: Mutex<State>

    init(limits: HTTPEdgeLimits) {
        uncountedPeers = limits.uncountedPeers
        state = Mutex(
            State(
                admission: ConnectionAdmission(
                    connections: limits.connections, perPeer: limits.connectionsPerPeer,
                    reserve: HTTPEdgeLimits.reservedConnections)))
    }

    /// Connections that are open.
    var count: Int { state.withLock { $0.admission.count } }

    /// Takes a new connection in; it leaves by itself when it is closed.
    ///
    /// - Returns: nil when there is no place: close it.
    func admit(_ channel: any Channel) -> ConnectionSeat? {
        let peer = Self.peer(channel.remoteAddress)
        let counted = peer.flatMap { uncountedPeers.contains($0) ? nil : $0 }
        let (seat, victim): (ConnectionSeat?, (any Channel)?) = state.withLock { state in
            state.lastID += 1
            let id = state.lastID
            guard case .admit(let place, let closing) = state.admission.opened(id, peer: counted) else {
                return (nil, nil)
            }
            state.channels[id] = channel
            return (
                ConnectionSeat(table: self, id: id, isReserved: place == .reserved),
                closing.flatMap { state.channels.removeValue(forKey: $0) }
            )
        }
        victim?.pipeline.fireUserInboundEventTriggered(ConnectionGivesWay())
        if let seat { channel.closeFuture.whenComplete { _ in self.closed(seat.id) } }
        return seat
    }

    fileprivate func busy(_ id: Int) { state.withLock { $0.admission.busy(id) } }

    fileprivate func idle(_ id: Int) { state.withLock { $0.admission.idle(id) } }

    private func closed(_ id: Int) {
        state.withLock { state in
            state.admission.closed(id)
            state.channels[id] = nil
        }
    }

    /// The peer's address without its port. An IPv6 client owns a whole /64, so that is what counts as one peer.
    static func peer(_ address: SocketAddress?) -> String? {
        guard let address, let text = address.ipAddress else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard case .v6 = address, inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        if isMapped { return bytes[12...].map { String($0) }.joined(separator: ".") }
        // The loopback address is one machine's, and shares its /64 with nobody.
        if bytes[..<15].allSatisfy({ $0 == 0 }) { return text }
        return stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":") + "::/64"
    }
}

/// Told to a connection that has to make room for another.
struct ConnectionGivesWay {}

/// A connection's place in the table.
struct ConnectionSeat: Sendable {
    private let table: ConnectionTable
    fileprivate let id: Int
    /// Only the paths of health are served on it.
    let isReserved: Bool

    fileprivate init(table: ConnectionTable, id: Int, isReserved: Bool) {
        self.table = table
        self.id = id
        self.isReserved = isReserved
    }

    func busy() { table.busy(id) }
    func idle() { table.idle(id) }
}
