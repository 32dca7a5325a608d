// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

extension ClusterTests {
    @Suite(.timeLimit(.minutes(2))) struct ClusterLayoutTests {
        @Test func tellsHowLongThePathMayBe() throws {
            let base = try TestCluster.temporaryDirectory()
            let longest = base + "/" + String(repeating: "d", count: 107 - 25 - base.utf8.count - 1)
            let layout = try ClusterLayout(dataDirectory: longest)
            #expect(layout.socket.utf8.count == ClusterLayout.maxSocketPathBytes)
            let refusal = #expect(throws: Refusal.self) { try ClusterLayout(dataDirectory: longest + "d") }
            #expect(refusal?.code == .dataDirectoryUnusable)
            #expect(
                refusal?.detail
                    == "the path of the database's socket would have 108 bytes where the system allows 107: the data "
                    + "directory's path may have 82 bytes, not 83")
        }

        @Test func aServerRunsUnderTheLongestPathAndAnAwkwardOne() async throws {
            let base = try TestCluster.temporaryDirectory()
            let longest = base + "/" + String(repeating: "d", count: 107 - 25 - base.utf8.count - 1)
            for directory in [longest, base + #"/Sở "Nội vụ" 'x' \y"#] {
                let cluster = try await PrivateCluster.open(dataDirectory: directory, mode: .serve, logger: quietLogger)
                let answer = try await onConnection(to: cluster.connectionString) { try $0.query("SELECT 1").count }
                #expect(answer == 1)
                await cluster.stop()
            }
        }

        @Test func refusesPathsThatCannotWork() throws {
            let base = try TestCluster.temporaryDirectory()
            try Data().write(to: URL(fileURLWithPath: base + "/file"))
            for path in ["", "a\0b", base + "/a,b", base + "/a\nb", base + "/file", base + "/file/below"] {
                let refusal = #expect(throws: Refusal.self) { try ClusterLayout(dataDirectory: path) }
                #expect(refusal?.code == .dataDirectoryUnusable)
            }
        }

        @Test(.enabled(if: geteuid() == 0)) func namesTheDirectoryThatBarsTheWay() async throws {
            let base = try TestCluster.temporaryDirectory()
            try FileManager.default.createDirectory(
                atPath: base + "/barred", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            let refusal = await #expect(throws: Refusal.self) {
                try await PrivateCluster.open(dataDirectory: base + "/barred/data", mode: .serve, logger: quietLogger)
            }
            #expect(refusal?.code == .dataDirectoryUnusable)
            #expect(refusal?.detail?.contains("may not pass through \(base)/barred;") == true)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct ServerProgramTests {
    /// A directory that looks like Debian's with these versions installed.
    private func installed(_ versions: [String]) throws -> String {
        let directory = try TestCluster.temporaryDirectory()
        for version in versions {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(version)/bin", withIntermediateDirectories: true)
            for name in ["postgres", "initdb"] {
                let path = "\(directory)/\(version)/bin/\(name)"
                try Data().write(to: URL(fileURLWithPath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            }
        }
        return directory
    }

    @Test func takesTheHighestVersionForANewCluster() throws {
        let directory = try installed(["9", "15", "16", "none"])
        try FileManager.default.createDirectory(atPath: directory + "/17/bin", withIntermediateDirectories: true)
        let program = try ServerProgram.find(version: nil, environment: [:], searchDirectory: directory)
        #expect(program.directory == directory + "/16/bin")
    }

    @Test func takesTheVersionThatMadeTheCluster() throws {
        let directory = try installed(["15", "16"])
        let program = try ServerProgram.find(version: "15", environment: [:], searchDirectory: directory)
        #expect(program.directory == directory + "/15/bin")
        let refusal = #expect(throws: Refusal.self) {
            try ServerProgram.find(version: "14", environment: [:], searchDirectory: directory)
        }
        #expect(refusal?.code == .postgresNotFound)
        #expect(refusal?.detail?.contains("PostgreSQL 14") == true)
    }

    @Test func theEnvironmentWins() throws {
        let directory = try installed(["15"])
        let chosen = try ServerProgram.find(
            version: nil, environment: ["TRUC_POSTGRES_BIN": directory + "/15/bin"], searchDirectory: "/nonexistent")
        #expect(chosen.initdb == directory + "/15/bin/initdb")
        for (environment, search) in [(["TRUC_POSTGRES_BIN": "/nonexistent"], directory), ([:], "/nonexistent")] {
            let refusal = #expect(throws: Refusal.self) {
                try ServerProgram.find(version: nil, environment: environment, searchDirectory: search)
            }
            #expect(refusal?.code == .postgresNotFound)
        }
    }
}
