// SPDX-License-Identifier: Apache-2.0
import Trust

/// Proof that a leaf stands at a place in a tree: the audit path (RFC 6962 §2.1.1).
public struct InclusionProof: Sendable, Equatable {
    /// Most hashes of a path in a tree of `MerkleTree.maxSize`.
    public static let maxPath = 47

    /// Place of the leaf, from 0.
    public let index: Int
    /// Leaves of the tree.
    public let size: Int
    public let path: [SHA256Digest]

    /// A proof that somebody made; `verify` tells whether it is one.
    public init(index: Int, size: Int, path: [SHA256Digest]) {
        self.index = index
        self.size = size
        self.path = path
    }

    /// - Parameter tiles: those of `MerkleTiles.inclusion(index:size:)`, complete or as the tree of `size` had them.
    /// - Precondition: 0 ≤ `index` < `size` ≤ `MerkleTree.maxSize`.
    public init(index: Int, size: Int, from tiles: MerkleTiles) throws(MerkleTiles.Missing) {
        precondition(0 <= index && index < size && size <= MerkleTree.maxSize, "no leaf of this tree")
        var path: [SHA256Digest] = []
        for range in MerkleTree.inclusionRanges(index: index, size: size) { path.append(try tiles.hash(of: range)) }
        self.init(index: index, size: size, path: path)
    }

    /// Whether this leaf stands at `index` in the tree of `size` leaves with this root. Takes whatever a stranger may have
    /// written into the proof; walks as RFC 9162 §2.1.3.2.
    public func verify(leaf: SHA256Digest, root: SHA256Digest) -> Bool {
        guard index >= 0, index < size, size <= MerkleTree.maxSize, path.count <= Self.maxPath else { return false }
        var hash = leaf
        var place = index
        var last = size - 1
        for sibling in path {
            guard last > 0 else { return false }
            if place % 2 == 1 || place == last {
                hash = MerkleTree.nodeHash(sibling, hash)
                // The last node of a row with an odd number stands unchanged in the rows above, until it has a neighbour.
                while place % 2 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                hash = MerkleTree.nodeHash(hash, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }
}

/// Proof that a tree is the beginning of a larger one: nothing was altered or left out between (RFC 6962 §2.1.2).
public struct ConsistencyProof: Sendable, Equatable {
    /// Most hashes of a path in trees of `MerkleTree.maxSize`.
    public static let maxPath = 48

    /// Leaves of the smaller tree.
    public let first: Int
    /// Leaves of the larger tree.
    public let second: Int
    public let path: [SHA256Digest]

    /// A proof that somebody made; `verify` tells whether it is one.
    public init(first: Int, second: Int, path: [SHA256Digest]) {
        self.first = first
        self.second = second
        self.path = path
    }

    /// - Parameter tiles: those of `MerkleTiles.consistency(first:second:)`, complete or as the tree of `second` had them.
    /// - Precondition: 0 ≤ `first` ≤ `second` ≤ `MerkleTree.maxSize`.
    public init(first: Int, second: Int, from tiles: MerkleTiles) throws(MerkleTiles.Missing) {
        precondition(0 <= first && first <= second && second <= MerkleTree.maxSize, "no smaller tree")
        var path: [SHA256Digest] = []
        for range in MerkleTree.consistencyRanges(first: first, second: second) {
            path.append(try tiles.hash(of: range))
        }
        self.init(first: first, second: second, path: path)
    }

    /// Whether the tree of `first` leaves with the one root is the beginning of the tree of `second` leaves with the other.
    /// Takes whatever a stranger may have written into the proof; walks as RFC 9162 §2.1.4.2.
    public func verify(firstRoot: SHA256Digest, secondRoot: SHA256Digest) -> Bool {
        guard 0 <= first, first <= second, second <= MerkleTree.maxSize, path.count <= Self.maxPath else {
            return false
        }
        if first == second { return path.isEmpty && firstRoot == secondRoot }
        // Every tree begins with the empty one.
        if first == 0 { return path.isEmpty && firstRoot == MerkleTree.emptyRoot }
        var place = first - 1
        var last = second - 1
        while place % 2 == 1 {
            place >>= 1
            last >>= 1
        }
        var rest = path[...]
        // A complete first tree is a node of the second: its root, which is known, begins the walk.
        guard let start = place == 0 ? firstRoot : rest.popFirst() else { return false }
        var (old, new) = (start, start)
        for sibling in rest {
            guard last > 0 else { return false }
            if place % 2 == 1 || place == last {
                old = MerkleTree.nodeHash(sibling, old)
                new = MerkleTree.nodeHash(sibling, new)
                while place % 2 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                new = MerkleTree.nodeHash(new, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && old == firstRoot && new == secondRoot
    }
}
