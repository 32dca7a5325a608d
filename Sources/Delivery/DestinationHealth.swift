// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How one endpoint does, and how much may be on its way to it at once: pure, one for each endpoint on each node.
///
/// The window grows by one with each window of successes and halves with a failure (as TCP's and Postfix's do). After
/// `maxCohorts` windows that failed entirely the endpoint is suspended: nothing is carried there but one probe now and then,
/// so that a dead endpoint costs neither others nor its own deliveries' attempts.
public struct DestinationHealth: Equatable, Sendable {
    /// Deliveries on their way at once at the beginning, and at most.
    public static let initialWindow = 4
    public static let maxWindow = 32
    /// Windows in a row without a success until it is suspended.
    public static let maxCohorts = 3
    /// Refusals in a row until nothing more goes there: whoever refuses everything – another path, another secret – must not
    /// be fed a whole backlog, which would be refused for ever.
    public static let maxRefusals = 8
    /// Until the first probe; each failed probe doubles it.
    public static let firstProbe = Duration.seconds(5)
    public static let longestProbe = Duration.seconds(300)

    public enum State: Equatable, Sendable {
        case open
        /// Nothing goes there before `until`, then one probe.
        case suspended(until: Instant)
        /// Nothing goes there until the operator says so.
        case closed
    }

    public private(set) var state = State.open
    /// Most deliveries on their way at once, while it is open.
    public private(set) var window = initialWindow
    public private(set) var inFlight = 0
    /// Successes since the window last grew.
    private var successes = 0
    /// Failures in a row since the last success, as a part of a window each.
    private var failures = 0
    private var failedCohorts = 0
    /// Since the last that entered.
    private var refusals = 0
    private var probeDelay = firstProbe
    /// Whether the last that came back went well.
    public private(set) var isProven = false

    public init() {}

    /// What a change means for others.
    public enum Change: Equatable, Sendable {
        case suspended(until: Instant)
        case closed
        /// It has refused `maxRefusals` in a row: closed until the operator has looked.
        case refusing
        case resumed
    }

    /// How many more may be carried there now.
    public func room(at now: Instant) -> Int {
        switch state {
        case .open: max(window - inFlight, 0)
        case .suspended(let until): now >= until && inFlight == 0 ? 1 : 0
        case .closed: 0
        }
    }

    /// The next instant at which `room` may have grown by itself.
    public var wakes: Instant? {
        if case .suspended(let until) = state, inFlight == 0 { until } else { nil }
    }

    /// Some are on their way.
    public mutating func started(_ count: Int) { inFlight += count }

    /// Some came back without a result: what was claimed was not carried.
    public mutating func abandoned(_ count: Int) { inFlight = max(inFlight - count, 0) }

    /// One has come back.
    ///
    /// - Returns: what others must know of it.
    public mutating func finished(_ outcome: AttemptOutcome, at now: Instant) -> Change? {
        inFlight = max(inFlight - 1, 0)
        switch outcome {
        case .entered:
            refusals = 0
            return succeeded(growing: true)
        // A refusal is an answer: the endpoint is well, only this delivery is not wanted.
        case .refused:
            refusals += 1
            guard refusals >= Self.maxRefusals else { return succeeded(growing: false) }
            return close().map { _ in .refusing }
        case .gone: return close()
        case .failed(let failure):
            guard failure.isOfEndpoint else { return nil }
            isProven = false
            return failed(failure.retryAfter, at: now)
        }
    }

    /// The operator has looked: carry on, carefully.
    public mutating func resume() {
        guard state != .open else { return }
        open()
    }

    /// Nothing goes there until `resume`.
    ///
    /// - Returns: nil when it was so already.
    public mutating func close() -> Change? {
        guard state != .closed else { return nil }
        state = .closed
        return .closed
    }

    private mutating func open() {
        state = .open
        window = 1
        (successes, failures, failedCohorts, refusals) = (0, 0, 0, 0)
        probeDelay = Self.firstProbe
    }

    private mutating func succeeded(growing: Bool) -> Change? {
        isProven = true
        switch state {
        case .closed: return nil
        case .suspended:
            open()
            return .resumed
        case .open:
            (failures, failedCohorts) = (0, 0)
            guard growing else { return nil }
            successes += 1
            if successes >= window, window < Self.maxWindow {
                window += 1
                successes = 0
            }
            return nil
        }
    }

    private mutating func failed(_ retryAfter: Duration?, at now: Instant) -> Change? {
        switch state {
        case .closed: return nil
        case .suspended(let until):
            // Those that were under way when it was suspended say nothing new; a probe that failed does.
            guard now >= until else { return nil }
            probeDelay = min(probeDelay * 2, Self.longestProbe)
            return suspend(retryAfter, at: now)
        case .open:
            successes = 0
            failures += 1
            guard failures >= window else { return nil }
            failures = 0
            failedCohorts += 1
            window = max(window / 2, 1)
            guard failedCohorts >= Self.maxCohorts else { return nil }
            return suspend(retryAfter, at: now)
        }
    }

    private mutating func suspend(_ retryAfter: Duration?, at now: Instant) -> Change {
        let until = now.advanced(by: max(probeDelay, min(retryAfter ?? .zero, Self.longestProbe)))
        state = .suspended(until: until)
        return .suspended(until: until)
    }
}
