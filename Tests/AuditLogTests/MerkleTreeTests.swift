// SPDX-License-Identifier: Apache-2.0
import AuditLog
import TestKit
import Testing
import Trust

@Suite struct MerkleTreeTests {
    /// Every tree up to a little more than half a tile, where all shapes of the right edge occur.
    static let small = 130

    @Test func `roots and proofs of small trees are those of the definition`() throws {
        let all = GrownTree(size: Self.small, seed: 1).leaves
        for size in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 130] {
            let tree = GrownTree(Array(all.prefix(size)))
            let tiles = tree.tiles
            #expect(tree.edge.root.bytes == Definition.root(all.prefix(size)))
            #expect(try tiles.root(size: size) == tree.edge.root)
            for index in stride(from: 0, to: size, by: max(1, size / 11)) {
                let proof = try InclusionProof(index: index, size: size, from: tiles)
                #expect(proof.path.map(\.bytes) == Definition.path(index, all.prefix(size)), "\(index) of \(size)")
            }
            for first in stride(from: 1, through: size, by: max(1, size / 11)) {
                let proof = try ConsistencyProof(first: first, second: size, from: tiles)
                #expect(proof.path.map(\.bytes) == Definition.proof(first, all.prefix(size)), "\(first) in \(size)")
            }
        }
    }

    @Test func `every proof of every small tree verifies, and no other place, size, leaf or root does`() throws {
        var tree = GrownTree()
        var roots = [MerkleTree.emptyRoot]
        var random = SeededGenerator(seed: 2)
        for size in 1...Self.small {
            tree.append(random.bytes(9))
            roots.append(tree.edge.root)
            let tiles = tree.tiles
            for index in 0..<size {
                let proof = try InclusionProof(index: index, size: size, from: tiles)
                let leaf = MerkleTree.leafHash(tree.leaves[index])
                #expect(proof.verify(leaf: leaf, root: roots[size]), "\(index) of \(size)")
                let other = (index + 1) % size
                let moved = InclusionProof(index: other, size: size, path: proof.path)
                #expect(!moved.verify(leaf: leaf, root: roots[size]) || other == index)
                #expect(!proof.verify(leaf: leaf, root: roots[size - 1]))
                #expect(!proof.verify(leaf: MerkleTree.leafHash([0xFF]), root: roots[size]))
            }
            for first in 0...size {
                let proof = try ConsistencyProof(first: first, second: size, from: tiles)
                #expect(proof.verify(firstRoot: roots[first], secondRoot: roots[size]), "\(first) in \(size)")
                // Every tree begins with the empty one.
                if first > 0, first < size {
                    #expect(!proof.verify(firstRoot: roots[first], secondRoot: roots[size - 1]))
                    #expect(!proof.verify(firstRoot: roots[first + 1], secondRoot: roots[size]))
                }
            }
        }
    }

    @Test(arguments: [3, 8, 77, 130]) func `a path with a hash more, less or altered is none`(size: Int) throws {
        let tree = GrownTree(size: size, seed: 3)
        var random = SeededGenerator(seed: 4)
        let stranger = MerkleTree.leafHash(random.bytes(5))
        for index in 0..<size {
            let proof = try InclusionProof(index: index, size: size, from: tree.tiles)
            let leaf = MerkleTree.leafHash(tree.leaves[index])
            for path in altered(proof.path, with: stranger) {
                #expect(!InclusionProof(index: index, size: size, path: path).verify(leaf: leaf, root: tree.edge.root))
            }
        }
        for first in 1...size {
            let proof = try ConsistencyProof(first: first, second: size, from: tree.tiles)
            let old = try tree.tiles.root(size: first)
            for path in altered(proof.path, with: stranger) {
                let altered = ConsistencyProof(first: first, second: size, path: path)
                #expect(!altered.verify(firstRoot: old, secondRoot: tree.edge.root), "\(first) in \(size)")
            }
        }
    }

    private func altered(_ path: [SHA256Digest], with stranger: SHA256Digest) -> [[SHA256Digest]] {
        var all = [path + [stranger], [stranger] + path]
        if let last = path.last { all += [path.dropLast(), Array(path.dropFirst()), path + [last]] }
        for index in path.indices {
            var other = path
            other[index] = stranger
            all.append(other)
        }
        return all
    }

    @Test func `proofs with impossible numbers are refused`() {
        let root = MerkleTree.leafHash([1])
        for (index, size) in [(0, 0), (-1, 1), (1, 1), (Int.max, Int.max), (0, Int.max), (0, -1), (Int.min, 1)] {
            #expect(!InclusionProof(index: index, size: size, path: []).verify(leaf: root, root: root))
        }
        for (first, second) in [(-1, 1), (2, 1), (Int.max, Int.max), (1, Int.max), (Int.min, Int.max)] {
            #expect(!ConsistencyProof(first: first, second: second, path: []).verify(firstRoot: root, secondRoot: root))
        }
        let long = [SHA256Digest](repeating: root, count: 1_000)
        #expect(!InclusionProof(index: 0, size: MerkleTree.maxSize, path: long).verify(leaf: root, root: root))
        #expect(!ConsistencyProof(first: 1, second: 9, path: long).verify(firstRoot: root, secondRoot: root))
        #expect(InclusionProof(index: 0, size: 1, path: []).verify(leaf: root, root: root))
    }

    @Test func `a leaf is no node and the other way round`() {
        let (left, right) = (MerkleTree.leafHash([1]), MerkleTree.leafHash([2]))
        #expect(MerkleTree.leafHash(left.bytes + right.bytes) != MerkleTree.nodeHash(left, right))
        #expect(MerkleTree.leafHash([]) != MerkleTree.emptyRoot)
        #expect(MerkleTree.emptyRoot.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}

@Suite struct MerkleTileTests {
    /// More than one tile of the second level.
    static let large = 256 * 256 + 256 * 3 + 77

    @Test(.timeLimit(.minutes(2))) func `proofs over several levels of tiles verify`() throws {
        let tree = GrownTree(size: Self.large, seed: 5)
        #expect(tree.complete.map(\.address.level).filter { $0 == 1 }.count == 1)
        #expect(tree.complete.count == 256 + 3 + 1)
        var random = SeededGenerator(seed: 6)
        let complete = MerkleTiles(tree.complete)
        for _ in 0..<300 {
            let size = Int.random(in: 1...Self.large, using: &random)
            let index = Int.random(in: 0..<size, using: &random)
            // As a log answers: what is complete, and of what was not complete then, as much as there was.
            let addresses = MerkleTiles.inclusion(index: index, size: size).union(MerkleTiles.root(size: size))
            let tiles = MerkleTiles(addresses.map { kept(tree, $0, size) })
            let root = try tiles.root(size: size)
            let proof = try InclusionProof(index: index, size: size, from: tiles)
            #expect(proof.verify(leaf: MerkleTree.leafHash(tree.leaves[index]), root: root))
            let needed = MerkleTiles.consistency(first: size, second: Self.large)
            #expect(needed.allSatisfy { $0.count(inTreeOf: Self.large) > 0 } && needed.count <= 4)
            let step = try ConsistencyProof(
                first: size, second: Self.large, from: MerkleTiles(needed.map { kept(tree, $0, Self.large) }))
            #expect(step.verify(firstRoot: root, secondRoot: tree.edge.root))
        }
        #expect(throws: MerkleTiles.Missing.self) { try complete.root(size: Self.large) }
    }

    private func kept(_ tree: GrownTree, _ address: MerkleTile.Address, _ size: Int) -> MerkleTile {
        let all = tree.complete + tree.edge.tiles
        let tile = all.first { $0.address == address }
        return MerkleTile(
            address: address, hashes: Array((tile?.hashes ?? []).prefix(address.count(inTreeOf: size))))
    }

    @Test func `an edge that was kept goes on where it was`() throws {
        let whole = GrownTree(size: 700, seed: 7)
        for size in [0, 1, 255, 256, 257, 511, 512, 600, 699] {
            let before = GrownTree(Array(whole.leaves.prefix(size)))
            var rows = MerkleEdge.counts(of: size).map { _ in [SHA256Digest]() }
            for tile in before.edge.tiles { rows[tile.address.level] = tile.hashes }
            var edge = try #require(MerkleEdge(size: size, hashes: rows))
            #expect(edge.root == before.edge.root)
            var complete = before.complete
            for leaf in whole.leaves.dropFirst(size) { complete += edge.append(MerkleTree.leafHash(leaf)) }
            #expect(edge.root == whole.edge.root && complete == whole.complete)
            #expect(MerkleEdge(size: size + 1, hashes: rows) == nil)
        }
        #expect(MerkleEdge(size: -1, hashes: []) == nil)
        #expect(MerkleEdge(size: 0, hashes: [[MerkleTree.emptyRoot]]) == nil)
    }
}
