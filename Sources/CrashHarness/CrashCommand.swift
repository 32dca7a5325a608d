// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// Kills a real hub and its PostgreSQL again and again while systems send and receive, and proves by a ledger that
/// nothing acknowledged was lost, doubled or changed. Never part of a hub: a program beside it, for `make crash`.
@main
struct CrashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "CrashHarness", abstract: "Kill a hub under load and prove that nothing is lost.",
        discussion: "Needs the command truc beside it. How it works and what it found: docs/crash.md.")

    static let maxCycles = 100_000

    @Option(help: "How often to load, hurt, revive and prove.") var cycles = 200
    @Option(help: "Decides all actions and faults; random when not given.") var seed: UInt64?

    func validate() throws {
        guard (1...Self.maxCycles).contains(cycles) else { throw ValidationError("--cycles: 1 to \(Self.maxCycles)") }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let place = try Place.make()
        let violations = try await CrashRun.run(
            seed: seed ?? UInt64.random(in: 0...999_999), cycles: cycles, place: place)
        guard violations.isEmpty else { throw ExitCode.failure }
        place.remove()
    }
}

/// Prints a line at once, also into a file.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
