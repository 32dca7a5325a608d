// SPDX-License-Identifier: Apache-2.0
import Trust

/// RFC 6962 §2.1 word by word, slow and without tiles: what the room's own ways are compared with.
enum Definition {
    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        if leaves.isEmpty { return SHA256Digest(of: []).bytes }
        if leaves.count == 1 { return SHA256Digest(of: [0] + (leaves.first ?? [])).bytes }
        let (left, right) = halves(leaves)
        return SHA256Digest(of: [1] + root(left) + root(right)).bytes
    }

    static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        if leaves.count <= 1 { return [] }
        let (left, right) = halves(leaves)
        if index < left.count { return path(index, left) + [root(right)] }
        return path(index - left.count, right) + [root(left)]
    }

    static func proof(_ first: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] { subproof(first, leaves, true) }

    private static func subproof(_ first: Int, _ leaves: ArraySlice<[UInt8]>, _ isWhole: Bool) -> [[UInt8]] {
        if first == leaves.count { return isWhole ? [] : [root(leaves)] }
        let (left, right) = halves(leaves)
        if first <= left.count { return subproof(first, left, isWhole) + [root(right)] }
        return subproof(first - left.count, right, false) + [root(left)]
    }

    private static func halves(_ leaves: ArraySlice<[UInt8]>) -> (ArraySlice<[UInt8]>, ArraySlice<[UInt8]>) {
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        return (leaves.prefix(split), leaves.dropFirst(split))
    }
}
