// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing
import Trust

@Suite(.timeLimit(.minutes(2))) struct FrameTests {
    static let frame = FrameLayout.plaintextByteCount
    /// Lengths on both sides of every edge.
    static let lengths = [0, 1, 17, frame - 1, frame, frame + 1, 2 * frame, 2 * frame + 1, 3 * frame - 1, 150_000]

    let key = AESKey(bytes: Array(0..<32)) ?? AESKey()

    private func content(_ length: Int) -> [UInt8] { (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    private func layout(_ length: Int) throws -> FrameLayout { try #require(FrameLayout(plaintextLength: length)) }

    /// Seals in pieces whose lengths `next` says.
    private func sealed(_ plaintext: [UInt8], pieces next: () -> Int = { .max }) -> [UInt8] {
        var encryptor = FrameEncryptor(key)
        var output: [UInt8] = []
        plaintext.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(next())
                encryptor.update(UnsafeRawBufferPointer(rebasing: piece)) { output += $0 }
                rest = rest.dropFirst(piece.count)
            }
        }
        encryptor.finish { output += $0 }
        return output
    }

    private func opened(
        _ sealed: [UInt8], _ layout: FrameLayout, _ range: Range<Int>? = nil, key: AESKey? = nil,
        pieces next: () -> Int = { .max }
    ) throws(FrameProblem) -> [UInt8] {
        var decryptor = FrameDecryptor(key ?? self.key, layout, range: range)
        var output: [UInt8] = []
        var rest = sealed[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(next()))
            try piece.span.withUnsafeBytes { (piece) throws(FrameProblem) in
                try decryptor.update(piece) { output += $0 }
            }
            rest = rest.dropFirst(piece.count)
        }
        try decryptor.finish()
        return output
    }

    /// The expected digests are of the same frames made by python-cryptography, from the words in `FrameLayout` alone.
    @Test func `the format is the one that is written down`() {
        #expect(sealed([]).hex == "8f5a9b4bbfba08bf1b7d3ee37a78f43a")
        let bytes = sealed(content(150_000))
        #expect(bytes.count == 150_048)
        #expect(SHA256Digest(of: bytes).hex == "4127435df296ed2cf33f782129933f9c88bcab9795b948e163315857b74e8ca5")
    }

    @Test(arguments: lengths)
    func `what is sealed opens, as long as the layout says`(length: Int) throws {
        let layout = try layout(length)
        let bytes = sealed(content(length))
        #expect(bytes.count == layout.sealedLength)
        #expect(try opened(bytes, layout) == content(length))
        #expect(throws: FrameProblem.forged(frame: 0)) { try opened(bytes, layout, key: AESKey()) }
    }

    @Test(arguments: lengths)
    func `any cut into pieces gives the same bytes`(length: Int) throws {
        let plaintext = content(length)
        let whole = sealed(plaintext)
        var generator = SeededGenerator(seed: UInt64(length))
        for longest in [1_000, Self.frame / 2, Self.frame, Self.frame + 1, 2 * Self.frame + 17] {
            #expect(sealed(plaintext) { Int.random(in: 1...longest, using: &generator) } == whole)
            let again = try opened(whole, layout(length)) { Int.random(in: 1...longest, using: &generator) }
            #expect(again == plaintext)
        }
        let step = length > Self.frame ? 4_099 : 1
        #expect(sealed(plaintext) { step } == whole)
        #expect(try opened(whole, layout(length)) { step } == plaintext)
    }

    @Test(arguments: [0, 1, 40, 200])
    func `every byte of a short content counts`(length: Int) throws {
        let layout = try layout(length)
        let bytes = sealed(content(length))
        for index in bytes.indices {
            for bit in 0..<8 {
                var forged = bytes
                forged[index] ^= 1 << bit
                #expect(throws: FrameProblem.forged(frame: 0)) { try opened(forged, layout) }
            }
        }
    }

    @Test func `a changed byte is met in its frame, and nothing of that frame is handed out`() throws {
        let length = 3 * Self.frame + 100
        let layout = try layout(length)
        let bytes = sealed(content(length))
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<60 {
            let index = Int.random(in: bytes.indices, using: &generator)
            var forged = bytes
            forged[index] ^= UInt8.random(in: 1...255, using: &generator)
            var decryptor = FrameDecryptor(key, layout)
            var handedOut = 0
            let number = index / FrameLayout.sealedByteCount
            #expect(throws: FrameProblem.forged(frame: number)) {
                try forged.withUnsafeBytes { bytes in try decryptor.update(bytes) { handedOut += $0.count } }
            }
            #expect(handedOut == number * Self.frame)
        }
    }

    @Test func `frames moved, repeated, left out, added or cut off are refused`() throws {
        let length = 4 * Self.frame
        let layout = try layout(length)
        let bytes = sealed(content(length))
        let frames = (0..<4).map { Array(bytes[layout.sealedRange(of: $0..<$0 + 1)]) }
        func refuses(_ order: [Int], as layout: FrameLayout) -> Bool {
            (try? opened(order.flatMap { frames[$0] }, layout)) == nil
        }
        // Every sequence of up to four of the four frames but the right one.
        for count in 0...4 {
            for number in 0..<(0..<count).reduce(1, { total, _ in total * 4 }) {
                let order = (0..<count).map { number >> (2 * $0) & 3 }
                #expect(refuses(order, as: layout) == (order != [0, 1, 2, 3]), "\(order)")
                // Nor does it help to change the length that the database says.
                let shorter = try #require(FrameLayout(plaintextLength: count * Self.frame))
                #expect(refuses(order, as: shorter) == (order != [0, 1, 2, 3]), "\(order)")
            }
        }
        #expect(throws: FrameProblem.tooLong) { try opened(bytes + [0], layout) }
        #expect(throws: FrameProblem.tooLong) { try opened(bytes + frames[3], layout) }
        let longer = try #require(FrameLayout(plaintextLength: 5 * Self.frame))
        #expect(throws: FrameProblem.forged(frame: 3)) { try opened(bytes + frames[3], longer) }
        for cut in [1, 15, 16, 17, Self.frame, FrameLayout.sealedByteCount - 1] {
            #expect(throws: FrameProblem.truncated(frame: 3)) { try opened(bytes.dropLast(cut), layout) }
            #expect(throws: FrameProblem.self) {
                try opened(bytes.dropLast(cut), try #require(FrameLayout(plaintextLength: length - cut)))
            }
        }
    }

    @Test(arguments: lengths)
    func `a range is the slice, from its frames alone`(length: Int) throws {
        let plaintext = content(length)
        let layout = try layout(length)
        let bytes = sealed(plaintext)
        var generator = SeededGenerator(seed: UInt64(length) &+ 1)
        var edges = Set([0, 1, Self.frame - 1, Self.frame, Self.frame + 1, 2 * Self.frame, length - 1, length])
        for _ in 0..<4 { edges.insert(Int.random(in: 0...length, using: &generator)) }
        let inside = edges.filter { (0...length).contains($0) }.sorted()
        for lower in inside {
            for upper in inside where upper >= lower {
                let needed = FrameDecryptor(key, layout, range: lower..<upper).sealedRange
                let frames = layout.frames(covering: lower..<upper)
                #expect(needed == layout.sealedRange(of: frames))
                #expect(needed.count <= upper - lower + 2 * FrameLayout.sealedByteCount)
                #expect(try opened(Array(bytes[needed]), layout, lower..<upper) == Array(plaintext[lower..<upper]))
            }
        }
    }

    @Test func `single frames open in any order and in place`() throws {
        let length = 2 * Self.frame + 5
        let layout = try layout(length)
        var bytes = sealed(content(length))
        var opener = FrameOpener(key, layout)
        for number in [2, 0, 1] {
            let range = layout.sealedRange(of: number..<number + 1)
            let count = layout.plaintextCount(of: number)
            try bytes.withUnsafeMutableBytes { bytes in
                let frame = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
                let output = UnsafeMutableRawBufferPointer(rebasing: frame[..<count])
                try opener.open(number, UnsafeRawBufferPointer(frame), into: output)
                #expect(Array(output) == Array(content(length)[number * Self.frame..<number * Self.frame + count]))
            }
        }
    }

    @Test func `a layout has a length between none and the longest`() {
        #expect(FrameLayout(plaintextLength: -1) == nil)
        #expect(FrameLayout(plaintextLength: FrameLayout.maxPlaintextLength)?.frameCount == 1 << 24)
        #expect(FrameLayout(plaintextLength: FrameLayout.maxPlaintextLength + 1) == nil)
    }
}
