// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Exchange
import Testing

@testable import Couriers

@Suite(.timeLimit(.minutes(1))) struct NameLookupTests {
    private static let found = [IPAddress.v4(0x7F00_0001)]

    @Test func `the system's resolver finds this machine and no name below invalid`() async throws {
        let lookup = NameLookup()
        let addresses = try await lookup.addresses(of: "localhost")
        #expect(addresses.contains(.v4(0x7F00_0001)) || addresses.contains(.v6(1)))
        await #expect(throws: NameLookup.NotFound.self) { try await lookup.addresses(of: "khong-co.invalid") }
    }

    @Test func `a name that hangs keeps nobody else waiting, and is asked for once`() async throws {
        let (asked, goesOn, count) = (Event(), DispatchSemaphore(value: 0), Counter())
        let lookup = NameLookup { name in
            guard name == "hang" else { return .success(Self.found) }
            _ = count.next()
            asked.happened()
            goesOn.wait()
            return .success(Self.found)
        }
        let waits = (0..<3).map { _ in Task { try await lookup.addresses(of: "hang") } }
        await asked.wait()
        for _ in 0..<200 { #expect(try await lookup.addresses(of: "other") == Self.found) }
        waits[0].cancel()
        await #expect(throws: CancellationError.self) { try await waits[0].value }
        let late = Task { try await lookup.addresses(of: "hang") }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        goesOn.signal()
        for wait in waits.dropFirst() {
            // Those that came after the end of the first lookup made one of their own.
            goesOn.signal()
            #expect(try await wait.value == Self.found)
        }
        #expect(count.count <= 3)
    }

    @Test func `how many lookups run at once is bounded`() async throws {
        let (goesOn, begun) = (DispatchSemaphore(value: 0), Event())
        let lookup = NameLookup { _ in
            begun.happened()
            goesOn.wait()
            return .success(Self.found)
        }
        let waits = (0..<NameLookup.maxRunning).map { index in
            Task { try await lookup.addresses(of: "n\(index)") }
        }
        for _ in waits { await begun.wait() }
        await #expect(throws: NameLookup.NotFound.self) { try await lookup.addresses(of: "more") }
        for _ in waits { goesOn.signal() }
        for wait in waits { #expect(try await wait.value == Self.found) }
    }
}
