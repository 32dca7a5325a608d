// SPDX-License-Identifier: Apache-2.0
import Trust

/// The hashes of a Merkle tree as RFC 6962 §2.1 defines them, and which parts of a tree they are made of.
public enum MerkleTree {
    /// Most leaves of a tree: three years at a million a second have fewer.
    public static let maxSize = 1 << 47

    /// The root of a tree without leaves.
    public static let emptyRoot = SHA256Digest(of: [])

    /// The hash of a leaf: its bytes behind a zero, so that no leaf can be taken for a node.
    public static func leafHash(_ leaf: some Collection<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update([0])
        hash.update(leaf)
        return hash.current()
    }

    /// The hash of a node above two others.
    public static func nodeHash(_ left: SHA256Digest, _ right: SHA256Digest) -> SHA256Digest {
        SHA256Digest(of: [1] + left.bytes + right.bytes)
    }

    /// The hash above neighbouring complete subtrees, the largest of them first; nil of none.
    static func fold(_ hashes: [SHA256Digest]) -> SHA256Digest? {
        guard var hash = hashes.last else { return nil }
        for left in hashes.dropLast().reversed() { hash = nodeHash(left, hash) }
        return hash
    }

    /// The largest power of two below `count`, which is at least 2: where a tree of so many leaves is split.
    static func split(_ count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }

    /// The leaves whose hashes are the audit path of a leaf, from the leaf upwards (RFC 6962 §2.1.1).
    static func inclusionRanges(index: Int, size: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var whole = 0..<size
        while whole.count > 1 {
            let middle = whole.lowerBound + split(whole.count)
            if index < middle {
                ranges.append(middle..<whole.upperBound)
                whole = whole.lowerBound..<middle
            } else {
                ranges.append(whole.lowerBound..<middle)
                whole = middle..<whole.upperBound
            }
        }
        return ranges.reversed()
    }

    /// The leaves whose hashes prove that a tree of `first` leaves is the beginning of one of `second` (RFC 6962 §2.1.2).
    static func consistencyRanges(first: Int, second: Int) -> [Range<Int>] {
        guard first > 0, first < second else { return [] }
        var ranges: [Range<Int>] = []
        var whole = 0..<second
        // Whether what is left is the first tree itself, whose root the verifier has.
        var isFirstTree = true
        while whole.upperBound != first {
            let middle = whole.lowerBound + split(whole.count)
            if first <= middle {
                ranges.append(middle..<whole.upperBound)
                whole = whole.lowerBound..<middle
            } else {
                ranges.append(whole.lowerBound..<middle)
                whole = middle..<whole.upperBound
                isFirstTree = false
            }
        }
        if !isFirstTree { ranges.append(whole) }
        return ranges.reversed()
    }
}

/// A complete subtree: the 2^`height` leaves from `index` · 2^`height` on.
struct MerkleNode: Hashable, Sendable {
    let height: Int
    let index: Int

    /// The complete subtrees of which neighbouring leaves consist, the largest first: those whose hashes `MerkleTree.fold`
    /// makes into the hash of all. `range` is one that a tree is split into, or a whole tree.
    static func all(of range: Range<Int>) -> [MerkleNode] {
        var nodes: [MerkleNode] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let height = Int.bitWidth - 1 - (range.upperBound - start).leadingZeroBitCount
            nodes.append(MerkleNode(height: height, index: start >> height))
            start += 1 << height
        }
        return nodes
    }
}
