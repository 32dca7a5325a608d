// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import Testing
import Trust

@testable import Store

/// A directory that is removed with everything in it when the last reference goes.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("truc-content-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Paths of all regular files below `folder`, sorted.
    func files(in folder: String) -> [String] {
        let root = "\(path)/\(folder)"
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.map { "\(root)/\($0)" }.filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
        }.sorted()
    }

    /// Changes one file in place.
    func edit(_ name: String, _ change: (FileHandle) throws -> Void) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(path)/\(name)"))
        try change(handle)
        try handle.close()
    }

    /// Inverts the byte at `offset`; done twice it is undone.
    func flip(_ name: String, at offset: Int64) throws {
        try edit(name) { handle in
            try handle.seek(toOffset: UInt64(offset))
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: [~byte])
        }
    }
}

/// The real system calls, of which a test can make the next one fail.
final class FaultyFiles: Sendable {
    enum Call: Hashable { case write, allocate, syncData, syncDirectory }

    private struct State {
        var failures: [Call: (code: Int32, passes: Int)] = [:]
        var longestWrite = Int.max
        /// Paths of the files and directories that were synced, in order.
        var synced: [String] = []
    }

    private let state = Mutex(State())

    /// Makes one call fail, after `passes` more good ones.
    func failNext(_ call: Call, with code: Int32, after passes: Int = 0) {
        state.withLock { $0.failures[call] = (code, passes) }
    }

    func limitWrites(to count: Int) { state.withLock { $0.longestWrite = count } }
    var syncedPaths: [String] { state.withLock { $0.synced } }

    var operations: FileOperations {
        let real = FileOperations.system
        return FileOperations(
            write: { descriptor, bytes, offset in
                if let code = self.take(.write) { return -Int(code) }
                let count = min(bytes.count, self.state.withLock { $0.longestWrite })
                return real.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<count]), offset)
            },
            allocate: { descriptor, offset, length in
                self.take(.allocate).map { -Int($0) } ?? real.allocate(descriptor, offset, length)
            },
            syncData: { descriptor in
                self.state.withLock { $0.synced.append(Self.name(descriptor)) }
                return self.take(.syncData).map { -Int($0) } ?? real.syncData(descriptor)
            },
            syncDirectory: { descriptor in
                self.state.withLock { $0.synced.append(Self.name(descriptor)) }
                return self.take(.syncDirectory).map { -Int($0) } ?? real.syncDirectory(descriptor)
            })
    }

    private func take(_ call: Call) -> Int32? {
        state.withLock { state in
            guard let failure = state.failures[call] else { return nil }
            state.failures[call] = failure.passes > 0 ? (failure.code, failure.passes - 1) : nil
            return failure.passes > 0 ? nil : failure.code
        }
    }

    private static func name(_ descriptor: Int32) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? "?"
    }
}

/// A content store in a scratch directory, with one thread for the blocking calls of its writers.
struct StoreBench {
    let directory: ScratchDirectory
    let faults = FaultyFiles()
    let store: ContentStore
    let thread = DedicatedThread(name: "content-test")

    init() throws {
        directory = try ScratchDirectory()
        store = try ContentStore.open(directory: "\(directory.path)/content", operations: faults.operations)
    }

    var layout: ContentLayout { ContentLayout(root: "\(directory.path)/content", operations: faults.operations) }

    /// Appends and syncs, like a committer.
    func put(_ payloads: [ContentBytes], _ writer: SegmentWriter) async throws -> [StoredContent] {
        let stored = try await append(payloads, writer)
        try await sync(writer)
        return stored
    }

    func append(_ payloads: [ContentBytes], _ writer: SegmentWriter) async throws -> [StoredContent] {
        let places = try await thread.run { try writer.append(payloads) }
        return try zip(places, payloads).map { place, payload in
            try StoredContent(place, length: payload.length, sha256: payload.digest, key: payload.key)
        }
    }

    func sync(_ writer: SegmentWriter) async throws {
        try await thread.run { try writer.sync() }
    }

    /// A sealed content of its own file.
    func large(_ bytes: [UInt8]) async throws -> StoredContent {
        let spool = try await store.makeSpool()
        for start in stride(from: 0, to: bytes.count, by: 100_000) {
            try await spool.append(Array(bytes[start..<min(start + 100_000, bytes.count)]))
        }
        return try await spool.seal().stored(as: SHA256Digest(of: bytes))
    }

    func stream(_ content: StoredContent) async throws -> [UInt8] {
        try await store.readWhole(content)
    }

    func segments() -> [String] { directory.files(in: "content/segments") }

    /// What was synced from the `start`th sync on, as paths from the content directory.
    func synced(from start: Int = 0) -> [String] {
        faults.syncedPaths.dropFirst(start).map { String($0.dropFirst(layout.root.count + 1)) }
    }
}

extension StoredContent {
    var path: String { place.path }

    /// As a row that names another place, length or digest would have it.
    func changed(
        place: ContentPlace? = nil, length: Int? = nil, sha256: SHA256Digest? = nil
    ) throws(ContentError) -> StoredContent {
        try StoredContent(
            place ?? self.place, length: length ?? self.length, sha256: sha256 ?? self.sha256, key: key)
    }
}

extension ContentStore {
    func readWhole(_ content: StoredContent) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in read(content) { all += piece }
        return all
    }
}

extension SealedContent {
    func stored(as sha256: SHA256Digest) throws(ContentError) -> StoredContent {
        try StoredContent(place, length: length, sha256: sha256, key: key)
    }
}

/// The `ContentError` that `body` throws; nil when it throws none or another.
func contentError(_ body: () async throws -> Void) async -> ContentError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ContentError
    }
}

extension ContentError {
    /// Damaged or missing: what no reader may take for the content.
    var isDamaged: Bool { refusal.code == .contentDamaged }
    var isFull: Bool { if case .full = self { true } else { false } }
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
}
