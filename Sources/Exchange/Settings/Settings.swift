// SPDX-License-Identifier: Apache-2.0

/// Everything that an operator may set, as values; a fresh one holds the defaults.
///
/// What each means, its range and its unit stand in `Settings.catalogue`, which alone reads and shows them. Never a
/// secret: where one is needed, the setting names the file that holds it.
public struct Settings: Sendable, Equatable {
    public var dataDirectory = "./truc-data"
    /// Empty: `TRUC_DATABASE_URL`, else the private PostgreSQL.
    public var databaseURLFile = ""
    public var contentBackend = ContentBackend.segments
    /// Empty: `keyring` in the data directory.
    public var keyFile = ""
    public var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// Empty, as the key's: no TLS.
    public var tlsCertificateFile = ""
    public var tlsKeyFile = ""
    /// Empty: client certificates are not asked for.
    public var tlsClientCAFile = ""
    public var tlsWarnDays = 30
    public var tlsHandshakeSeconds = 10
    public var allowPlainHTTPBeyondLoopback = false
    public var hubID = "00.00.W00"
    public var hubName = "Trục liên thông văn bản"
    public var logLevel = LogLevel.info
    public var shutdownSeconds = 20
    public var databaseConnections = 8
    public var packageMaxBytes = 256 << 20
    public var httpConnections = 1_024
    public var httpPeerConnections = 256
    /// Addresses with commas between them.
    public var httpProxies = "127.0.0.1,::1"
    public var httpIdleSeconds = 75
    public var httpPaceSeconds = 30
    public var httpPaceBytes = 4_096
    public var httpWriteStallSeconds = 30
    /// 0: any age.
    public var timestampPastSeconds = 0
    public var timestampFutureSeconds = SystemRecord.defaultTimestampFutureSeconds
    public var deliveryMaxFailures = 5
    public var systemConcurrent = 64
    public var systemRate = 200
    public var intakeConcurrent = 128
    public var diskReserveBytes = 512 << 20
    /// Addresses with commas between them.
    public var metricsReaders = "127.0.0.1,::1"
    public var metricsIntervalSeconds = 15
    public var clockMaxDriftSeconds = 5
    public var pushConcurrent = 64
    /// Network prefixes with commas between them.
    public var pushNetworks = ""
    public var pushPlainHTTP = false
    /// Empty: the operating system's roots.
    public var pushCAFile = ""
    /// Empty, as the key's: no certificate is shown to endpoints.
    public var pushCertificateFile = ""
    public var pushKeyFile = ""

    public init() {}

    /// Least weight of what is logged, in the words of swift-log.
    public enum LogLevel: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error
    }
}
