// SPDX-License-Identifier: Apache-2.0

/// Walks through DER that libcrypto has no public type for. Definite lengths of at most four bytes, tags of one.
struct DERReader {
    static let sequence: UInt8 = 0x30
    static let octetString: UInt8 = 0x04
    static let objectIdentifier: UInt8 = 0x06

    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) { rest = Array(bytes)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// The content of the next value, if it has this tag and is whole; else nothing is taken.
    mutating func take(_ tag: UInt8) -> ArraySlice<UInt8>? {
        guard rest.count >= 2, rest.first == tag else { return nil }
        var place = rest.startIndex + 2
        var length = Int(rest[rest.startIndex + 1])
        if length >= 0x80 {
            let count = length - 0x80
            guard (1...4).contains(count), place + count <= rest.endIndex else { return nil }
            length = rest[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
            place += count
        }
        guard length <= rest.endIndex - place else { return nil }
        let content = rest[place..<place + length]
        rest = rest[(place + length)...]
        return content
    }
}
