// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
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
    private let open = Gauge(label: Metric.httpConnections.rawValue)
    private let state: Mutex<State>

    init(limits: HTTPEdgeLimits) {
        uncountedPeers = limits.uncountedPeers
        state = Mutex(
            State(
                admission: ConnectionAdmission(
                    connections: limits.connections, perPeer: limits.connectionsPerPeer,
                    reserve: HTTPEdgeLimits.reservedConnections)))
    }

    /// Takes a new connection in; it leaves by itself when it is closed.
    ///
    /// - Returns: nil when there is no place: close it.
    func admit(_ channel: any Channel) -> ConnectionSeat? {
        let peer = PeerAddress(channel.remoteAddress)
        let counted = peer.flatMap { uncountedPeers.contains($0.text) ? nil : $0.share }
        let (seat, victim): (ConnectionSeat?, (any Channel)?) = state.withLock { state in
            state.lastID += 1
            let id = state.lastID
            guard case .admit(let place, let closing) = state.admission.opened(id, peer: counted) else {
                return (nil, nil)
            }
            state.channels[id] = channel
            open.record(state.admission.count)
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
            open.record(state.admission.count)
        }
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
