// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Store

extension ClusterTests {
    @Suite(.timeLimit(.minutes(2))) struct DirectoryLockTests {
        @Test func oneHolderOrManySharers() throws {
            let path = try TestCluster.temporaryDirectory() + "/lock"
            #expect(DirectoryLock.holder(path) == nil)
            var first = try DirectoryLock.take(path, .exclusive)
            first?.sign("serve")
            #expect(DirectoryLock.holder(path)?.role == "serve")
            #expect(try available(path) == [])
            first = nil
            #expect(try becomeAvailable(path, [.exclusive, .shared]))
            first = try DirectoryLock.take(path, .shared)
            #expect(try becomeAvailable(path, [.shared]))
            let isAlone = first?.makeExclusive()
            #expect(isAlone == true)
            #expect(try available(path) == [])
            first = nil
        }

        @Test func aPathThatCannotBeOpenedIsTold() throws {
            let refusal = #expect(throws: Refusal.self) { try available("/nonexistent/lock") }
            #expect(refusal?.code == .dataDirectoryUnusable)
        }

        /// Other suites start processes meanwhile (see `copyPatience`).
        private func becomeAvailable(_ path: String, _ shares: [DirectoryLock.Share]) throws -> Bool {
            let start = ContinuousClock.now
            while try available(path) != shares {
                guard ContinuousClock.now - start < DirectoryLock.copyPatience else { return false }
            }
            return true
        }

        /// What could be taken now, and is let go of at once.
        private func available(_ path: String) throws -> [DirectoryLock.Share] {
            try [.exclusive, .shared].filter { share in
                if let lock = try DirectoryLock.take(path, share) {
                    _ = consume lock
                    return true
                }
                return false
            }
        }
    }
}
