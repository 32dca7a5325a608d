// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization

/// Seals contents and appends them to segments, many per write and many writes per sync.
///
/// `append` gives places and returns at once; `sync` writes and syncs, on another thread while the caller records the
/// places. A place is durable only after the `sync()` that follows its `append`. When either throws, no place handed out
/// since the last successful `sync()` may be recorded; the writer itself stays usable and goes on in a new segment. A
/// file whose write or sync failed is never written or synced again.
///
/// All calls block: call them on a thread of their own. They may come from several threads, but since `sync()` speaks
/// for all that was appended before it, one committer per writer is what makes sense.
public final class SegmentWriter: Sendable {
    /// A segment is left for a new one before it grows beyond this, in bytes. Only a batch that is longer by itself
    /// makes a longer segment: a batch always lies in one.
    public static let maxSegmentLength: Int64 = 1 << 30
    /// Longest content of a segment, in bytes before it is sealed; a longer one keeps its own file (`SpoolFile`).
    public static let maxPayloadLength = ContentStore.maxSegmentedLength
    /// Bytes gathered for one write.
    static let bufferLength = 4 << 20
    /// Space is reserved ahead in steps, so that a sync need not record a new file length each time. A step is as long
    /// as the segment already is, within these bounds: a crash wastes no more than what was used.
    static let allocationStep: ClosedRange<Int64> = 1 << 20...16 << 20

    private let layout: ContentLayout
    private let maxSegmentLength: Int64
    private let now: @Sendable () -> Instant
    private let state = Mutex(State())

    init(
        layout: ContentLayout, maxSegmentLength: Int64 = SegmentWriter.maxSegmentLength,
        now: @escaping @Sendable () -> Instant = { .now() }
    ) {
        self.layout = layout
        self.maxSegmentLength = maxSegmentLength
        self.now = now
    }

    /// Gives the payloads their places, behind each other in their order, in one segment, and keeps them until `sync()`:
    /// so who appends without syncing bounds the memory (the committer syncs after each batch, `Committer.maxBatch`).
    ///
    /// - Returns: the place of each payload, in the same order; durable after the next `sync()`.
    /// - Throws: `.tooLarge` when a payload is longer than `maxPayloadLength`; `.full` or `.unavailable` when the disk has
    ///   no room for them: then none of them is stored.
    public func append(_ payloads: [ContentBytes]) throws(ContentError) -> [ContentPlace] {
        for payload in payloads where payload.length > Self.maxPayloadLength {
            throw .tooLarge(length: payload.length, max: Self.maxPayloadLength)
        }
        guard !payloads.isEmpty else { return [] }
        let total = payloads.reduce(Int64(0)) { $0 + Int64(RecordHeader.recordLength(payload: $1.sealedLength)) }
        return try state.withLock { (state) throws(ContentError) in
            do throws(ContentError) {
                try prepare(&state, for: total)
                return place(payloads, &state)
            } catch {
                abandon(&state, after: error)
                throw error
            }
        }
    }

    /// Writes what waits and makes durable every place handed out since the last successful `sync()`.
    ///
    /// - Throws: `.full` or `.unavailable`: none of those places may be recorded.
    public func sync() throws(ContentError) {
        try state.withLock { (state) throws(ContentError) in
            do throws(ContentError) {
                try syncSegment(&state)
            } catch {
                abandon(&state, after: error)
                state.lost = nil
                throw error
            }
            if let lost = state.lost.take() { throw lost }
        }
    }

    /// Sees to it that the open segment is of this month and has room for `total` bytes.
    private func prepare(_ state: inout State, for total: Int64) throws(ContentError) {
        let today = now().vietnamDate
        let file = ContentFile(id: ContentFileID(), on: today)
        if let segment = state.segment, segment.file.month != file.month || segment.end + total > maxSegmentLength {
            try syncSegment(&state)
            segment.handle.trim(to: segment.end)
            state.segment = nil
        }
        if state.segment == nil {
            let folder = "\(ContentFile.segmentFolder)/\(file.month)"
            try layout.makeDirectory(folder)
            let handle = try OpenFile(file.segmentPath, in: layout.root, .createDirect, layout.operations)
            state.segment = Segment(file: file, handle: handle)
            try layout.syncDirectory(folder)
        }
        guard var segment = state.segment, segment.end + total > segment.allocated else { return }
        let step = min(max(segment.end, Self.allocationStep.lowerBound), Self.allocationStep.upperBound)
        let target = segment.end + (total + step - 1) / step * step
        try segment.handle.allocate(from: segment.allocated, length: target - segment.allocated)
        segment.allocated = target
        state.segment = segment
    }

