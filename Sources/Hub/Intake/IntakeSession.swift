// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Store
import Trust

/// One package on its way in: read, judged and kept while it streams, then made durable.
///
/// Belongs to the task of one request. Nothing is written anywhere before the header has been judged, and the reader
/// refuses what has none within `PackageLimits.headerBytes`; then up to `maxInMemory` bytes wait in memory, and a longer package goes to a spool file that becomes its
/// content.
public final class IntakeSession {
    /// Bytes of a package that wait in memory; more goes to a spool file.
    public static let maxInMemory = ContentStore.maxSegmentedLength
    /// How often a package is decided anew because the registry changed in between.
    static let maxDecisions = 5

    private let store: Store
    private let registry: Registry
    private let submission: Submission
    private let reader: PackageReader
    private let counters: IntakeCounters
    /// Its place and its space, given back with the session.
    private let passes: [AdmissionPass]
    private var isJudged = false
    private var chunks: [[UInt8]] = []
    private var bytesInMemory = 0
    private var spool: SpoolFile?

    init(
        _ submission: Submission, store: Store, registry: Registry, limits: PackageLimits, counters: IntakeCounters,
        passes: [AdmissionPass]
    ) {
        self.submission = submission
        self.store = store
        self.registry = registry
        self.reader = PackageReader(limits: limits)
        self.counters = counters
        self.passes = passes
    }

    /// SHA-256 of everything received so far.
    public var digest: SHA256Digest { reader.digestSoFar }

    /// Takes the next bytes of the package.
    ///
    /// - Throws: `Refusal` as soon as it is certain that the package will not be taken; the session is over then.
    public func receive(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        bytes.withUnsafeBytes { reader.feed($0) }
        if reader.isRefused { throw reader.finish().refusal }
        if !isJudged, let header = reader.header {
            isJudged = true
            _ = try AcceptancePlan(header, for: submission, registry: submission.registry)
        }
        if let spool {
            try await Self.translating { try await spool.append(bytes) }
        } else {
            chunks.append(bytes)
            bytesInMemory += bytes.count
            if isJudged, bytesInMemory > Self.maxInMemory { try await openSpool() }
        }
    }

    /// Ends the package and makes it durable.
    ///
    /// - Throws: `Refusal`; nothing was accepted then.
    public func finish() async throws -> Receipt {
        let reading = reader.finish()
        guard reading.verdict != .refuse, let header = reading.header, let meaning = reading.meaning else {
            throw reading.refusal
        }
        // Judged before anything is sealed: the header may have come with the very last bytes.
        let plan = try AcceptancePlan(header, for: submission, registry: submission.registry)
        let judged = try AcceptanceBuilder.judge(
            reading, header, sender: plan.sender, for: submission, registry: submission.registry)
        let content = try await sealedContent(reading.digest)
        do {
            let receipt = try await accept(reading, header, meaning, judged, content)
            counters.count(receipt, length: content.length)
            return receipt
        } catch let refusal as Refusal {
            // After these two it is not certain that nothing points at the content.
            if refusal.code != .databaseUnavailable, refusal.code != .internalError { await store.forget(content) }
            throw refusal
        }
    }

    /// Gives up a package that will not come to its end, and frees its place.
    public func abandon() async {
        await spool?.discard()
        spool = nil
        chunks = []
    }

    private func accept(
        _ reading: PackageReading, _ header: PackageHeader, _ meaning: SHA256Digest,
        _ judged: AcceptanceBuilder.Judged?, _ content: NewContent
    ) async throws -> Receipt {
        var judged = judged
        var isJudgedAnew = false
        var snapshot = submission.registry
        var decidedAt = submission.receivedAt
        for _ in 0..<Self.maxDecisions {
            guard let system = snapshot.system(submission.system), !system.isDisabled else {
                throw Refusal(.systemDisabled)
            }
            let plan = try AcceptancePlan(header, for: submission, registry: snapshot, at: decidedAt)
            if isJudgedAnew {
                judged = try AcceptanceBuilder.judge(
                    reading, header, sender: plan.sender, for: submission, registry: snapshot)
            }
            let acceptance = try AcceptanceBuilder(
                submission: submission, registry: snapshot, acceptedAt: .now()
            ).acceptance(
                of: reading, header: header, meaning: meaning, sha256: reading.digest, plan: plan, judged: judged,
                content: content)
            switch try await store.accept(acceptance) {
            case .accepted(let id, let at, let isAwaiting):
                return Receipt(
                    package: id, acceptedAt: at, isNew: true, refusedRecipients: plan.refused,
                    hold: acceptance.hold ?? (isAwaiting ? Refusal(.documentAwaited) : nil), warnings: plan.warnings)
            case .known(let id, let at, let added, let isAwaited):
                if added == 0 { await store.forget(content) }
                // A hold by a policy of today, or by one that was in force when it came first.
                let hold = added > 0 || isAwaited ? acceptance.hold : nil
                return Receipt(
                    package: id, acceptedAt: at, isNew: false, refusedRecipients: plan.refused,
                    hold: hold ?? (isAwaited ? Refusal(.confirmationNeeded) : nil), warnings: plan.warnings)
            case .destroyed(let first): throw Refusal(.contentDestroyed, "\(first)")
            case .frozen(let first): throw Refusal(.documentFrozen, "\(first)")
            case .sealed(let first): throw Refusal(.packageSealed, "\(first)")
            case .conflict(let first): throw Refusal(.documentConflict, "\(header.documentID) → \(first)")
            case .registryChanged:
                snapshot = try await registry.current()
                isJudgedAnew = true
                // What has ended meanwhile has ended for this package too.
                decidedAt = max(decidedAt, .now())
            }
        }
        throw Refusal(.overloaded, "the registry changed \(Self.maxDecisions) times while this package was decided")
    }

    /// Moves what waits in memory to a spool file, to which everything goes from then on.
    private func openSpool() async throws {
        let fresh = try await Self.translating { [store] in try await store.content.makeSpool() }
        spool = fresh
        for chunk in chunks { try await Self.translating { try await fresh.append(chunk) } }
        chunks = []
        bytesInMemory = 0
    }

    private func sealedContent(_ digest: SHA256Digest) async throws -> NewContent {
        if spool == nil, bytesInMemory > Self.maxInMemory { try await openSpool() }
        guard let spool else { return .memory(ContentBytes(chunks: chunks, digest: digest)) }
        return .sealed(try await Self.translating { try await spool.seal() })
    }

    private static func translating<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let error as ContentError { throw error.refusal }
    }
}
