// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Named places where a crash would hurt most. Tests kill the process there.
///
/// `TRUC_FAULT_POINT=accept.after-content-sync` makes the process that passes that place kill itself with SIGKILL,
/// with an optional count: `name:3` dies at the third pass. Only in a debug build, and in one that was made with
/// `-Xswiftc -DTRUC_FAULT_POINTS`; in any other there is no code that could, and the variable is an unknown setting,
/// which stops the start.
public enum FaultPoint: String, CaseIterable, Sendable {
    case acceptBeforeContent = "accept.before-content"
    case acceptAfterContentSync = "accept.after-content-sync"
    case acceptBeforeCommit = "accept.before-commit"
    case acceptAfterCommit = "accept.after-commit"
    case acceptBeforeAnswer = "accept.before-answer"
    case fetchDuringContent = "fetch.during-content"
    case confirmBeforeCommit = "confirm.before-commit"
    case confirmAfterCommit = "confirm.after-commit"
    case claimAfterCommit = "claim.after-commit"
    case pushAfterAnswer = "push.after-answer"
    case finishBeforeCommit = "finish.before-commit"

    /// The environment's variables that this build looks into: one, or none.
    public static var variables: [String] {
        #if DEBUG || TRUC_FAULT_POINTS
            [variable]
        #else
            []
        #endif
    }

    /// Marks that the process has come to this place.
    @inline(__always)
    public func pass() {
        #if DEBUG || TRUC_FAULT_POINTS
            if let armed = Self.armed, armed.point == self { armed.count() }
        #endif
    }
}

#if DEBUG || TRUC_FAULT_POINTS
    extension FaultPoint {
        private static let variable = "TRUC_FAULT_POINT"

        private static let armed: Armed? = {
            guard let setting = ProcessInfo.processInfo.environment[variable] else { return nil }
            let parts = setting.split(separator: ":", maxSplits: 1)
            guard let name = parts.first, let point = FaultPoint(rawValue: String(name)) else { return nil }
            return Armed(point: point, passes: parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
        }()

        /// `@unchecked`: `remaining` is read and written only while `lock` is held; nothing else is mutable.
        private final class Armed: @unchecked Sendable {
            let point: FaultPoint
            private let lock = NSLock()
            private var remaining: Int

            init(point: FaultPoint, passes: Int) {
                self.point = point
                remaining = passes
            }

            func count() {
                lock.withLock {
                    remaining -= 1
                    if remaining == 0 { kill(getpid(), SIGKILL) }
                }
            }
        }
    }
#endif
