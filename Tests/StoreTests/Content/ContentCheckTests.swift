// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import TestKit
import Testing
import Trust

@testable import Store

/// What `truc content check` says of contents that were tampered with behind the hub's back.
@Suite(.timeLimit(.minutes(5))) struct ContentCheckTests {
    private static let backends = ContentBackend.allCases

    /// What a check found, in its order.
    private struct Outcome {
        let summary: ContentCheckSummary
        var faults: [PackageID: ContentFault.Kind] = [:]
        var details: [String] = []
        var unreferenced: [String: [Range<Int64>]] = [:]
    }

    private func check(_ bench: BackendBench, pageLength: Int32 = ContentCheck.pageLength) async throws -> Outcome {
        let findings = Mutex<[ContentFinding]>([])
        let root = "\(bench.accepting.directory.path)/content"
        let summary = try await onConnection(to: bench.accepting.owner) { connection in
            var check = ContentCheck(
                connection: connection, keys: bench.accepting.database.keys,
                layout: ContentLayout(root: root, operations: .system), pageLength: pageLength
            ) { finding in findings.withLock { $0.append(finding) } }
            return try check.run()
        }
        var outcome = Outcome(summary: summary)
        for finding in findings.withLock({ $0 }) {
            switch finding {
            case .faulty(let package, let document, let fault):
                #expect(outcome.faults.updateValue(fault.kind, forKey: package) == nil, "told twice")
                #expect(document.hasPrefix("VB-"))
                outcome.details.append(fault.detail)
            case .unreferenced(let place, let bytes):
                #expect(!bytes.isEmpty)
                outcome.unreferenced[place, default: []].append(bytes)
            }
        }
        let counts = Dictionary(grouping: outcome.faults.values) { $0 }.mapValues { Int64($0.count) }
        #expect(counts == summary.faults && summary.isWhole == outcome.faults.isEmpty)
        let bytes = outcome.unreferenced.values.joined().reduce(0) { $0 + Int64($1.count) }
        #expect(bytes == summary.unreferencedBytes)
        return outcome
    }

    @Test(arguments: backends)
    func everyFlippedByteIsFoundAndNamed(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 41)
        var contents: [ReadableContent] = []
        var total: Int64 = 0
        for length in [1, 4_000, 4_001, 300_000, 700_000] {
            let bytes = random.bytes(length)
            contents.append(try await bench.put(bytes))
            contents.append(try await bench.putLarge(bytes))
            total += 2 * Int64(length)
        }
        // Pages of three: every seam between two is crossed.
        let whole = try await check(bench, pageLength: 3)
        #expect(whole.summary.isWhole && whole.summary.packages == 10 && whole.summary.bytes == total)
        for content in contents {
            let last = content.place.length - 1
            for offset in Set([0, last / 2, last]) {
                try await bench.flip(content, at: offset)
                let outcome = try await check(bench)
                #expect(outcome.faults == [content.packageID: .damaged], "\(content.place) at \(offset)")
                #expect(outcome.summary.bytes == total - Int64(content.content.length))
                try await bench.flip(content, at: offset)
            }
        }
        #expect(try await check(bench).summary == whole.summary)
        await bench.close()
    }

    @Test(arguments: backends)
    func whatIsCutOrGoneIsToldApart(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 42)
        let cut = try await bench.putLarge(random.bytes(900_000))
        let gone = try await bench.putLarge(random.bytes(900_000))
        let fine = try await bench.putLarge(random.bytes(900_000))
        let rowless = try await bench.put(random.bytes(10_000))
        try await bench.cut(cut, to: 400_000)
        try await bench.destroy(gone)
        try await bench.asOwner("DELETE FROM content WHERE package_id = '\(rowless.packageID)'")
        let outcome = try await check(bench)
        #expect(
            outcome.faults == [
                cut.packageID: .damaged, gone.packageID: .missing, rowless.packageID: .missing,
            ])
        #expect(outcome.details.contains { $0.contains("no row of the table content") })
        #expect(outcome.summary.packages == 4 && outcome.summary.bytes == 900_000)
        #expect(try await bench.stream(fine).count == 900_000)
        // A row that says something else of the content than the package does.
        try await bench.asOwner(
            "UPDATE content SET sha256 = sha256('x') WHERE package_id = '\(fine.packageID)'")
        #expect(try await check(bench).faults[fine.packageID] == .damaged)
        try await bench.asOwner(
            "UPDATE content SET place = 'seg:../../etc' WHERE backend = 'segments' "
                + "AND package_id = '\(fine.packageID)'")
        #expect(try await check(bench).faults[fine.packageID] == .damaged)
        await bench.close()
    }

    /// The bytes are right and stand where they should, but the record says that it is another.
    @Test func aRecordHeaderThatIsNotItsOwnIsDamage() async throws {
        let bench = try await BackendBench(.segments)
        let content = try await bench.put([1, 2, 3])
        for offset in [0, 24, 79] {
            try await bench.flip(content, at: offset - RecordHeader.byteCount)
            #expect(try await check(bench).faults == [content.packageID: .damaged], "byte \(offset)")
            try await bench.flip(content, at: offset - RecordHeader.byteCount)
        }
        #expect(try await check(bench).summary.isWhole)
        await bench.close()
    }

    @Test func rangesOfASegmentToWhichNothingPoints() async throws {
        let bench = try await BackendBench(.segments)
        let contents = [
            try await bench.put([1]), try await bench.put([UInt8](repeating: 2, count: 5_000)),
            try await bench.put([3]),
        ]
        // Leaves the segment, so that nothing is reserved behind its end.
        await bench.store.stop()
        let path = contents[0].place.path
        try bench.accepting.directory.edit("content/\(path)") { try $0.truncate(atOffset: 16_384) }
        #expect(try await check(bench).unreferenced.isEmpty)
        try await bench.asOwner("DELETE FROM content WHERE package_id = '\(contents[1].packageID)'")
        #expect(try await check(bench).unreferenced == [path: [4_096..<12_288]])
        try await bench.asOwner("DELETE FROM content WHERE package_id = '\(contents[2].packageID)'")
        #expect(try await check(bench).unreferenced == [path: [4_096..<16_384]])
        try bench.accepting.directory.edit("content/\(path)") { try $0.truncate(atOffset: 17_000) }
        #expect(try await check(bench).unreferenced == [path: [4_096..<17_000]])
        try await bench.asOwner("DELETE FROM content")
        #expect(try await check(bench).unreferenced == [path: [0..<17_000]])
        await bench.accepting.database.close()
    }

    @Test(arguments: backends)
    func whatNobodyTookAndWhatACrashLeft(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        let taken = try await bench.putLarge([UInt8](repeating: 1, count: 600_000))
        let before = try await check(bench)
        #expect(before.unreferenced.isEmpty, "\(before.unreferenced)")
        let place = try await bench.seal([UInt8](repeating: 2, count: 500_000)).place
        let root = "\(bench.accepting.directory.path)/content"
        // A spool file whose hub lives is no leftover.
        let spool = try await bench.store.content.makeSpool()
        try await spool.append([1, 2, 3])
        try Data([7, 7]).write(to: URL(fileURLWithPath: "\(root)/spool/left.part"))
        try FileManager.default.createDirectory(atPath: "\(root)/segments/2026-11", withIntermediateDirectories: true)
        for name in ["segments/2026-11/foreign", "large/foreign"] {
            try Data([7, 7, 7]).write(to: URL(fileURLWithPath: "\(root)/\(name)"))
        }
        #expect(
            try await check(bench).unreferenced == [
                place.path: [0..<500_128], "spool/left.part": [0..<2], "segments/2026-11/foreign": [0..<3],
                "large/foreign": [0..<3],
            ])
        #expect(bench.accepting.directory.files(in: "content/spool").count == 2, "nothing was removed")
        await spool.discard()
        #expect(try await bench.stream(taken).count == 600_000)
        await bench.close()
    }

    @Test(arguments: backends)
    func memoryDoesNotGrowWithTheContent(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        let spool = try await bench.store.content.makeSpool()
        let piece = [UInt8](repeating: 5, count: 1 << 20)
        var hash = SHA256()
        for _ in 0..<160 {
            piece.withUnsafeBytes { hash.update($0) }
            try await spool.append(piece)
        }
        _ = try await bench.accept(.sealed(try await spool.seal()), hash.current())
        // The peak counts from here on (proc(5), clear_refs).
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        let before = try peakBytes()
        #expect(try await check(bench).summary.bytes == 160 << 20)
        // Other tests may run in this process at the same time; holding the content would take 160 MiB more.
        #expect(try peakBytes() - before < 96 << 20)
        await bench.close()
    }

    /// A check beside the wrong directory would tell of nothing but missing packages.
    @Test func theDirectoryMustBeTheDatabasesOwn() async throws {
        let bench = try await AcceptBench()
        let (own, other) = (try ScratchDirectory(), try ScratchDirectory())
        let store = try await Store.open(
            database: bench.database, contentDirectory: "\(own.path)/content", logger: quietLogger)
        await store.stop()
        let summary = try await bench.database.checkContent(in: "\(own.path)/content") { _ in }
        #expect(summary.isWhole)
        #expect(
            await refusal { try await bench.database.checkContent(in: "\(other.path)/content") { _ in } }
                == .storeMissing)
        _ = try ContentStore.open(directory: "\(other.path)/content")
        #expect(
            await refusal { try await bench.database.checkContent(in: "\(other.path)/content") { _ in } }
                == .storeMismatch)
        await bench.close()
    }

    private func peakBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let peak = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/))
        return try #require(Int(peak.1)) << 10
    }
}
