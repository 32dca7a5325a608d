// SPDX-License-Identifier: Apache-2.0
import Exchange
import Synchronization
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(1))) struct DiskReserveTests {
    @Test func theReserveIsNotTouchedAndWhatIsComingInCounts() {
        var ledger = SpaceLedger(reserve: 100)
        // Nothing is let in before the disk was asked.
        #expect(ledger.admit(0) == false)
        ledger.ask()
        ledger.measured(150)
        #expect(ledger.admit(51) == false)
        #expect(ledger.admit(50) == true)
        #expect(ledger.admit(1) == false)
        // The disk has got it, which nobody knows yet.
        ledger.settle(50)
        #expect(ledger.admit(1) == false)
        ledger.ask()
        ledger.measured(100)
        #expect(ledger.admit(0) == true)
        #expect(ledger.admit(1) == false)
        // It did not come after all.
        ledger.ask()
        ledger.measured(150)
        #expect(ledger.admit(50) == true)
        #expect(ledger.admit(.max) == false)
    }

    /// However much it announces and however slowly it sends.
    @Test func aSystemWithPackagesOnTheirWayLeavesHalfTheRoomToTheOthers() throws {
        let (greedy, other) = (try SystemID(parsing: "greedy"), try SystemID(parsing: "other"))
        var ledger = SpaceLedger(reserve: 100)
        ledger.measured(1_100)
        #expect(ledger.admit(400, of: greedy) == true)
        #expect(ledger.admit(101, of: greedy) == false)
        #expect(ledger.admit(100, of: greedy) == true)
        #expect(ledger.admit(1, of: greedy) == false)
        // One package of a system that has nothing under way may have all that is left.
        #expect(ledger.admit(500, of: other) == true)
        #expect(ledger.admit(0, of: other) == false)
        ledger.settle(500, of: other)
        ledger.ask()
        ledger.measured(1_100)
        ledger.settle(100, of: greedy)
        ledger.settle(400, of: greedy)
        ledger.ask()
        ledger.measured(1_100)
        #expect(ledger.promised == 0)
        #expect(ledger.admit(1_000, of: greedy) == true)
    }

    @Test func whatIsSettledWhileTheDiskIsAskedCountsOnce() {
        var ledger = SpaceLedger(reserve: 0)
        ledger.measured(100)
        #expect(ledger.admit(60) == true)
        ledger.ask()
        ledger.settle(60)
        // It may have been measured before the package was there.
        ledger.measured(100)
        #expect(ledger.left == 40)
        ledger.ask()
        ledger.measured(40)
        #expect(ledger.left == 40)
    }

    @Test func theDiskIsAskedOnceInAWhileAndAPassGivesBack() async throws {
        let asked = Mutex(0)
        let free = Mutex<Int64>(1_000)
        let time = Mutex(Duration.zero)
        let disk = DiskReserve(reserve: 100, now: { time.withLock { $0 } }) {
            asked.withLock { $0 += 1 }
            return .success(free.withLock { $0 })
        }
        do {
            let passes = [try await disk.admit(500), try await disk.admit(400)]
            #expect(asked.withLock { $0 } == 1)
            let refusal = await #expect(throws: Refusal.self) { _ = try await disk.admit(1) }
            #expect(refusal?.code == .storageFull)
            withExtendedLifetime(passes) {}
        }
        time.withLock { $0 = .seconds(2) }
        _ = try await disk.admit(900)
        free.withLock { $0 = 99 }
        time.withLock { $0 = .seconds(4) }
        await #expect(throws: Refusal.self) { _ = try await disk.admit(0) }
    }

    @Test func noRefusalGoesByWhatTheDiskToldAMomentAgo() async throws {
        let asked = Mutex(0)
        let free = Mutex<Int64>(99)
        let disk = DiskReserve(reserve: 100, now: { .zero }) {
            asked.withLock { $0 += 1 }
            return .success(free.withLock { $0 })
        }
        await #expect(throws: Refusal.self) { _ = try await disk.admit(0) }
        free.withLock { $0 = 150 }
        _ = try await disk.admit(50)
        #expect(asked.withLock { $0 } == 3)
        _ = try await disk.admit(0)
        #expect(asked.withLock { $0 } == 3)
    }

    @Test func aDiskThatDoesNotTellLetsNothingIn() async {
        let disk = DiskReserve(reserve: 0, now: { .zero }) { .failure(Refusal(.storageUnavailable)) }
        let refusal = await #expect(throws: Refusal.self) { _ = try await disk.admit(0) }
        #expect(refusal?.code == .storageUnavailable)
    }
}
