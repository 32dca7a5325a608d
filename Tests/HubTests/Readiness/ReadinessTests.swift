// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import TestKit
import Testing
import Trust

@testable import Hub

/// A clock that goes wrong by as much as a test wants.
struct WrongClock: ClockSource {
    var ahead: Duration = .zero
    var synchronised: Bool? = true

    func now() -> Instant { Instant.now().advanced(by: ahead) }
    func isSynchronised() -> Bool? { synchronised }
}

@Suite(.timeLimit(.minutes(2))) struct ReadinessTests {
    private func readiness(_ clock: WrongClock, maxDrift: Int = 5) async throws -> Readiness {
        let test = try await TestHub.open(isSeeded: false)
        var settings = Settings()
        settings.clockMaxDriftSeconds = maxDrift
        let outcome: Result<Readiness, any Error>
        do {
            outcome = .success(try await Hub(store: test.store, settings: settings, clocks: clock).readiness())
        } catch {
            outcome = .failure(error)
        }
        await test.close()
        return try outcome.get()
    }

    @Test func clocksThatAgreeAreNoNews() async throws {
        #expect(try await readiness(WrongClock()).warnings == [])
        #expect(try await readiness(WrongClock(synchronised: nil)).warnings == [])
    }

    @Test func aClockThatNothingKeepsRightIsToldAndTheHubIsReady() async throws {
        #expect(
            try await readiness(WrongClock(synchronised: false)).warnings == ["the system clock is not synchronised"])
    }

    @Test(arguments: [Duration.seconds(8), .seconds(-8)])
    func aClockThatIsFarFromTheDatabasesMakesTheHubUnready(ahead: Duration) async throws {
        let refusal = await #expect(throws: Refusal.self) { try await readiness(WrongClock(ahead: ahead)) }
        #expect(refusal?.code == .clockWrong)
        #expect(refusal?.detail?.contains(ahead > .zero ? "behind the hub's" : "ahead of the hub's") == true)
        // Below the bound it is fine.
        _ = try await readiness(WrongClock(ahead: ahead), maxDrift: 60)
    }

    /// What is taken then could not be read after a restart.
    @Test func aHubWhoseKeyFileIsNotWhatItWasIsNotReady() async throws {
        let test = try await TestHub.open(isSeeded: false)
        let path = test.store.database.keys.path
        func code() async -> Refusal.Code? {
            // A hub of its own each time: what one has found holds for a second.
            do throws(Refusal) {
                _ = try await Hub(store: test.store, settings: Settings()).readiness()
                return nil
            } catch { return error.code }
        }
        #expect(await code() == nil)
        let kept = try String(contentsOfFile: path, encoding: .utf8)
        try FileManager.default.removeItem(atPath: path)
        #expect(await code() == .keyRingMissing)
        try kept.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(chmod(path, 0o644) == 0)
        #expect(await code() == .keyRingUnusable)
        #expect(chmod(path, 0o600) == 0)
        #expect(await code() == nil)
        let other = WrappingKeys([WrappingKey(createdAt: .now())])
        try other.fileText.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(await code() == .keyRingMismatch)
        await test.close()
    }

    /// Just below and just above, without a database that answers when it likes.
    @Test func theBoundIsWhatTheClocksCertainlyDifferBy() {
        func problems(_ offset: Duration, _ uncertainty: Duration) -> [ClockProblem] {
            ClockProblem.all(
                isSynchronised: true, database: ClockOffset(offset, uncertainty: uncertainty), maxDrift: .seconds(5))
        }
        #expect(problems(.milliseconds(5_010), .milliseconds(10)) == [])
        #expect(problems(.milliseconds(5_011), .milliseconds(10)) == [.drift(.milliseconds(5_011))])
        #expect(problems(.milliseconds(-5_010), .milliseconds(10)) == [])
        #expect(problems(.milliseconds(-5_011), .milliseconds(10)) == [.drift(.milliseconds(-5_011))])
    }

    @Test func theKernelTells() { #expect(SystemClocks().isSynchronised() != nil) }

    @Test func theProcessIsKnownFromProc() throws {
        let stat =
            "7 (a) b) (c) S 1 7 7 0 -1 4194560 1 0 0 0 250 150 0 0 20 0 9 0 1000 4096 25 18446744073709551615 1 1"
        let facts = try #require(ProcessFacts(stat: stat, bootTime: 1_000, openFiles: 3, maxFiles: 9))
        #expect(facts.processorSeconds == 4 && facts.startSeconds == 1_010 && facts.residentBytes == 25 * 4_096)
        #expect(ProcessFacts(stat: "7 (a", bootTime: 0, openFiles: 0, maxFiles: 0) == nil)
        #expect(try #require(ProcessFacts.read()).residentBytes > 1 << 20)
    }
}
