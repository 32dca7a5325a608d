// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

/// Good and hostile clients together: what is wrong with one must not be felt by another.
///
/// Together and not one after the other: a misuse of the XML library that smashes a stack shows under concurrent load
/// and nowhere else.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostileLoadTests {
    private static let workers = 8
    private static let rounds = 12
    /// What the bombs of one package unpack to, in megabytes.
    private static let bombMegabytes = 64
    /// What the hub may need over idle while they all are at work; 8 when this was written. Less than one bomb.
    private static let memoryMegabytes = 48

    private enum Deed: CaseIterable {
        case good, hostile, cut, forged, otherHash, smuggling
    }

    private struct Worker {
        let province: Province
        let packages: HostilePackages
        let number: Int
        let client: SDKClient

        /// - Returns: how many packages were accepted.
        func run() async throws -> Int {
            var generator = SeededGenerator(seed: UInt64(number))
            var accepted = 0
            for round in 0..<HostileLoadTests.rounds {
                for deed in Deed.allCases.shuffled(using: &generator) {
                    accepted += try await perform(deed, "\(number + 1)\(round + 10)\(accepted + 100)", round)
                }
            }
            return accepted
        }

        private func perform(_ deed: Deed, _ name: String, _ round: Int) async throws -> Int {
            let from = try Sample.agency(Province.construction)
            switch deed {
            case .good:
                let answer = try await client.send(try Sample.document(name), from: from)
                #expect(answer.status == 200, "\(answer.text)")
                return 1
            case .hostile:
                let shape = packages.shapes[(number + round) % packages.shapes.count]
                let answer = try await client.send(try shape.bytes(name), from: from)
                #expect(try answer.reply.code == shape.refused?.rawValue, "\(shape.name): \(answer.text)")
                if let finding = shape.finding {
                    #expect(answer.text.contains(finding), "\(shape.name): \(answer.text)")
                }
                return shape.refused == nil ? 1 : 0
            case .cut:
                let package = try Sample.document(name)
                let connection = try await RawHTTPClient.connect(port: province.hub.port)
                try await connection.send(try await head(package, from))
                try await connection.send(Array(package.prefix(package.count / 2)))
                if round.isMultiple(of: 2) {
                    connection.reset()
                } else {
                    connection.halfClose()
                    #expect(try await connection.receive().reply.code == Refusal.Code.bodyIncomplete.rawValue)
                }
            case .forged:
                let forger = try province.client(Province.construction, secret: "guessed")
                let answer = try await forger.send(try Sample.document(name), from: from)
                #expect(try answer.reply.code == Refusal.Code.signatureInvalid.rawValue)
            case .otherHash:
                let hash = HashFile(unpadded: SHA256Digest(of: [1]))
                let answer = try await client.send(try Sample.document(name), from: from, hash: hash)
                #expect(try answer.reply.code == Refusal.Code.hashMismatch.rawValue)
            case .smuggling:
                let shape = RequestShape.all[(number * HostileLoadTests.rounds + round) % RequestShape.all.count]
                let connection = try await RawHTTPClient.connect(port: province.hub.port)
                try await connection.send(shape.bytes)
                let answers = String(decoding: try await connection.receiveToEnd(), as: UTF8.self)
                #expect(
                    answers.ranges(of: "\"status\":\"ok\"").count == shape.statuses.count { $0 == 200 },
                    "\(shape.name)")
            }
            return 0
        }

        private func head(_ package: [UInt8], _ from: AgencyID) async throws -> String {
            try await client.head(
                .sendEdoc,
                [
                    .from(from), .serviceType(), .messageType(.edoc),
                    .hashFile(HashFile(unpadded: SHA256Digest(of: package))),
                ], contentLength: package.count)
        }
    }

    /// The most memory that the daemon has had, in megabytes.
    private func peakMegabytes(_ hub: HubProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(hub.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) / 1_024
    }

    @Test func `good packages are accepted while hostile ones are refused, in bounded memory`() async throws {
        let founded = try await Province.open()
        try await founded.hub.stop()
        let province = try await founded.restarted("--set", "system-rate=10000")
        let packages = HostilePackages(bomb: try await HostilePackages.bomb(megabytes: Self.bombMegabytes))
        let idle = try peakMegabytes(province.hub)
        let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<Self.workers {
                let worker = Worker(
                    province: province, packages: packages, number: number,
                    client: try province.client(Province.construction))
                group.addTask { try await worker.run() }
            }
            return try await group.reduce(0, +)
        }
        #expect(accepted >= Self.workers * Self.rounds)
        let receiver = try province.client(Province.justice)
        #expect(try await receiver.count(.countReceiveEdoc) == accepted)
        let peak = try peakMegabytes(province.hub)
        #expect(peak - idle <= Self.memoryMegabytes, "\(idle) MB idle, \(peak) MB at most")
        #expect(!province.hub.logText.contains("unexpected error"))
        // What was accepted is what is handed out.
        let item = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(item.docId).starts(with: Array("<?xml".utf8)))
        #expect(try await province.hub.stop() == 0)
    }
}
