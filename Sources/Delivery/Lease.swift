// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A running hub among those that share a database, from its start or from its return after it was thought dead.
public struct NodeID: Hashable, Sendable, CustomStringConvertible {
    public let uuid: UUID

    public init(uuid: UUID = UUID()) { self.uuid = uuid }

    public var description: String { uuid.uuidString.lowercased() }
}

/// Who is carrying a delivery: pure. `Store` keeps it in the row `queue` and asks under the row's lock.
///
/// A claim gives a token that is larger than every one before it; a finish counts only with the latest. So a node that was
/// stopped, taken for dead and comes back cannot finish what another has taken over since.
public struct Lease: Hashable, Sendable {
    /// Who carries it now; nil: nobody.
    public private(set) var node: NodeID?
    /// Of the latest claim; 0 before the first.
    public private(set) var token: Int64

    public init(node: NodeID? = nil, token: Int64 = 0) {
        self.node = node
        self.token = token
    }

    /// Gives it to `node`.
    ///
    /// - Returns: the token with which to finish; nil while somebody carries it.
    public mutating func claim(by node: NodeID) -> Int64? {
        guard self.node == nil else { return nil }
        self.node = node
        token += 1
        return token
    }

    /// Frees what a node carried whose heartbeat has stopped.
    public mutating func release(from dead: NodeID) {
        if node == dead { node = nil }
    }

    /// Ends a claim.
    ///
    /// What was freed and not claimed again may still be finished: nobody else carries it, and the recipient has it.
    /// - Returns: false for an old token: the finish does not count.
    public mutating func finish(_ token: Int64) -> Bool {
        guard token == self.token, token > 0 else { return false }
        node = nil
        return true
    }

    /// How long a node lives without a heartbeat. With `heartbeatInterval` and one look of another node, what a dead node
    /// carried goes on in less than 30 s (house §4.5).
    public static let nodeLifetime = Duration.seconds(15)
    /// Between two heartbeats of a node; at each it looks for dead ones.
    public static let heartbeatInterval = Duration.seconds(4)
}
