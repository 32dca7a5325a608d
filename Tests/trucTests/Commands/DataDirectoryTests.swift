// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// Which data directory goes with which database, and with which daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DataDirectoryTests {
    /// A start that must fail: told by code, sentence and remedy, in both languages.
    private func refused(_ code: Refusal.Code, dataDirectory: String, databaseURL: String? = nil) async throws -> String
    {
        let outcome = try await CommandOutcome.run(
            ["serve", "--data-dir", dataDirectory, "--listen", "127.0.0.1:0"],
            environment: databaseURL.map { ["TRUC_DATABASE_URL": $0] } ?? [:])
        #expect(outcome.status == 2, "\(outcome.errors)")
        let entry = code.entry
        for part in [
            "[\(code.rawValue)]", entry.vietnamese, entry.english, entry.remedyVietnamese, entry.remedyEnglish,
        ] {
            #expect(outcome.errors.contains(part), "\(outcome.errors)")
        }
        return outcome.errors
    }

    private func names(in directory: String) -> [String] {
        (try? FileManager.default.subpathsOfDirectory(atPath: directory))?.sorted() ?? []
    }

    @Test func `a directory of another database, and an empty one where there are packages`() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(databaseURL: database)
        let package = try Sample.document("11")
        let from = try Sample.agency(Province.construction)
        #expect(try await province.client(Province.construction).send(package, from: from).status == 200)
        #expect(try await province.hub.stop() == 0)
        let directory = province.hub.dataDirectory

        let other = try await TestCluster.shared().freshDatabase()
        let before = names(in: directory)
        let mismatch = try await refused(.storeMismatch, dataDirectory: directory, databaseURL: other)
        #expect(mismatch.contains("\(directory)/content"))
        #expect(names(in: directory) == before)

        let elsewhere = try await HubProcess.start(databaseURL: other)
        #expect(try await elsewhere.stop() == 0)
        _ = try await refused(.storeMismatch, dataDirectory: elsewhere.dataDirectory, databaseURL: database)
        _ = try await refused(.storeMismatch, dataDirectory: directory, databaseURL: other)

        let empty = try TestCluster.temporaryDirectory() + "/d"
        try FileManager.default.createDirectory(atPath: empty + "/content", withIntermediateDirectories: true)
        _ = try await refused(.storeMissing, dataDirectory: empty, databaseURL: database)
        #expect(names(in: empty + "/content") == [])

        let revived = try await province.restarted()
        let receiver = try revived.client(Province.justice)
        #expect(try await receiver.fetch(try #require(try await receiver.received().first).docId) == package)
        #expect(try await revived.hub.stop() == 0)
    }

    /// A volume that was not mounted, beside a database of the hub's own.
    @Test func `a private database without its content`() async throws {
        let hub = try await HubProcess.start()
        #expect(try await hub.stop() == 0)
        let (content, away) = (hub.dataDirectory + "/content", hub.dataDirectory + "/away")
        try FileManager.default.moveItem(atPath: content, toPath: away)
        _ = try await refused(.storeMissing, dataDirectory: hub.dataDirectory)
        #expect(!FileManager.default.fileExists(atPath: content))
        try FileManager.default.moveItem(atPath: away, toPath: content)
        let revived = try await HubProcess.start(dataDirectory: hub.dataDirectory)
        #expect(try await revived.stop() == 0)
    }

    @Test func `a second daemon in the same directory, whatever its database`() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let hub = try await HubProcess.start(databaseURL: database)
        for url in [database, try await TestCluster.shared().freshDatabase()] {
            let errors = try await refused(.alreadyRunning, dataDirectory: hub.dataDirectory, databaseURL: url)
            #expect(errors.contains("process \(hub.pid) holds \(hub.dataDirectory)"), "\(errors)")
        }
        _ = try await refused(.alreadyRunning, dataDirectory: hub.dataDirectory)
        // Commands are no daemons.
        #expect(try await hub.command("agency", "list").status == 0)
        try await hub.kill()
        let heir = try await HubProcess.start(dataDirectory: hub.dataDirectory, databaseURL: database)
        #expect(try await heir.stop() == 0)
    }

    /// Nodes that share no disk, and nodes that share a volume: each has a directory, and reads what the other took.
    @Test(arguments: ContentBackend.allCases)
    func `two daemons on one database`(backend: ContentBackend) async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let setting = ["--set", "content-backend=\(backend)"]
        let first = try await Province.open(databaseURL: database, arguments: setting)
        let directory = try TestCluster.temporaryDirectory() + "/d"
        if backend == .segments {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/content", withDestinationPath: first.hub.dataDirectory + "/content")
        }
        let second = try await first.beside(dataDirectory: directory, arguments: setting)
        let from = try Sample.agency(Province.construction)
        let packages = try [Sample.document("21"), Sample.document("22", content: Array(repeating: 7, count: 2 << 20))]
        for (package, taking) in zip(packages, [first, second]) {
            #expect(try await taking.client(Province.construction).send(package, from: from).status == 200)
        }
        for node in [first, second] {
            let receiver = try node.client(Province.justice)
            let lines = try await receiver.received()
            #expect(lines.count == 2)
            for (line, package) in zip(lines, packages) { #expect(try await receiver.fetch(line.docId) == package) }
        }
        #expect(try await first.hub.stop() == 0)
        #expect(try await second.hub.stop() == 0)
    }
}
