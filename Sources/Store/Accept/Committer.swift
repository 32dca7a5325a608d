// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Foundation
import Logging
import Synchronization

/// Makes acceptances durable, together: those that wait share one segment write, one sync and one commit.
///
/// One thread with a connection of its own does the work; a second one syncs the content while the database writes rows.
/// The batch grows by itself under load, because whatever arrives while one batch is being committed forms the next.
///
/// After a failure of a batch each of its members is tried alone, so that one poisoned package cannot refuse its
/// neighbours. Whether a commit that lost its connection took place is unknown: its callers get `databaseUnavailable` and
/// send again, which identity makes harmless.
final class Committer: Sendable {
    /// Most acceptances in one transaction.
    static let maxBatch = 16
    /// Most acceptances that may wait; more are refused as overload.
    static let maxWaiting = 1_024
    /// Most content that may wait in memory, in bytes; more is refused as overload.
    static let maxWaitingBytes = 256 << 20

    private struct Waiting: Sendable {
        let acceptance: KeyedAcceptance
        let bytes: Int
        let answer: CheckedContinuation<AcceptanceResult, any Error>
    }

    private struct Queue {
        var waiting: [Waiting] = []
        var bytes = 0
        var isScheduled = false
        var isClosed = false
    }

    private let keys: KeyRing
    private let queue = Mutex(Queue())
    private let thread = DedicatedThread(name: "commit", capacity: 4)
    private let syncThread = DedicatedThread(name: "content-sync", capacity: 4)
    private let work: CommitWork
    private let batchSizes = Recorder(label: Metric.commitBatch.rawValue)
    private let batchTimes = CoreMetrics.Timer(label: Metric.commitDuration.rawValue, dimensions: [])

    /// - Parameters:
    ///   - keys: wraps the keys of the contents.
    ///   - backend: how new contents are kept; `segments` is written only where it is theirs.
    ///   - due: told what is put on its way to endpoints.
    ///   - scansDue: told that files wait to be scanned.
    init(
        connect: @escaping @Sendable () throws -> PostgresConnection, keys: KeyRing, segments: SegmentWriter,
        backend: ContentBackend = .segments, due: DueSignal, scansDue: ScanSignal, logger: Logger
    ) {
        self.keys = keys
        work = CommitWork(
            connect: connect, segments: segments, backend: backend, syncThread: syncThread, due: due,
            scansDue: scansDue, logger: logger)
    }

    /// Returns when the acceptance is durable or known not to be.
    ///
    /// - Throws: `Refusal`. Cancellation does not take an acceptance back: it may be committed already.
    func accept(_ acceptance: Acceptance) async throws -> AcceptanceResult {
        let bytes = acceptance.bytesInMemory
        let acceptance = try KeyedAcceptance(acceptance, keys)
        return try await withCheckedThrowingContinuation { answer in
            let refusal: Refusal? = queue.withLock { queue in
                if queue.isClosed { return Refusal(.stopping) }
                guard queue.waiting.count < Self.maxWaiting, queue.bytes + bytes <= Self.maxWaitingBytes else {
                    return Refusal(.overloaded, "\(queue.waiting.count) packages wait for the committer")
                }
                queue.waiting.append(Waiting(acceptance: acceptance, bytes: bytes, answer: answer))
                queue.bytes += bytes
                if !queue.isScheduled {
                    do throws(DedicatedThread.Problem) {
                        try thread.post { self.drain() }
                        queue.isScheduled = true
                    } catch {
                        queue.waiting.removeLast()
                        queue.bytes -= bytes
                        return Refusal(.stopping)
                    }
                }
                return nil
            }
            if let refusal { answer.resume(throwing: refusal) }
        }
    }

    /// Commits what waits, closes the connection and ends. Later acceptances are refused as `stopping`.
    func stop() async {
        queue.withLock { $0.isClosed = true }
        // Behind the drain that was posted before; a thread that has stopped already has closed it.
        try? thread.post { [work] in work.disconnect() }
        thread.stop()
        await thread.ended()
        syncThread.stop()
        await syncThread.ended()
    }

    private func drain() {
        while true {
            let batch: [Waiting] = queue.withLock { queue in
                let batch = Array(queue.waiting.prefix(Self.maxBatch))
                queue.waiting.removeFirst(batch.count)
                queue.bytes -= batch.reduce(0) { $0 + $1.bytes }
                if batch.isEmpty { queue.isScheduled = false }
                return batch
            }
            if batch.isEmpty { return }
            let began = ContinuousClock.now
            let results = work.commit(batch.map(\.acceptance))
            batchSizes.record(batch.count)
            batchTimes.record(began.duration(to: .now))
            FaultPoint.acceptAfterCommit.pass()
            for (waiting, result) in zip(batch, results) { waiting.answer.resume(with: result) }
        }
    }
}

extension Acceptance {
    /// Bytes of content that the acceptance holds in memory.
    var bytesInMemory: Int {
        [package.content, notice?.content].reduce(0) { sum, content in
            if case .memory(let bytes) = content { sum + bytes.length } else { sum }
        }
    }
}

/// What runs on the committer's thread.
///
/// `@unchecked Sendable`: `connection` is touched only by `commit`, which `Committer` calls from its one thread;
/// `segments` is used there and, between the two waits of `SyncInFlight`, on the sync thread alone.
private final class CommitWork: @unchecked Sendable {
    typealias Outcome = Result<AcceptanceResult, any Error>

