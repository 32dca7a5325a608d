// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct ConfigCommandTests {
    private struct Line: Decodable {
        let name: String
        let value: String
        let origin: String
    }

    private func write(_ text: String, _ name: String = "truc.conf", mode: Int = 0o600) throws -> (
        directory: String, path: String
    ) {
        let directory = try TestCluster.temporaryDirectory()
        let path = directory + "/" + name
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode]))
        return (directory, path)
    }

    @Test func `docs_settings_md is what the catalogue says`() async throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let kept = try String(contentsOf: root.appending(path: "docs/settings.md"), encoding: .utf8)
        let outcome = try await CommandOutcome.run(["config", "explain", "--markdown"])
        #expect(outcome.status == 0)
        #expect(outcome.output == kept, "write it anew: truc config explain --markdown > docs/settings.md")
    }

    @Test func `explain tells every setting, its value and where that came from`() async throws {
        let (directory, path) = try write("http-idle-seconds = 10\nlog-level = debug\nshutdown-seconds = 5\n")
        let outcome = try await CommandOutcome.run(
            ["config", "explain", "--json", "--data-dir", directory, "--set", "log-level=error"],
            environment: ["TRUC_HTTP_IDLE_SECONDS": "20"])
        let lines = try JSONDecoder().decode([Line].self, from: Data(outcome.output.utf8))
        #expect(lines.map(\.name) == Settings.catalogue.map(\.name))
        func told(_ name: String) -> String? {
            lines.first { $0.name == name }.map { "\($0.value) \($0.origin)" }
        }
        #expect(told("http-idle-seconds") == "20 environment")
        #expect(told("log-level") == "error flag")
        #expect(told("shutdown-seconds") == "5 file")
        #expect(told("data-dir") == "\(directory) flag")
        #expect(told("listen") == "127.0.0.1:8080 default")
        let one = try await CommandOutcome.run(["config", "explain", "shutdown-seconds", "--config", path])
        #expect(one.output.contains("shutdown-seconds = 5   (file)") && one.output.contains("1 to 600 s; default 20"))
        let none = try await CommandOutcome.run(["config", "explain", "shutdown-second"])
        #expect(none.status == 2 && none.errors.contains("did you mean shutdown-seconds?"))
    }

    @Test func `check finds everything and starts nothing`() async throws {
        let (directory, path) = try write("listn = 127.0.0.1:1\nhttp-idle-seconds = 0\n")
        let bad = try await CommandOutcome.run(["config", "check", path])
        #expect(bad.status == 2 && bad.output.isEmpty)
        #expect(bad.errors.contains("did you mean listen? [setup.setting-unknown]"))
        #expect(bad.errors.contains("not a number of s from 1 to 3600 [setup.setting-invalid]"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["truc.conf"])
        let (_, good) = try write("listen = 127.0.0.1:0\n", "a.conf")
        #expect(try await CommandOutcome.run(["config", "check", good]).status == 0)
        #expect(try await CommandOutcome.run(["config", "check", good + "x"]).errors.contains("[file.unreadable]"))
        let (_, hub) = try write("hub-id = nothing of the kind\n", "b.conf")
        #expect(try await CommandOutcome.run(["config", "check", hub]).errors.contains("hub-id"))
    }

    @Test func `a mistake stops a start before anything is made`() async throws {
        for (text, code) in [("listn = x", "unknown"), ("listen = x", "invalid"), ("data-dir = /x", "invalid")] {
            let (directory, _) = try write(text)
            let outcome = try await CommandOutcome.run(["serve", "--data-dir", directory])
            #expect(outcome.status == 2 && outcome.errors.contains("[setup.setting-\(code)]"), "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["truc.conf"])
        }
        let variable = try await CommandOutcome.run(["serve"], environment: ["TRUC_LISTN": "x"])
        #expect(variable.status == 2 && variable.errors.contains("did you mean TRUC_LISTEN?"))
    }

    @Test func `a database URL that nobody can read is wrong usage, and is not quoted`() async throws {
        let environment = ["TRUC_DATABASE_URL": "postgres//truc:geheim@db/truc"]
        for command in [["serve"], ["agency", "list"], ["config", "check"]] {
            let outcome = try await CommandOutcome.run(command, environment: environment)
            #expect(outcome.status == 2 && outcome.errors.contains("[setup.setting-invalid]"))
            #expect(outcome.errors.contains("TRUC_DATABASE_URL") && !outcome.errors.contains("geheim"))
        }
    }

    @Test func `a database URL comes from a file that nobody else reads`() async throws {
        let away = try TestCluster.temporaryDirectory()
        let (_, closed) = try write("postgresql:///truc?host=\(away)\n", "url")
        let told = try await CommandOutcome.run(
            ["agency", "list"], environment: ["TRUC_DATABASE_URL_FILE": closed])
        #expect(told.status == 3 && told.errors.contains("[hub.database-unavailable]"))
        let (_, open) = try write("postgresql:///truc?host=\(away)\n", "url", mode: 0o644)
        let refused = try await CommandOutcome.run(["agency", "list"], environment: ["TRUC_DATABASE_URL_FILE": open])
        #expect(refused.status == 2 && refused.errors.contains("may be read by others"))
    }
}
