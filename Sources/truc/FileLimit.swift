// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Logging

/// The file descriptors that this process may have: a service mostly starts with 1024, which the connections alone use up.
enum FileLimit {
    /// For the database, the content, logs and whatever a library opens.
    static let besideConnections = 512

    /// Raises the process's own limit as far as the settings need and the system's hard limit allows.
    static func raise(for settings: Settings, logger: Logger) {
        let needed = rlim_t(settings.httpConnections + besideConnections)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < needed else {
            return
        }
        limit.rlim_cur = min(needed, limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < needed else { return }
        logger.warning(
            "fewer file descriptors than http-connections need: raise LimitNOFILE, or set fewer connections",
            metadata: ["allowed": "\(limit.rlim_cur)", "needed": "\(needed)"])
    }
}
