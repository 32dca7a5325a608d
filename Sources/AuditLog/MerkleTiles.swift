// SPDX-License-Identifier: Apache-2.0
import Trust

/// A tile: 256 neighbouring hashes of one height, or fewer at the right edge of a tree. Level 0 has the hashes of leaves,
/// each level above those over the complete tiles below.
///
/// What a log keeps for its proofs: few rows, each written once when it is complete, and a proof needs one of each level.
public struct MerkleTile: Hashable, Sendable {
    /// Levels of hashes in one tile.
    static let height = 8
    /// Hashes of a complete tile.
    public static let width = 1 << height
    /// Levels that the largest tree has.
    public static let maxLevels = 6

    public struct Address: Hashable, Comparable, Sendable {
        public let level: Int
        public let index: Int

        public init(level: Int, index: Int) {
            self.level = level
            self.index = index
        }

        public static func < (left: Address, right: Address) -> Bool {
            (left.level, left.index) < (right.level, right.index)
        }

        /// How many hashes the tile has in a tree of so many leaves: 0 to `width`.
        public func count(inTreeOf size: Int) -> Int {
            min(max((size >> (height * level)) - index * width, 0), width)
        }
    }

    public let address: Address
    public let hashes: [SHA256Digest]

    /// - Precondition: no more than `width` hashes.
    public init(address: Address, hashes: [SHA256Digest]) {
        precondition(hashes.count <= Self.width, "more hashes than a tile has")
        self.address = address
        self.hashes = hashes
    }

    /// The hash over a complete tile, which stands in the tile above.
    public var root: SHA256Digest { Self.root(of: hashes) }

    /// The hash over 2^n hashes.
    static func root(of hashes: some Collection<SHA256Digest>) -> SHA256Digest {
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count - 1, by: 2).map { MerkleTree.nodeHash(row[$0], row[$0 + 1]) }
        }
        return row.first ?? MerkleTree.emptyRoot
    }
}

/// The right edge of a growing tree: the hashes that are in no complete tile yet. Memory and the work of a leaf do not grow
/// with the tree.
public struct MerkleEdge: Sendable {
    /// Leaves so far.
    public private(set) var size: Int
    /// By level, fewer than a tile has.
    private var hashes: [[SHA256Digest]]

    /// Of a tree without leaves.
    public init() {
        size = 0
        hashes = []
    }

    /// Of a tree that was kept: from the lowest level up, the hashes that are in no complete tile. Nil where they are not as
    /// many as a tree of this size has.
    public init?(size: Int, hashes: [[SHA256Digest]]) {
        guard (0...MerkleTree.maxSize).contains(size) else { return nil }
        let counts = Self.counts(of: size)
        guard hashes.prefix(counts.count).map(\.count) == counts,
            hashes.dropFirst(counts.count).allSatisfy(\.isEmpty)
        else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// By level, how many hashes of a tree of this size are in no complete tile.
    public static func counts(of size: Int) -> [Int] {
        var counts: [Int] = []
        var rest = size
        while rest > 0 {
            counts.append(rest % MerkleTile.width)
            rest /= MerkleTile.width
        }
        return counts
    }

    /// Adds a leaf by its hash.
    ///
    /// - Returns: the tiles that it completed, from the lowest; mostly none.
    public mutating func append(_ leaf: SHA256Digest) -> [MerkleTile] {
        precondition(size < MerkleTree.maxSize, "a tree has no more leaves than that")
        var complete: [MerkleTile] = []
        var hash = leaf
        var level = 0
        while true {
            if level == hashes.count { hashes.append([]) }
            hashes[level].append(hash)
            if hashes[level].count < MerkleTile.width { break }
            let index = size >> (MerkleTile.height * (level + 1))
            let tile = MerkleTile(address: .init(level: level, index: index), hashes: hashes[level])
            hashes[level] = []
            hash = tile.root
            complete.append(tile)
            level += 1
        }
        size += 1
        return complete
    }

    /// The root of the tree.
    public var root: SHA256Digest {
        var subtrees: [SHA256Digest] = []
        for level in hashes.indices.reversed() {
            var start = 0
            for bit in (0..<MerkleTile.height).reversed() where hashes[level].count & (1 << bit) != 0 {
                subtrees.append(MerkleTile.root(of: hashes[level][start..<start + (1 << bit)]))
                start += 1 << bit
            }
        }
        return MerkleTree.fold(subtrees) ?? MerkleTree.emptyRoot
    }

    /// The incomplete tiles, for whoever proves something of the tree that stands now.
    public var tiles: [MerkleTile] {
        hashes.enumerated().compactMap { level, hashes in
            if hashes.isEmpty { return nil }
            let index = size >> (MerkleTile.height * (level + 1))
            return MerkleTile(address: .init(level: level, index: index), hashes: hashes)
        }
    }
}

/// The tiles that somebody has at hand, and the hashes that can be had from them.
public struct MerkleTiles: Sendable {
    /// Hashes of a tile are not at hand, or fewer than are needed.
    public struct Missing: Error, Equatable {
        public let address: MerkleTile.Address
    }

    private var hashes: [MerkleTile.Address: [SHA256Digest]] = [:]

    public init(_ tiles: some Sequence<MerkleTile> = []) {
        for tile in tiles { insert(tile) }
    }

    /// The one with more hashes counts, where two are given.
    public mutating func insert(_ tile: MerkleTile) {
        if tile.hashes.count > hashes[tile.address]?.count ?? 0 { hashes[tile.address] = tile.hashes }
    }

    /// The tiles from which `InclusionProof(index:size:from:)` is made.
    public static func inclusion(index: Int, size: Int) -> Set<MerkleTile.Address> {
        addresses(MerkleTree.inclusionRanges(index: index, size: size))
    }

    /// The tiles from which `ConsistencyProof(first:second:from:)` is made.
    public static func consistency(first: Int, second: Int) -> Set<MerkleTile.Address> {
        addresses(MerkleTree.consistencyRanges(first: first, second: second))
    }

    /// The tiles from which `root(size:)` is made.
    public static func root(size: Int) -> Set<MerkleTile.Address> { addresses([0..<size]) }

    private static func addresses(_ ranges: [Range<Int>]) -> Set<MerkleTile.Address> {
        var addresses: Set<MerkleTile.Address> = []
        for range in ranges {
            for node in MerkleNode.all(of: range) { addresses.insert(node.place.address) }
        }
        return addresses
    }

    /// The root of the tree that the first `size` leaves make.
    public func root(size: Int) throws(Missing) -> SHA256Digest {
        size == 0 ? MerkleTree.emptyRoot : try hash(of: 0..<size)
    }

    func hash(of range: Range<Int>) throws(Missing) -> SHA256Digest {
        var subtrees: [SHA256Digest] = []
        for node in MerkleNode.all(of: range) {
            let (address, places) = node.place
            guard let tile = hashes[address], places.upperBound <= tile.count else { throw Missing(address: address) }
            subtrees.append(MerkleTile.root(of: tile[places]))
        }
        return MerkleTree.fold(subtrees) ?? MerkleTree.emptyRoot
    }
}

extension MerkleNode {
    /// Where its hashes stand: in one tile always, because a tile begins at a multiple of every smaller power of two.
    fileprivate var place: (address: MerkleTile.Address, places: Range<Int>) {
        let (level, above) = height.quotientAndRemainder(dividingBy: MerkleTile.height)
        let first = index << above
        let place = first % MerkleTile.width
        return (
            MerkleTile.Address(level: level, index: first / MerkleTile.width), place..<place + (1 << above)
        )
    }
}
