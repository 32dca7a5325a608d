// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Foundation
import TestKit
import Testing
import Trust

/// pymerkle, an implementation of the same RFC by others, in its own process. `make peers` installs it.
@Suite struct MerklePeerTests {
    /// Of the environment that `make peers` makes; nil where it was not made.
    private static let python: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appending(path: ".build/peers/bin/python").path(percentEncoded: false)
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    private struct Answer: Decodable {
        let root: String
        let inclusion: [[String]]
        let earlier: [String]
    }

    /// Reads trees of leaves in hexadecimal, with the places and earlier sizes that are asked for; writes roots and paths.
    private static let peer = """
        import json, sys
        from pymerkle import InmemoryTree
        answers = []
        for leaves, places, sizes in json.load(sys.stdin):
            tree = InmemoryTree(algorithm='sha256')
            for leaf in leaves:
                tree.append_entry(bytes.fromhex(leaf))
            answers.append({
                'root': tree.get_root().hex(),
                'inclusion': [tree.prove_inclusion(place + 1).serialize()['path'] for place in places],
                'earlier': [tree.get_root(size).hex() for size in sizes],
            })
        json.dump(answers, sys.stdout)
        """

    private struct Question: Encodable {
        let tree: GrownTree
        let places: [Int]
        let sizes: [Int]

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(tree.leaves.map(\.hex))
            try list.encode(places)
            try list.encode(sizes)
        }
    }

    @Test(.timeLimit(.minutes(2)), .enabled(if: python != nil, "pymerkle is not installed: make peers"))
    func `pymerkle has the same roots and audit paths of random trees`() async throws {
        var random = SeededGenerator(seed: 8)
        let questions = (0..<60).map { number in
            let size = number < 20 ? number + 1 : Int.random(in: 1...700, using: &random)
            return Question(
                tree: GrownTree(size: size, seed: random.next()),
                places: (0..<6).map { _ in Int.random(in: 0..<size, using: &random) },
                sizes: (0..<6).map { _ in Int.random(in: 1...size, using: &random) })
        }
        let input = String(decoding: try JSONEncoder().encode(questions), as: UTF8.self)
        let tool = try await Tool.run(try #require(Self.python), ["-c", Self.peer], input: input)
        try #require(tool.status == 0, "\(tool.output)")
        let answers = try JSONDecoder().decode([Answer].self, from: Data(tool.output.utf8))
        try #require(answers.count == questions.count)
        for (question, answer) in zip(questions, answers) {
            let (tree, size) = (question.tree, question.tree.leaves.count)
            #expect(tree.edge.root.hex == answer.root)
            for (index, path) in zip(question.places, answer.inclusion) {
                let proof = try InclusionProof(index: index, size: size, from: tree.tiles)
                // Its paths begin with the leaf.
                #expect([MerkleTree.leafHash(tree.leaves[index]).hex] + proof.path.map(\.hex) == path)
            }
            // Its proofs of consistency have another form than the RFC's: ours must hold between its roots.
            for (first, root) in zip(question.sizes, answer.earlier) {
                let proof = try ConsistencyProof(first: first, second: size, from: tree.tiles)
                let earlier = try #require(SHA256Digest(hex: root))
                #expect(proof.verify(firstRoot: earlier, secondRoot: tree.edge.root), "\(first) in \(size)")
            }
        }
    }
}
