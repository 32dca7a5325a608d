// SPDX-License-Identifier: Apache-2.0
import CTimex
import Exchange
import Store

/// The clocks of the machine, so that a test can bring others.
public protocol ClockSource: Sendable {
    func now() -> Instant
    /// Whether something keeps the clock right; nil where the kernel does not tell.
    func isSynchronised() -> Bool?
}

public struct SystemClocks: ClockSource {
    public init() {}

    public func now() -> Instant { .now() }

    public func isSynchronised() -> Bool? {
        // No mode is set: it reads and needs no right.
        var facts = timex()
        let state = adjtimex(&facts)
        guard state >= 0 else { return nil }
        return state != TIME_ERROR && facts.status & STA_UNSYNC == 0
    }
}

/// What is wrong with the time. Legal instants are told by these clocks (NĐ 30), so somebody must know.
enum ClockProblem: Equatable, CustomStringConvertible {
    /// Nothing keeps the system clock right. A warning: it may be right all the same.
    case notSynchronised
    /// Ours and the database's differ by more than is allowed, so one of them is certainly wrong.
    case drift(Duration)

    /// - Parameter maxDrift: between the clocks of this machine and of the database's.
    static func all(isSynchronised: Bool?, database: ClockOffset, maxDrift: Duration) -> [ClockProblem] {
        var problems: [ClockProblem] = []
        if isSynchronised == false { problems.append(.notSynchronised) }
        let distance = max(database.offset, .zero - database.offset)
        if distance - database.uncertainty > maxDrift { problems.append(.drift(database.offset)) }
        return problems
    }

    var description: String {
        switch self {
        case .notSynchronised: return "the system clock is not synchronised"
        case .drift(let offset):
            let milliseconds = Int64(offset / .milliseconds(1))
            return "the clock of the database is \(milliseconds.magnitude) ms "
                + (milliseconds < 0 ? "behind" : "ahead of") + " the hub's"
        }
    }
}
