// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Named places where a crash would hurt most. Tests kill the process there; in service passing one costs a nil check.
///
/// `TRUC_FAULT_POINT=accept.after-content-sync` makes the process that passes that place kill itself with SIGKILL,
/// with an optional count: `name:3` dies at the third pass.
public enum FaultPoint: String, CaseIterable, Sendable {
    case acceptBeforeContent = "accept.before-content"
    case acceptAfterContentSync = "accept.after-content-sync"
    case acceptBeforeCommit = "accept.before-commit"
    case acceptAfterCommit = "accept.after-commit"
    case acceptBeforeAnswer = "accept.before-answer"
    case fetchDuringContent = "fetch.during-content"
    case confirmBeforeCommit = "confirm.before-commit"
    case confirmAfterCommit = "confirm.after-commit"

    /// Marks that the process has come to this place.
    @inline(__always)
    public func pass() {
        if let armed = Self.armed, armed.point == self { armed.count() }
    }

    private static let armed: Armed? = {
        guard let setting = ProcessInfo.processInfo.environment["TRUC_FAULT_POINT"] else { return nil }
        let parts = setting.split(separator: ":", maxSplits: 1)
        guard let name = parts.first, let point = FaultPoint(rawValue: String(name)) else { return nil }
        return Armed(point: point, passes: parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
    }()

    /// Holds the count behind its lock; nothing else is mutable.
    private final class Armed: Sendable {
        let point: FaultPoint
        private let remaining: Remaining

        init(point: FaultPoint, passes: Int) {
            self.point = point
            self.remaining = Remaining(passes)
        }

        func count() {
            if remaining.decrement() == 0 { kill(getpid(), SIGKILL) }
        }
    }

    /// `@unchecked`: `value` is read and written only while `lock` is held.
    private final class Remaining: @unchecked Sendable {
        private let lock = NSLock()
        private var value: Int
        init(_ value: Int) { self.value = value }
        func decrement() -> Int {
            lock.withLock {
                value -= 1
                return value
            }
        }
    }
}
