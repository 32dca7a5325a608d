// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Replays what the fuzzers keep: every input that once was a finding, and the corpus that they begin with.
@Suite(.timeLimit(.minutes(5))) struct RegressionTests {
    private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz")

    private func inputs(_ kind: String, _ target: FuzzTarget) throws -> [URL] {
        let place = Self.folder.appending(path: "\(kind)/\(target.rawValue)")
        guard FileManager.default.fileExists(atPath: place.path(percentEncoded: false)) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
    }

    @Test(arguments: FuzzTarget.allCases) func `what was found once holds`(target: FuzzTarget) throws {
        let kept = try inputs("corpus", target)
        #expect(!kept.isEmpty, "a fuzzer without a corpus begins at nothing")
        for input in try kept + inputs("regressions", target) {
            do {
                try target.check([UInt8](Data(contentsOf: input)))
            } catch {
                Issue.record("\(input.lastPathComponent): \(error)")
            }
        }
    }

    @Test func `a property can fail`() {
        #expect(throws: BrokenProperty.self) { try hold(false, "what must hold") }
        #expect(throws: Never.self) { try hold(true, "what must hold") }
    }

    @Test func `pieces are the whole, and of their lengths`() {
        let input = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        for longest in [1, 7, 2_000] {
            let pieces = Array(Pieces(input, longest: longest))
            #expect(pieces.flatMap(\.self) == input)
            #expect(pieces.allSatisfy { (1...longest).contains($0.count) })
        }
    }
}
