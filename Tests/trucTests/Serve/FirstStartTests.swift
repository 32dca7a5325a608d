// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import truc

/// What a first start asks at a terminal, and what it says where there is none.
@Suite(.timeLimit(.minutes(3))) struct FirstStartTests {
    @Test func `answers mean what people type, and silence is no`() {
        for text in ["", "n", "No", "k", "Không", " \t"] {
            #expect(FirstStart.Answer(text) == .networks(""), "\(text)")
        }
        for text in ["y", "YES", "c", "Có", "co\r"] {
            #expect(FirstStart.Answer(text) == .networks("10.0.0.0/8"), "\(text)")
        }
        #expect(FirstStart.Answer("10.1.0.0/16, 172.16.0.0/12") == .networks("10.1.0.0/16,172.16.0.0/12"))
        for text in ["10.x", "maybe", "10.0.0.1/8", ","] { #expect(FirstStart.Answer(text) == .unclear, "\(text)") }
    }

    @Test func `the answer is added to the file that there is, or makes one`() throws {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        func load(_ file: String? = nil) throws -> SettingsLoading {
            try SettingsLoading(configFile: file, environment: [:], flags: [("data-dir", directory)])
        }
        try FirstStart.write("10.0.0.0/8", load())
        #expect(try load().resolution.settings.pushNetworks == "10.0.0.0/8")
        #expect(try !FirstStart.isUndecided(load()))
        let other = try TestCluster.temporaryDirectory() + "/a.conf"
        try "listen = 127.0.0.1:0".write(toFile: other, atomically: true, encoding: .utf8)
        #expect(try FirstStart.isUndecided(load(other)))
        // No is an answer, too.
        try FirstStart.write("", load(other))
        let written = try load(other)
        #expect(written.problems.isEmpty && written.resolution.settings.listen.port == 0)
        #expect(!FirstStart.isUndecided(written))
        #expect(throws: Refusal.self) {
            try FirstStart.write(
                "",
                SettingsLoading(
                    configFile: nil, environment: [:], flags: [("data-dir", "/dev/null/x")]))
        }
    }

    /// Starts a hub at a terminal of its own, types the lines that come on standard input, and ends it when it listens.
    private static let typist = """
        import os, pty, select, signal, subprocess, sys, time
        master, slave = pty.openpty()
        hub = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        answers, seen, asked = sys.stdin.read().splitlines(), b"", 0
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                more = os.read(master, 4096)
            except OSError:
                break
            seen += more
            if seen.count(b"Allow 10.0.0.0/8?") > asked and asked < len(answers):
                os.write(master, answers[asked].encode() + b"\\n")
                asked += 1
            if b'"listening"' in seen:
                hub.send_signal(signal.SIGTERM)
                break
        hub.wait(60)
        print(asked, b"private networks are closed" in seen)
        """

    private func start(
        _ directory: String, typing lines: [String], further: [String] = []
    ) async throws -> String {
        let input = directory + ".typed"
        try lines.joined(separator: "\n").write(toFile: input, atomically: true, encoding: .utf8)
        return try await HubProcess.onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                ["python3", "-c", Self.typist, HubProcess.executable, "serve", "--data-dir", directory]
                + ["--listen", "127.0.0.1:0"] + further
            process.standardInput = FileHandle(forReadingAtPath: input)
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    @Test func `a first start at a terminal asks once, and never again`() async throws {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        #expect(try await start(directory, typing: ["10.x", "y"]) == "2 False")
        let text = try String(contentsOfFile: directory + "/truc.conf", encoding: .utf8)
        #expect(text.hasSuffix("\npush-networks = 10.0.0.0/8\n"))
        #expect(try await start(directory, typing: ["n"]) == "0 False")
        #expect(try String(contentsOfFile: directory + "/truc.conf", encoding: .utf8) == text)
    }

    @Test func `an answer that cannot be written keeps no hub from starting, and opens nothing`() async throws {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        // An empty file beside which nothing can be made, not by root either.
        let config = ["--config", "/proc/self/timers"]
        #expect(try await start(directory, typing: ["y"], further: config) == "1 True")
        #expect(!FileManager.default.fileExists(atPath: directory + "/truc.conf"))
    }

    /// What somebody does to the data directory of a hub that runs is told, and what was accepted stays where it is.
    @Test func `a lock that was removed and content that was moved away are told`() async throws {
        let hub = try await HubProcess.start()
        func ready() async throws -> (status: Int, text: String) {
            let answer = try await hub.get("/readyz")
            return (answer.status, String(decoding: answer.body, as: UTF8.self))
        }
        #expect(try await ready().status == 200)
        try FileManager.default.removeItem(atPath: hub.dataDirectory + "/truc.lock")
        #expect(try await ready().text.contains("truc.lock was removed"))
        try await hub.logged("truc.lock was removed")
        let (content, away) = (hub.dataDirectory + "/content", hub.dataDirectory + "/content.away")
        try FileManager.default.moveItem(atPath: content, toPath: away)
        // A finding is told again for a second.
        var answer = try await ready()
        let deadline = ContinuousClock.now + .seconds(20)
        while answer.status == 200, ContinuousClock.now < deadline { answer = try await ready() }
        #expect(answer.status == 503 && answer.text.contains("hub.storage-unavailable"), "\(answer)")
        try FileManager.default.moveItem(atPath: away, toPath: content)
        while answer.status != 200, ContinuousClock.now < deadline { answer = try await ready() }
        #expect(answer.status == 200)
        #expect(try await hub.stop() == 0)
    }

    @Test func `without a terminal the log and config check say that private networks are closed`() async throws {
        let hub = try await HubProcess.start()
        #expect(hub.logText.contains("push-networks = 10.0.0.0/8"))
        #expect(try await hub.stop() == 0)
        let check = try await CommandOutcome.run(["config", "check", "--data-dir", hub.dataDirectory])
        #expect(check.status == 0 && check.errors.contains("private networks are closed"))
        for networks in ["10.0.0.0/8", ""] {
            let decided = try await CommandOutcome.run(
                ["config", "check", "--data-dir", hub.dataDirectory, "--set", "push-networks=\(networks)"])
            #expect(decided.status == 0 && decided.errors.isEmpty, "\(decided)")
        }
        let broken = try await CommandOutcome.run(
            ["config", "check", "--data-dir", hub.dataDirectory, "--set", "push-ca-file=/khong/co"])
        #expect(broken.status == 2 && broken.errors.contains("[setup.tls-unusable]"))
    }
}
