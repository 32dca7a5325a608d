// SPDX-License-Identifier: Apache-2.0

/// Cuts bytes that come in pieces of any size into blocks of one size, so that nothing depends on how they came.
struct Blocks {
    private let size: Int
    private var gathered: [UInt8] = []

    /// - Parameter size: in bytes.
    init(size: Int) {
        self.size = size
        gathered.reserveCapacity(size)
    }

    /// Hands on every block that is whole now.
    @inline(__always)
    mutating func cut(_ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Void) {
        var rest = bytes
        if !gathered.isEmpty {
            let count = min(size - gathered.count, rest.count)
            gathered.append(contentsOf: rest[..<count])
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            guard gathered.count == size else { return }
            gathered.withUnsafeBytes { take($0) }
            gathered.removeAll(keepingCapacity: true)
        }
        while rest.count >= size {
            take(UnsafeRawBufferPointer(rebasing: rest[..<size]))
            rest = UnsafeRawBufferPointer(rebasing: rest[size...])
        }
        gathered.append(contentsOf: rest)
    }

    /// Hands on what is left, which may be nothing.
    mutating func rest(_ take: (UnsafeRawBufferPointer) -> Void) {
        gathered.withUnsafeBytes { take($0) }
        gathered.removeAll(keepingCapacity: true)
    }
}
