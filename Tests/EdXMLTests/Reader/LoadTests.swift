// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing
import Trust

@testable import EdXML

@Suite(.serialized, .timeLimit(.minutes(2)))
struct LoadTests {
    /// Readings of `count` packages by `threads` threads, each thread in an order of its own.
    private func readings(of packages: [[UInt8]], threads: Int, rounds: Int) -> [[PackageReading]] {
        let collected = Collected()
        let group = DispatchGroup()
        for thread in 0..<threads {
            let runner = Thread {
                for round in 0..<rounds {
                    let index = (thread + round) % packages.count
                    let reader = PackageReader()
                    var rest = packages[index][...]
                    while !rest.isEmpty {
                        let piece = rest.prefix(1_000 + 777 * thread)
                        reader.feed(piece)
                        rest = rest.dropFirst(piece.count)
                    }
                    collected.add(reader.finish(), at: index)
                }
                group.leave()
            }
            group.enter()
            runner.start()
        }
        group.wait()
        return collected.all(packages.count)
    }

    /// `@unchecked`: `readings` is touched only under `lock`.
    private final class Collected: @unchecked Sendable {
        private let lock = NSLock()
        private var readings: [Int: [PackageReading]] = [:]
        func add(_ reading: PackageReading, at index: Int) {
            lock.withLock { readings[index, default: []].append(reading) }
        }
        func all(_ count: Int) -> [[PackageReading]] { lock.withLock { (0..<count).map { readings[$0] ?? [] } } }
    }

    @Test func readersDoNotDisturbEachOther() throws {
        var packages: [[UInt8]] = []
        for number in 1...20 {
            packages.append(
                try Invented.package(
                    number: number, [Invented.attachment(content: Invented.random(number * 997, seed: 9))]))
        }
        // Faulty ones too: the paths on which libxml2 builds messages.
        let text = try Invented.text()
        packages.append(Array(text.replacing("<edXML:Code>", with: "loose<edXML:Code>").utf8))
        packages.append(Array(text.replacing("<edXML:Code>", with: "<v:x/><edXML:Code>").utf8))
        packages.append(Array(text.replacing("<edXML:Code>", with: "<!DOCTYPE x><edXML:Code>").utf8))
        packages.append(Array(text.utf8.prefix(3_000)))
        let expected = packages.map { read($0) }
        let all = readings(of: packages, threads: 8, rounds: 300)
        #expect(all.reduce(0) { $0 + $1.count } == 8 * 300)
        for (index, readings) in all.enumerated() {
            #expect(readings.allSatisfy { $0 == expected[index] })
        }
    }

    #if os(Linux)
        @Test func memoryStaysFlat() throws {
            // Everything that is loaded once is loaded now.
            _ = read(try Invented.package())
            let before = try Self.peakKilobytes()
            let piece = Invented.random(1 << 20, seed: 10)
            let large = OutgoingAttachment(contentID: "a1", name: "lon.bin", contentType: "application/octet-stream") {
                sink in
                for _ in 0..<75 { try piece.withUnsafeBytes { try sink($0) } }
            }
            let reader = PackageReader()
            try PackageWriter.write(.document(Invented.document()), attachments: [large]) { reader.feed($0) }
            let reading = reader.finish()
            #expect(reading.size > 100_000_000)
            #expect(reading.attachments.first?.decodedBytes == 75 << 20)
            #expect(reading.verdict == .acceptWithWarnings)
            #expect(try Self.peakKilobytes() - before < 32 << 10)
        }

        /// `VmHWM`: the most memory that this process has had.
        static func peakKilobytes() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
        }
    #endif
}