    private func place(_ payloads: [ContentBytes], _ state: inout State) -> [ContentPlace] {
        guard let file = state.segment?.file else { return [] }
        return payloads.map { payload in
            let offset = state.segment?.append(payload) ?? 0
            return .segment(file, offset: offset, length: payload.sealedLength)
        }
    }

    /// Writes what waits at the end of the segment, in as few writes as the buffer allows.
    private func write(_ segment: Segment, _ buffer: UnsafeMutableRawBufferPointer) throws(ContentError) {
        var offset = segment.writtenEnd
        var stage = WriteStage(buffer, segment.handle, at: offset)
        for payload in segment.waiting {
            let length = payload.sealedLength
            let header = RecordHeader(file: segment.file.id, offset: offset, length: length, digest: payload.digest)
            try stage.room(for: RecordHeader.byteCount).copyBytes(from: header.encoded)
            var sealer = ContentSealer(payload)
            while let count = sealer.nextLength { sealer.seal(into: try stage.room(for: count)) }
            let recordLength = RecordHeader.recordLength(payload: length)
            try stage.putZeros(recordLength - RecordHeader.byteCount - length)
            offset += Int64(recordLength)
        }
        try stage.flush()
    }

    private func syncSegment(_ state: inout State) throws(ContentError) {
        guard let segment = state.segment, segment.end > segment.writtenEnd else { return }
        try write(segment, state.buffer)
        try segment.handle.syncData()
        // A file that somebody has removed takes everything and keeps nothing.
        guard try segment.handle.status().names > 0 else {
            throw .unavailable("\(segment.file.segmentPath) was removed while it was written")
        }
        // Not `= []`: assigned through the optional of a noncopyable value, Swift 6.3 never releases the old array.
        state.segment?.waiting.removeAll()
        state.segment?.writtenEnd = segment.end
    }

    /// Closes the segment for ever. Places in it that were not synced are lost, which the next `sync()` must tell.
    private func abandon(_ state: inout State, after error: ContentError) {
        guard let segment = state.segment else { return }
        state.segment = nil
        if segment.end > segment.writtenEnd { state.lost = error }
        // Nothing can point into it, and a full disk must not fill up with empty segments.
        if segment.writtenEnd == 0 { layout.remove(segment.file.segmentPath) }
    }
}

/// The segment that is being written.
private struct Segment {
    let file: ContentFile
    let handle: OpenFile
    /// Where the next record begins.
    private(set) var end: Int64 = 0
    /// Everything before this is written and durable; what waits begins here.
    var writtenEnd: Int64 = 0
    var waiting: [ContentBytes] = []
    /// How far space is reserved.
    var allocated: Int64 = 0

    init(file: ContentFile, handle: OpenFile) {
        self.file = file
        self.handle = handle
    }

    /// - Returns: where the record of `payload` begins.
    mutating func append(_ payload: ContentBytes) -> Int64 {
        defer { end += Int64(RecordHeader.recordLength(payload: payload.sealedLength)) }
        waiting.append(payload)
        return end
    }
}

private struct State: ~Copyable {
    var segment: Segment?
    /// Why places handed out since the last sync are lost.
    var lost: ContentError?
    let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: SegmentWriter.bufferLength, alignment: RecordHeader.alignment)

    deinit {
        if let segment { segment.handle.trim(to: segment.writtenEnd) }
        buffer.deallocate()
    }
}

/// Gathers small pieces into large writes.
private struct WriteStage {
    private let buffer: UnsafeMutableRawBufferPointer
    private let file: OpenFile
    private var offset: Int64
    private var filled = 0

    init(_ buffer: UnsafeMutableRawBufferPointer, _ file: OpenFile, at offset: Int64) {
        self.buffer = buffer
        self.file = file
        self.offset = offset
    }

    /// The next bytes of the file, for the caller to fill before anything else is asked of the stage.
    ///
    /// - Parameter count: far less than the buffer has.
    mutating func room(for count: Int) throws(ContentError) -> UnsafeMutableRawBufferPointer {
        if buffer.count - filled < count { try makeRoom() }
        defer { filled += count }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
    }

    /// Less than a page, up to the end of a record.
    mutating func putZeros(_ count: Int) throws(ContentError) {
        try room(for: count).initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Writes everything: for the end of a record, which is the end of a page.
    mutating func flush() throws(ContentError) {
        try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<filled]), at: offset)
        offset += Int64(filled)
        filled = 0
    }

    /// Writes the whole pages; what has begun of the next one stays.
    private mutating func makeRoom() throws(ContentError) {
        let begun = filled % RecordHeader.alignment
        filled -= begun
        let tail = UnsafeRawBufferPointer(rebasing: buffer[filled..<filled + begun])
        try flush()
        buffer.copyMemory(from: tail)
        filled = begun
    }
}
