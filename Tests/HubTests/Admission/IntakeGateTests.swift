// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import Hub

@Suite struct IntakeGateTests {
    private func system(_ name: String) throws -> SystemID { try SystemID(parsing: name) }

    @Test func soManyPackagesComeInAtATimeAndNotOneMore() throws {
        let gate = IntakeGate(limit: 2)
        let one = try system("one")
        var passes = [try gate.admit(one), try gate.admit(one)]
        let refusal = #expect(throws: Refusal.self) { _ = try gate.admit(one) }
        #expect(refusal?.code == .overloaded && refusal?.retryAfterSeconds == 2)
        passes.removeLast()
        passes.append(try gate.admit(one))
        #expect(throws: Refusal.self) { _ = try gate.admit(one) }
        withExtendedLifetime(passes) {}
    }

    /// However slowly theirs come in.
    @Test func systemsWithManyPackagesLeaveRoomForTheOthers() throws {
        let limit = 32
        let gate = IntakeGate(limit: limit)
        var passes: [AdmissionPass] = []
        // Two fill all that anybody may have, and no more.
        for number in 0..<(limit - limit / IntakeGate.keptShare) {
            passes.append(try gate.admit(try system(number % 2 == 0 ? "one" : "two")))
        }
        for name in ["one", "two"] { #expect(throws: Refusal.self) { _ = try gate.admit(try system(name)) } }
        // Two others have few, each up to the bound.
        for name in ["three", "four"] {
            for _ in 0..<IntakeGate.fewPlaces { passes.append(try gate.admit(try system(name))) }
        }
        for name in ["one", "three", "five"] { #expect(throws: Refusal.self) { _ = try gate.admit(try system(name)) } }
        // A place that was given back is again for those with few alone.
        passes.removeLast()
        #expect(throws: Refusal.self) { _ = try gate.admit(try system("three")) }
        passes.append(try gate.admit(try system("five")))
        withExtendedLifetime(passes) {}
    }
}