    private let connect: @Sendable () throws -> PostgresConnection
    private let segments: SegmentWriter
    private let backend: ContentBackend
    private let syncThread: DedicatedThread
    private let due: DueSignal
    private let scansDue: ScanSignal
    private let logger: Logger
    private let syncTimes = CoreMetrics.Timer(label: Metric.contentSync.rawValue, dimensions: [])
    private var connection: PostgresConnection?

    init(
        connect: @escaping @Sendable () throws -> PostgresConnection, segments: SegmentWriter, backend: ContentBackend,
        syncThread: DedicatedThread, due: DueSignal, scansDue: ScanSignal, logger: Logger
    ) {
        self.connect = connect
        self.segments = segments
        self.backend = backend
        self.syncThread = syncThread
        self.due = due
        self.scansDue = scansDue
        self.logger = logger
    }

    /// Ends the session; the next `commit` opens another.
    func disconnect() { connection = nil }

    /// One result for each acceptance, in order.
    func commit(_ batch: [KeyedAcceptance]) -> [Outcome] {
        do {
            return try attempt(batch)
        } catch {
            if batch.count == 1 { return [outcome(of: error)] }
            let refusal = refusal(from: error)
            // The disk or the database failed all of them alike; only a single package's own fault is worth a second try.
            guard [.internalError, .overloaded].contains(refusal.code) else {
                return batch.map { _ in .failure(refusal) }
            }
            return batch.flatMap { commit([$0]) }
        }
    }

    private func attempt(_ batch: [KeyedAcceptance]) throws -> [Outcome] {
        let connection = try liveConnection()
        FaultPoint.acceptBeforeContent.pass()
        let placed = try place(batch)
        let sync = try SyncInFlight(segments, on: syncThread, times: syncTimes)
        defer { sync.wait() }
        do {
            let transaction = AcceptTransaction(connection: connection, due: due, scansDue: scansDue)
            let outcomes = try transaction.commit(placed) {
                try sync.result()
                FaultPoint.acceptAfterContentSync.pass()
            }
            return zip(placed, outcomes).map { placed, outcome in
                if let outcome { return .success(outcome) }
                do { return .success(try transaction.resend(placed)) } catch { return self.outcome(of: error) }
            }
        } catch {
            if (error as? PostgresError)?.isConnectionLoss == true { self.connection = nil }
            throw error
        }
    }

    private func liveConnection() throws -> PostgresConnection {
        if let connection, connection.isStillThere() { return connection }
        let fresh = try connect()
        connection = fresh
        return fresh
    }

    /// Gives a place to every content that is still in memory, notices included: appended to the segment in one write,
    /// or as chunks, which the transaction writes with the rows of those that win their identity.
    private func place(_ batch: [KeyedAcceptance]) throws -> [PlacedAcceptance] {
        var payloads: [ContentBytes] = []
        for keyed in batch {
            for content in keyed.acceptance.contents {
                if case .memory(let bytes) = content { payloads.append(bytes) }
            }
        }
        var places =
            switch backend {
            case .segments: try segments.append(payloads).makeIterator()
            case .chunks: payloads.map { ContentPlace.chunks(ContentFileID(), length: $0.sealedLength) }.makeIterator()
            }
        func next(_ content: NewContent) throws -> ContentPlace {
            switch content {
            case .sealed(let content): return content.place
            case .memory:
                guard let place = places.next() else { throw Refusal(.internalError, "a content got no place") }
                return place
            }
        }
        return try batch.map { keyed in
            let place = try next(keyed.acceptance.package.content)
            let noticePlace = try (keyed.acceptance.notice?.content).map(next)
            return PlacedAcceptance(keyed: keyed, place: place, noticePlace: noticePlace)
        }
    }

    private func outcome(of error: any Error) -> Outcome {
        // The key that the content's key was wrapped with was retired meanwhile.
        if let error = error as? PostgresError, error.isForeignKeyViolation,
            error.constraint == AcceptStatements.contentKeyReference
        {
            return .success(.registryChanged)
        }
        return .failure(refusal(from: error))
    }

    private func refusal(from error: any Error) -> Refusal {
        switch error {
        case let refusal as Refusal: return refusal
        case let error as PostgresError:
            logger.error("accept: database", metadata: ["error": "\(error)"])
            return error.refusal
        case let error as ContentError:
            logger.error("accept: content", metadata: ["error": "\(error)"])
            return error.refusal
        default:
            logger.error("accept: unexpected", metadata: ["error": "\(error)"])
            return Refusal(.internalError)
        }
    }
}

extension Acceptance {
    /// The contents in the order in which they are placed.
    fileprivate var contents: [NewContent] {
        [package.content] + (notice.map { [$0.content] } ?? [])
    }
}

/// One sync of the segment, running on its own thread while the database works.
private final class SyncInFlight: Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ segments: SegmentWriter, on thread: DedicatedThread, times: CoreMetrics.Timer) throws {
        try thread.post { [done] in
            let began = ContinuousClock.now
            let result = Result { try segments.sync() }
            times.record(began.duration(to: .now))
            self.outcome.withLock { $0 = result }
            done.signal()
        }
    }

    /// Waits for the end of the sync, whatever it is. May be called more than once.
    func wait() {
        done.wait()
        done.signal()
    }

    /// Waits, and throws what the sync threw.
    func result() throws {
        wait()
        try outcome.withLock { try $0?.get() }
    }
}
