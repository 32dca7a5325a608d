// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Store
import Synchronization

/// Sees whether the lock file of the data directory is still the one that this daemon holds. Where somebody has removed it, the
/// lock keeps nobody else out any more.
final class LockWatch: Sendable {
    /// What makes a file the same, whatever it is called.
    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    private let path: String
    private let held: Identity?
    private let logger: Logger
    private let isTold = Mutex(false)

    /// - Parameter dataDirectory: whose lock this process has just taken.
    init(dataDirectory: String, logger: Logger) {
        path = ServingLock.path(in: dataDirectory)
        held = Self.identity(path)
        self.logger = logger
    }

    /// For `/readyz`; nil while all is well. Logs it when it is new.
    func problem() -> String? {
        guard let held, Self.identity(path) != held else { return nil }
        let problem =
            "\(path) was removed or replaced: nothing keeps a second hub out of this directory; restart this one"
        let isNew = isTold.withLock { told in
            defer { told = true }
            return !told
        }
        if isNew { logger.error("\(problem)") }
        return problem
    }

    private static func identity(_ path: String) -> Identity? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let device = (attributes[.systemNumber] as? NSNumber)?.uint64Value,
            let inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value
        else { return nil }
        return Identity(device: device, inode: inode)
    }
}
