// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Every bound that the HTTP edge keeps, so that no client holds more of the hub than its share.
public struct HTTPEdgeLimits: Sendable {
    /// Largest request body. More is refused: at once when it is declared, else when it has come.
    public var bodyBytes = 256 << 20
    /// Connections at one time. For a further one the longest idle is closed; when none is idle, only
    /// `reservedConnections` more are taken.
    public var connections = 1024
    /// Connections of one peer address (an IPv6 /64) at one time. For a further one its longest idle is closed, and when
    /// none is idle the new one.
    public var connectionsPerPeer = 256
    /// Addresses whose connections are not counted by `connectionsPerPeer`: proxies, behind which everybody comes from one
    /// address. A proxy for TLS mostly runs on the same machine.
    public var uncountedPeers: Set<String> = ["127.0.0.1", "::1"]
    /// How long a connection may stay without a request, or with an unfinished request head.
    public var idleTime: Duration = .seconds(75)
    /// Length of the window in which a client must deliver `paceBytes` of a body. Only the time counts in which the hub
    /// waits for the client: a slow hub is never the client's fault.
    public var paceWindow: Duration = .seconds(30)
    /// Least progress of a body in a window. The slowest lines that still deliver a package in a day are far above it.
    public var paceBytes = 4096
    /// How long a client may take less than `writePaceBytes` of an answer that waits to be written; also how often that
    /// is looked at.
    public var writeStallTime: Duration = .seconds(30)
    /// Least that a client takes in `writeStallTime` of an answer that waits for it: one that takes a byte now and then
    /// must not hold its connection and its place for ever.
    public var writePaceBytes = 4096
    /// After an answer that comes before the end of its request: how much of the rest is read and thrown away so that
    /// the client gets to read the answer: a connection closed over unread bytes is reset, the answer lost with it.
    public var drainBytes = 32 << 20
    /// After such an answer: how long the rest is read before closing. Also how long a closing connection may take for
    /// the last bytes of an answer (those that no longer count as waiting: some tens of kilobytes).
    public var drainTime: Duration = .seconds(10)
    /// A declared rest of a body up to this size is read to its end instead, and the connection lives on.
    public var keepAliveRestBytes = 64 << 10

    /// Connections beyond `connections` for `reservedPaths` alone, so that who watches the hub sees it while all others
    /// are at work; each for one request.
    public static let reservedConnections = 32
    /// Paths, without query, that are served on them.
    public static let reservedPaths: Set<String> = ["/healthz", "/readyz", "/metrics"]
    /// Largest head of a request: one field, and all together; in bytes. The parser's own hard limit is the same.
    public static let headBytes = 80 << 10
    /// Most header fields of a request.
    public static let headFields = 256

    public init() {}

    /// Those that an operator may set; the others as they are.
    public init(_ settings: Settings) {
        connections = settings.httpConnections
        connectionsPerPeer = settings.httpPeerConnections
        uncountedPeers = Settings.peers(settings.httpProxies)
        idleTime = .seconds(settings.httpIdleSeconds)
        paceWindow = .seconds(settings.httpPaceSeconds)
        paceBytes = settings.httpPaceBytes
        writeStallTime = .seconds(settings.httpWriteStallSeconds)
    }
}
