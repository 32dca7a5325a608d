// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing
import Trust

@testable import EdXML

struct WrappedContentTests {
    private static let content = Array("Nội dung văn bản mẫu, lặp lại. ".utf8) + Invented.random(5_000, seed: 1)

    private func result(
        _ bytes: [UInt8], piece: Int = .max, _ limits: PackageLimits = .standard
    ) -> WrappedContent.Result? {
        let wrapped = WrappedContent(limits: limits, budget: UnpackingBudget(limit: limits.unpackedTotalBytes))
        var rest = bytes[...]
        while !rest.isEmpty {
            Array(rest.prefix(piece)).withUnsafeBytes { wrapped.consume($0) }
            rest = rest.dropFirst(piece)
        }
        return wrapped.result
    }

    @Test(arguments: [1, 7, 100, 3_071, Int.max]) func singleEntryIsReadHoweverItIsCut(piece: Int) {
        for isStored in [false, true] {
            for hasDescriptor in [false, true] where !(isStored && hasDescriptor) {
                for hasSignature in [false, true] {
                    let options = Zip.Options(
                        isStored: isStored, hasDescriptor: hasDescriptor, hasDescriptorSignature: hasSignature)
                    let found = result(Zip.archive([("x.txt", Self.content)], options), piece: piece)
                    #expect(found?.digest == SHA256Digest(of: Self.content), "\(options)")
                    #expect(found?.bytes == Self.content.count)
                }
            }
        }
        #expect(result(Zip.archive([("", [])]), piece: piece)?.bytes == 0)
        #expect(result(Zip.archive([("", [])], .init(isStored: true, hasDescriptor: false)), piece: piece)?.bytes == 0)
    }

    @Test func anythingUnusualHasNoResult() {
        let sound = Zip.archive([("x.txt", Self.content)])
        #expect(result(sound) != nil)
        #expect(result(Zip.archive([("x.txt", Self.content), ("y.txt", [1])])) == nil)
        #expect(result(Zip.archive([("x.txt", Self.content)], .init(spoilsChecksum: true))) == nil)
        #expect(result(Zip.archive([("x", [1, 2])], .init(isStored: true, hasDescriptor: true))) == nil)
        #expect(result(Invented.pdf) == nil)
        #expect(result(sound + [0]) == nil)
        #expect(result([0] + sound) == nil)
        var encrypted = sound
        encrypted[6] |= 1
        #expect(result(encrypted) == nil)
        for count in stride(from: 0, to: sound.count, by: 13) { #expect(result(Array(sound.prefix(count))) == nil) }
    }

    @Test func bombIsLeftAlone() {
        let bomb = Zip.archive([("x", [UInt8](repeating: 0, count: 8 << 20))])
        #expect(bomb.count < 20_000)
        #expect(result(bomb) == nil)
        var limits = PackageLimits()
        limits.unpackedRatio = 2_000
        #expect(result(bomb, limits)?.bytes == 8 << 20)
        limits.unpackedBytes = (8 << 20) - 1
        #expect(result(bomb, limits) == nil)
        limits.unpackedBytes = 8 << 20
        #expect(result(bomb, limits) != nil)
        limits.unpackedTotalBytes = (8 << 20) - 1
        #expect(result(bomb, limits) == nil)
    }

    @Test func anEntryMayGrowSoMuchAndNotByOneByteMore() {
        let content = [UInt8](repeating: 7, count: 300_000)
        let archive = Zip.archive([("x", content)])
        var limits = PackageLimits()
        limits.unpackedRatio = 0
        limits.unpackedAllowance = content.count
        #expect(result(archive, limits)?.bytes == content.count)
        limits.unpackedAllowance = content.count - 1
        #expect(result(archive, limits) == nil)
        // Beyond the allowance it is the ratio that counts, for each packed byte.
        let packed = Zip.deflate(content).count
        limits.unpackedRatio = 20
        limits.unpackedAllowance = content.count - 20 * packed
        #expect(result(archive, limits)?.bytes == content.count)
        limits.unpackedAllowance -= 1
        #expect(result(archive, limits) == nil)
    }

    /// What becomes of an entry near the bounds must not depend on how its bytes came: the meaning would.
    @Test func theVerdictNearTheBoundsDoesNotDependOnTheCut() {
        // Dense first, then sparse: the ratio is highest in the middle of nowhere.
        let content =
            Invented.random(6_000, seed: 8) + [UInt8](repeating: 0, count: 900_000) + Invented.random(9_000, seed: 9)
        let archive = Zip.archive([("x", content)])
        var verdicts: Set<Bool> = []
        for allowance in stride(from: 0, through: 900_000, by: 20_011) {
            var limits = PackageLimits()
            limits.unpackedAllowance = allowance
            limits.unpackedRatio = 50
            let whole = result(archive, limits) != nil
            verdicts.insert(whole)
            for piece in [1, 1_000, 4_095, 4_097, 7_001] {
                #expect((result(archive, piece: piece, limits) != nil) == whole, "\(allowance), \(piece)")
            }
        }
        #expect(verdicts == [true, false])
    }

    @Test func aBudgetIsSpentInTheSameWayHoweverTheBytesCome() {
        let archives = [
            Zip.archive([("x", [UInt8](repeating: 1, count: 300_000))]),
            Zip.archive([("y", [UInt8](repeating: 2, count: 500_000))], .init(spoilsChecksum: true)),
        ]
        // The second one grows over its own limit, and counts no more than that.
        var limits = PackageLimits()
        limits.unpackedBytes = 400_000
        for (total, isExhausted) in [(699_999, true), (700_000, false)] {
            for piece in [1, 333, Int.max] {
                for order in [archives, archives.reversed()] {
                    let budget = UnpackingBudget(limit: total)
                    for archive in order {
                        let wrapped = WrappedContent(limits: limits, budget: budget)
                        var rest = archive[...]
                        while !rest.isEmpty {
                            Array(rest.prefix(piece)).withUnsafeBytes { wrapped.consume($0) }
                            rest = rest.dropFirst(piece)
                        }
                    }
                    #expect(budget.isExhausted == isExhausted, "\(total), \(piece)")
                }
            }
        }
    }

    @Test func strayBytesNeverCrash() {
        var generator = SeededGenerator(seed: 3)
        let sound = Zip.archive([("x.txt", Self.content)])
        for _ in 0..<2_000 {
            var changed = sound
            for _ in 0..<3 {
                changed[Int.random(in: changed.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            // Whatever is claimed to be inside must at least have the checksum.
            if let found = result(changed, piece: 512) { #expect(found.bytes == Self.content.count) }
        }
    }
}
