// SPDX-License-Identifier: Apache-2.0
import CZlib
import Trust

/// The digest of the only entry of a ZIP, computed while the ZIP goes by.
///
/// The national SDK wraps most files into a ZIP whose one entry has a random name, so that the same file looks
/// different each time it is sent. Only the plain shape is read: one entry, stored or deflated, CRC right, nothing
/// before, between or after. Anything else has no result and the caller uses the digest of the bytes as they are.
final class WrappedContent {
    struct Result {
        let digest: SHA256Digest
        let bytes: Int
        let isSignedPDF: Bool
    }

    private enum Part {
        case localHeader, descriptorStart, descriptorRest, centralHeader, endRecord
    }

    private enum State {
        /// Gathers a record of `needed` bytes in `record`.
        case gathering(Part, needed: Int)
        /// Passes over names, extra fields and comments.
        case passing(Int, then: Part, needed: Int)
        case inflating
        case copying(Int)
        case ended
        case unusual
    }

    private static let localSize = 30
    private static let centralSize = 46
    private static let endSize = 22
    /// Packed bytes between two looks at the ratio. At the same places however the bytes come: what was unpacked from so
    /// many is known then, while what was unpacked from a piece depends on its length, and the meaning would too.
    private static let ratioStep = 4_096

    private let limits: PackageLimits
    private let budget: UnpackingBudget
    private var state = State.gathering(.localHeader, needed: localSize)
    private var record: [UInt8] = []
    private var inflater: Inflater?
    private var digest = SHA256()
    private var signatures = PDFSignatureSearch()
    private var checksum: UInt = 0
    private var expectedChecksum: UInt = 0
    private var hasDescriptor = false
    private var packedBytes = 0
    private var unpackedBytes = 0

    /// - Parameter budget: that of the package.
    init(limits: PackageLimits, budget: UnpackingBudget) {
        self.limits = limits
        self.budget = budget
    }

    /// The entry's digest and size; nil unless the whole ZIP has gone by and was plain.
    var result: Result? {
        guard case .ended = state else { return nil }
        return Result(digest: digest.current(), bytes: unpackedBytes, isSignedPDF: signatures.isFound)
    }

    func consume(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            switch state {
            case .gathering(let part, let needed):
                let count = min(needed - record.count, rest.count)
                record.append(contentsOf: rest[..<count])
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                if record.count == needed {
                    state = next(after: part)
                    record.removeAll(keepingCapacity: true)
                }
            case .passing(let left, let part, let needed):
                let count = min(left, rest.count)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                state =
                    count == left
                    ? .gathering(part, needed: needed) : .passing(left - count, then: part, needed: needed)
                if count == left, part == .localHeader { state = bodyState() }
            case .inflating: inflate(&rest)
            case .copying(let left):
                let count = min(left, rest.count)
                _ = take(UnsafeRawBufferPointer(rebasing: rest[..<count]))
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                state = count == left ? afterBody() : .copying(left - count)
            case .ended:
                state = .unusual
                return
            case .unusual: return
            }
        }
    }

    private var isStored = false
    private var storedSize = 0

    private func next(after part: Part) -> State {
        switch part {
        case .localHeader: readLocalHeader()
        case .descriptorStart:
            if record.starts(with: [0x50, 0x4B, 0x07, 0x08]) {
                .gathering(.descriptorRest, needed: 12)
            } else if number(at: 0, bytes: 4) == checksum {
                .passing(8, then: .centralHeader, needed: Self.centralSize)
            } else {
                .unusual
            }
        case .descriptorRest:
            number(at: 0, bytes: 4) == checksum ? .gathering(.centralHeader, needed: Self.centralSize) : .unusual
        case .centralHeader: readCentralHeader()
        case .endRecord: readEndRecord()
        }
    }

    private func readLocalHeader() -> State {
        guard record.starts(with: [0x50, 0x4B, 0x03, 0x04]) else { return .unusual }
        let flags = number(at: 6, bytes: 2)
        let method = number(at: 8, bytes: 2)
        hasDescriptor = flags & 0x8 != 0
        isStored = method == 0
        storedSize = Int(number(at: 18, bytes: 4))
        expectedChecksum = number(at: 14, bytes: 4)
        // Encrypted, of unknown length, of another method or ZIP64: not what the SDK makes.
        guard flags & 0x1 == 0, method == 8 || (isStored && !hasDescriptor), storedSize != 0xFFFF_FFFF else {
            return .unusual
        }
        let nameAndExtra = Int(number(at: 26, bytes: 2) + number(at: 28, bytes: 2))
        return nameAndExtra == 0 ? bodyState() : .passing(nameAndExtra, then: .localHeader, needed: 0)
    }

    private func bodyState() -> State {
        if isStored { return storedSize == 0 ? afterBody() : .copying(storedSize) }
        inflater = Inflater()
        return inflater == nil ? .unusual : .inflating
    }

    private func afterBody() -> State {
        if hasDescriptor { return .gathering(.descriptorStart, needed: 4) }
        return checksum == expectedChecksum ? .gathering(.centralHeader, needed: Self.centralSize) : .unusual
    }

    private func inflate(_ rest: inout UnsafeRawBufferPointer) {
        guard let inflater else { return state = .unusual }
        let count = min(rest.count, Self.ratioStep - packedBytes % Self.ratioStep)
        var piece = UnsafeRawBufferPointer(rebasing: rest[..<count])
        let progress = inflater.inflate(&piece, { self.take($0) })
        let used = count - piece.count
        packedBytes += used
        rest = UnsafeRawBufferPointer(rebasing: rest[used...])
        switch progress {
        case .wantsMore where used > 0 && (packedBytes % Self.ratioStep != 0 || isWorthReading): return
        case .ended where isWorthReading: state = afterBody()
        case .wantsMore, .ended, .failed: state = .unusual
        }
        self.inflater = nil
    }

    /// Whether the entry has not grown beyond the ratio.
    private var isWorthReading: Bool {
        unpackedBytes <= limits.unpackedAllowance + packedBytes * limits.unpackedRatio
    }

    /// False when the entry, or the package, has grown beyond what is unpacked at all.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if !isStored {
            // Never more than the limit, whatever the length of the piece that goes over it.
            budget.spend(min(bytes.count, limits.unpackedBytes - unpackedBytes))
            guard unpackedBytes + bytes.count <= limits.unpackedBytes, !budget.isExhausted else { return false }
        }
        unpackedBytes += bytes.count
        checksum = UInt(crc32(checksum, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count)))
        digest.update(bytes)
        signatures.consume(bytes)
        return true
    }

    private func readCentralHeader() -> State {
        guard record.starts(with: [0x50, 0x4B, 0x01, 0x02]) else { return .unusual }
        let variable = Int(number(at: 28, bytes: 2) + number(at: 30, bytes: 2) + number(at: 32, bytes: 2))
        return variable == 0
            ? .gathering(.endRecord, needed: Self.endSize) : .passing(variable, then: .endRecord, needed: Self.endSize)
    }

    private func readEndRecord() -> State {
        // The end record proves that there is no second entry; a comment after it is nobody's habit.
        guard record.starts(with: [0x50, 0x4B, 0x05, 0x06]), number(at: 10, bytes: 2) == 1,
            number(at: 20, bytes: 2) == 0
        else { return .unusual }
        return .ended
    }

    /// A little-endian number of `record`.
    private func number(at offset: Int, bytes: Int) -> UInt {
        var value: UInt = 0
        for index in (0..<bytes).reversed() { value = value << 8 | UInt(record[offset + index]) }
        return value
    }
}
