// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// The walk-through of docs/agencies.md, as it stands there, against the real daemon and the real program.
@Suite(.serialized, .timeLimit(.minutes(8))) struct AgencyMergerTests {
    /// The fenced blocks of the page, in order: language and lines.
    private static func blocks() throws -> [(language: String, lines: [String])] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/agencies.md")
        var blocks: [(language: String, lines: [String])] = []
        var isInside = false
        for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("```") {
                isInside.toggle()
                if isInside { blocks.append((String(line.dropFirst(3)), [])) }
            } else if isInside {
                blocks[blocks.count - 1].lines.append(String(line))
            }
        }
        return blocks
    }

    /// The words of a command line; quotes hold blanks.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        for (index, part) in line.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            if index % 2 == 1 {
                words.append(String(part))
            } else {
                words += part.split(separator: " ").map(String.init)
            }
        }
        return words
    }

    private struct Place {
        let hub: HubProcess
        let directory: String

        static func open() async throws -> Place {
            let directory = try TestCluster.temporaryDirectory()
            let hub = try await HubProcess.start()
            for system in ["qlvb.ninhbinh", "qlvb.hanam", "qlvb.namdinh"] {
                try Data("secret-of-\(system)".utf8).write(to: URL(filePath: "\(directory)/\(system)"))
                let added = try await hub.command(
                    "system", "add", system, "--name", system, "--secret-file", "\(directory)/\(system)")
                #expect(added.status == 0, "\(added.errors)")
            }
            return Place(hub: hub, directory: directory)
        }

        func client(_ name: String) throws -> SDKClient {
            SDKClient(
                port: hub.port, system: try SystemID(parsing: "qlvb.\(name)"), secret: "secret-of-qlvb.\(name)")
        }

        /// Runs a line of the page; files that it names lie in the test's directory.
        func run(_ line: String) async throws -> CommandOutcome {
            var words = AgencyMergerTests.words(line)
            #expect(words.removeFirst() == "truc")
            words = words.map { $0.hasSuffix(".csv") ? "\(directory)/\($0)" : $0 }
            return try await CommandOutcome.run(words + ["--data-dir", hub.dataDirectory])
        }
    }

    private func sent(_ client: SDKClient, _ number: String, from: String, to: [String]) async throws
        -> VXPReceivedReply
    {
        let reply = try await client.send(try Sample.document(number, from: from, to: to), from: Sample.agency(from))
            .reply
        #expect(reply.isSuccess, "\(reply.errorDescription)")
        return reply
    }

    @Test func `Hà Nam and Nam Định become Ninh Bình`() async throws {
        let place = try await Place.open()
        let blocks = try Self.blocks()
        #expect(blocks.map(\.language) == ["sh", "sh", "csv", "sh"])
        for line in blocks[0].lines {
            let outcome = try await place.run(line)
            #expect(outcome.status == 0, "\(line): \(outcome.errors)")
        }
        let ninhBinh = try place.client("ninhbinh")
        let haNam = try place.client("hanam")
        let namDinh = try place.client("namdinh")

        // Before: one that waits, one for both, one that was fetched, and one that Hà Nam sent.
        _ = try await sent(ninhBinh, "1", from: "000.00.14.H42", to: ["000.00.13.H25"])
        _ = try await sent(ninhBinh, "2", from: "000.00.14.H42", to: ["000.00.13.H40", "000.00.13.H42"])
        _ = try await sent(ninhBinh, "3", from: "000.00.14.H42", to: ["000.00.14.H40"])
        _ = try await sent(haNam, "4", from: "000.00.13.H25", to: ["000.00.14.H42"])
        let waiting = try #require(try await haNam.received().first)
        let old = try #require(try await namDinh.received().first { $0.to == "000.00.14.H40" })
        let oldBytes = try await namDinh.fetch(old.docId)
        #expect(try await namDinh.confirm(old.docId, .done).status == 200)
        let fromHaNam = try #require(try await ninhBinh.received().first { $0.from == "000.00.13.H25" })
        _ = try await ninhBinh.fetch(fromHaNam.docId)
        #expect(try await ninhBinh.confirm(fromHaNam.docId, .done).status == 200)
        #expect(try await ninhBinh.fetchStatus(old.docId) == 404)

        // Undecided: refused, with a draft that names the collisions.
        let draft = try await place.run(blocks[1].lines[0])
        #expect(draft.status == 0, "\(draft.errors)")
        #expect(draft.output.contains("000.00.00.H25,000.00.00.H42"))
        #expect(draft.output.contains("#000.00.13.H25,000.00.13.H42"))
        #expect(draft.output.contains("trùng mã với 000.00.13.H40"))
        #expect(draft.output.contains("000.00.14.H42 là Sở Tài chính"))
        let undecided = try await place.run(blocks[1].lines[0].replacing(" --draft", with: ""))
        #expect(undecided.status == 1 && undecided.errors.contains("[registry.succession-undecided]"))
        #expect(undecided.output.contains("000.00.13.H25") && undecided.output.contains("collision"))

        // The page's table, its dry run, and the merger.
        let table = try #require(blocks[2].lines.first?.split(separator: " ").last)
        try Data((blocks[2].lines.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(filePath: "\(place.directory)/\(table)"))
        let dry = try await place.run(blocks[3].lines[0])
        #expect(dry.status == 0 && dry.output.contains("000.00.13.H25"), "\(dry.errors)")
        #expect(try await haNam.received().count == 1)
        let merged = try await place.run(blocks[3].lines[1] + " --json")
        #expect(merged.status == 0, "\(merged.errors)")
        #expect(merged.output.contains("\"moved\" : 2"))
        let tree = try await place.run(blocks[3].lines[2])
        #expect(tree.output.contains("  000.00.13.H42  Sở Xây dựng") && !tree.output.contains("H25"))

        // What waited moved, with the same id, and is there once.
        #expect(try await haNam.received().isEmpty)
        #expect(try await namDinh.received().isEmpty)
        let list = try await ninhBinh.received()
        #expect(list.filter { $0.docId == waiting.docId }.map(\.to) == ["000.00.13.H25"])
        #expect(list.map(\.to).sorted() == ["000.00.13.H25", "000.00.13.H42"])
        #expect(try await ninhBinh.confirm(waiting.docId, .done).status == 200)
        try await oldDocuments(place, ninhBinh, old.docId, oldBytes)
        try await newDocuments(place, ninhBinh, haNam)
        let agencies = try VXPReceivedReply.items(
            VXPAgencyItem.self, parsing: try await ninhBinh.call(.getAgenciesList).body)
        #expect(agencies.map(\.code).sorted() == ["000.00.00.H42", "000.00.13.H42", "000.00.14.H42"])
        try await place.hub.stop()
    }

    /// The successor reads, reports on and recalls what the closed ones had and sent.
    private func oldDocuments(_ place: Place, _ ninhBinh: SDKClient, _ old: String, _ bytes: [UInt8]) async throws {
        #expect(try await ninhBinh.fetch(old) == bytes)
        let word = try Sample.status(
            .completed, about: try Sample.documentID("3", from: "000.00.14.H42"), from: "000.00.14.H42",
            to: "000.00.14.H42")
        #expect(try await ninhBinh.send(word, from: Sample.agency("000.00.14.H42"), type: .status).reply.isSuccess)
        // Under the old identifier too.
        let other = try Sample.status(
            .accepted, about: try Sample.documentID("1", from: "000.00.14.H42"), from: "000.00.13.H25",
            to: "000.00.14.H42")
        #expect(try await ninhBinh.send(other, from: Sample.agency("000.00.13.H25"), type: .status).reply.isSuccess)
        for (number, status) in [("3", "06"), ("1", "03")] {
            let trace = try await place.hub.command("trace", "\(number)/SXD-VP", "--json")
            #expect(trace.output.contains("\"latestStatus\" : \"\(status)\""), "\(number)")
        }
        let recall = try Sample.status(
            .recallRequested, about: try Sample.documentID("4", from: "000.00.13.H25"), from: "000.00.13.H42",
            to: "000.00.14.H42", description: "Gửi nhầm")
        #expect(try await ninhBinh.send(recall, from: Sample.agency("000.00.13.H42"), type: .status).reply.isSuccess)
        let trace = try await place.hub.command("trace", "4/SXD-VP", "--json")
        #expect(trace.output.contains("\"outcome\" : \"owed\""))
    }

    /// Old identifiers lead on, and are tolerated as senders.
    private func newDocuments(_ place: Place, _ ninhBinh: SDKClient, _ haNam: SDKClient) async throws {
        let before = try await ninhBinh.received().count
        let moved = try await sent(
            ninhBinh, "5", from: "000.00.14.H42", to: ["000.00.13.H25", "H42.13", "000.00.13.H40"])
        #expect(moved.errorDescription.contains("000.00.13.H42"))
        #expect(try await ninhBinh.received().count == before + 1)
        for client in [haNam, ninhBinh] {
            let number = client === haNam ? "6" : "7"
            let tolerated = try await sent(client, number, from: "000.00.13.H25", to: ["000.00.14.H42"])
            #expect(tolerated.errorDescription.contains("000.00.13.H42"), "\(tolerated.errorDescription)")
        }
        let trace = try await place.hub.command("trace", "6/SXD-VP", "--json")
        #expect(trace.output.contains("sender-closed"))
    }
}

extension SDKClient {
    /// The HTTP status with which a content is answered.
    fileprivate func fetchStatus(_ docID: String) async throws -> Int {
        try await call(.getEdoc, [.docID(docID)]).status
    }
}
