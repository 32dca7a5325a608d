// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import truc

@Suite(.timeLimit(.minutes(5))) struct CommandLineTests {
    @Test(
        arguments: [
            (["serve", "--no-such-option"], 64), (["system", "add", "a", "--name", "A"], 64), (["nonsense"], 64),
            (["serve", "--help"], 0), ([], 0),
        ] as [([String], Int32)])
    func `wrong usage has a status of its own`(arguments: [String], status: Int32) async throws {
        let outcome = try await CommandOutcome.run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.isEmpty == (status == 0))
        #expect(outcome.output.isEmpty == (status != 0))
    }

    @Test func `a database that is away is told as something that passes`() async throws {
        let directory = try TestCluster.temporaryDirectory()
        let outcome = try await CommandOutcome.run(
            ["agency", "list"], environment: ["TRUC_DATABASE_URL": "postgresql:///truc?host=\(directory)"])
        #expect(outcome.status == 3)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("[hub.database-unavailable]"))
        #expect(outcome.errors.contains("→ Try again in a few minutes."))
    }

    @Test func `a second hub on a data directory is the operator's to mend`() async throws {
        let hub = try await HubProcess.start()
        let second = try await hub.command("serve", "--listen", "127.0.0.1:0")
        #expect(second.status == 2)
        #expect(second.errors.contains("[setup.already-running]"))
        #expect(second.errors.contains("process \(hub.pid)"))
        #expect(try await hub.stop() == 0)
    }

    @Test func `help names every command and teaches a first run`() async throws {
        let help = try await CommandOutcome.run(["--help"]).output
        for command in [
            "serve", "demo", "system", "agency", "package", "delivery", "trace", "calendar", "config", "bench",
            "refusals",
        ] {
            #expect(help.contains("\n  \(command) "), "\(command)")
        }
        #expect(help.contains("truc serve --data-dir"))
        #expect(help.contains("Exit status: 0 done, 1 refused"))
        for words in [["system", "add"], ["agency", "add"], ["package", "check"], ["trace"], ["demo"]] {
            let help = try await CommandOutcome.run(words + ["--help"])
            #expect(help.status == 0)
            // An example that begins with the command itself.
            #expect(help.output.contains("truc \(words.joined(separator: " ")) "), "\(words)")
        }
    }
}
