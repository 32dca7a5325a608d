// SPDX-License-Identifier: Apache-2.0
import AuditLog
import TestKit
import Trust

/// A tree that grew leaf by leaf, as a log's does, with all that it kept on the way.
struct GrownTree {
    var edge = MerkleEdge()
    var complete: [MerkleTile] = []
    var leaves: [[UInt8]] = []

    init(_ leaves: [[UInt8]] = []) {
        for leaf in leaves { append(leaf) }
    }

    /// A tree of random leaves.
    init(size: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.init((0..<size).map { _ in random.bytes(Int.random(in: 0...40, using: &random)) })
    }

    mutating func append(_ leaf: [UInt8]) {
        leaves.append(leaf)
        complete += edge.append(MerkleTree.leafHash(leaf))
    }

    var tiles: MerkleTiles { MerkleTiles(complete + edge.tiles) }
}
