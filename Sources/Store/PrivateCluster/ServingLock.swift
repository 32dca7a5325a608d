// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// The lock of a data directory, held by a daemon whose database is elsewhere; with a private one `PrivateCluster` holds
/// it. Two daemons in one directory would answer for the same files without knowing of each other.
///
/// The kernel lets go of it when the process ends, however it ends.
public final class ServingLock: Sendable {
    /// Pause between looks at a lock that a dying process may still hold: the kernel tells nobody when it lets go.
    private static let pollMicroseconds: UInt32 = 20_000

    private let lock: DirectoryLock

    private init(_ lock: consuming DirectoryLock) { self.lock = lock }

    /// The file on which whoever serves from a directory holds its lock, with a private database and without.
    public static func path(in dataDirectory: String) -> String { "\(dataDirectory)/\(ClusterLayout.lockName)" }

    /// - Parameter dataDirectory: must exist.
    /// - Throws: `Refusal(.alreadyRunning)` with the process that holds it; `.dataDirectoryUnusable`.
    public static func take(dataDirectory: String) async throws -> ServingLock {
        let path = path(in: dataDirectory)
        return try await DedicatedThread(name: "serving-lock", capacity: 1).run {
            let deadline = ContinuousClock.now + DirectoryLock.copyPatience
            while true {
                if let lock = try DirectoryLock.take(path, .exclusive) {
                    lock.sign("serve")
                    return ServingLock(lock)
                }
                guard ContinuousClock.now < deadline else {
                    let holder = DirectoryLock.holder(path).map { "process \($0.pid) holds \(dataDirectory)" }
                    throw Refusal(.alreadyRunning, holder)
                }
                usleep(pollMicroseconds)
            }
        }
    }
}
