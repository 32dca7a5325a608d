// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What a scanner said of a package's files, all of them.
public enum ScanVerdict: Equatable, Sendable {
    /// It has seen every byte of every file, and found nothing.
    case clean
    /// - Parameter detail: the signature's name and the place of the file, in one line.
    case found(detail: String)
    /// It will never be able to say: a file is longer than it takes, for one.
    case impossible(detail: String)
    /// It said nothing that counts: it is away, too slow, or talks nonsense. Another time it may.
    case failed(detail: String)

    /// Longest detail that is kept, in Unicode scalars: a signature's name comes from outside.
    public static let maxDetail = 300
}

/// How the scan of a package ended for good. The raw value is what the database, `--json` and the metrics say.
public enum ScanOutcome: String, CaseIterable, Sendable, Codable {
    case clean
    case found
    /// It cannot be scanned; an operator decides.
    case impossible
    /// It went on unscanned: by the policy, because the scanner was away, or by an operator's word.
    case passed
}

/// Whether the scanner answers: pure. So that what waits does not ask one that is away again and again.
public struct ScannerHealth: Equatable, Sendable {
    /// After so many failures in a row it counts as away.
    public static let maxFailures = 3
    /// Between two tries of one that is away, growing; the last for ever.
    public static let pauses: [Duration] = [
        .seconds(1), .seconds(2), .seconds(5), .seconds(10), .seconds(30), .seconds(60),
    ]

    private var failures = 0
    private var nextProbe = Instant.earliest

    public init() {}

    public var isAway: Bool { failures >= Self.maxFailures }

    /// It gave a verdict.
    public mutating func answered() { failures = 0 }

    /// It gave none.
    public mutating func failed(at now: Instant) {
        failures += 1
        guard isAway else { return }
        nextProbe = now.advanced(by: Self.pauses[min(failures - Self.maxFailures, Self.pauses.count - 1)])
    }

    /// How many packages may be given to it now.
    ///
    /// - Parameters:
    ///   - free: places that are free.
    ///   - running: scans that it has been given and that have not ended.
    public func places(_ free: Int, running: Int, at now: Instant) -> Int {
        guard isAway else { return free }
        return running == 0 && free > 0 && now >= nextProbe ? 1 : 0
    }
}

/// What becomes of a package to which the scanner has said nothing that counts: pure.
public enum ScanRetry: Equatable, Sendable {
    case again(after: Duration)
    case pass
    /// It is the package: the scanner answers others and never this one. An operator decides.
    case giveUp

    /// Where the policy lets pass what the scanner does not answer, it is asked so often.
    public static let maxTriesBeforePass = 3
    /// So often a scanner that answers others is asked of one package: it may be what the scanner falls over.
    public static let maxTries = 6
    /// Between two tries of a package, growing; the last for ever.
    public static let delays: [Duration] = [.seconds(2), .seconds(10), .seconds(60), .seconds(600)]

    /// - Parameters:
    ///   - failures: of this package, this one included; at least 1.
    ///   - isAway: whether the scanner counts as away.
    public static func decide(failures: Int, whenAway: MalwareScanRule.WhenAway, isAway: Bool) -> ScanRetry {
        if whenAway == .pass, isAway || failures >= maxTriesBeforePass { return .pass }
        if !isAway, failures >= maxTries { return .giveUp }
        return .again(after: delays[min(max(failures, 1), delays.count) - 1])
    }
}
