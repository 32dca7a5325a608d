// SPDX-License-Identifier: Apache-2.0

/// Keeps back the CRLF that the SDK puts after a package, while the body streams by.
///
/// `hash-file` is computed over the file without it; other clients send none. Feed every chunk of the body through
/// `take`; when the body has ended, `held` is what may or may not belong to the file: compare the digest without it
/// first, then with it.
public struct PackageEnding: Sendable {
    /// Longest ending, in bytes.
    public static let maxLength = 2

    /// Nothing, a CR, or a CRLF that came last and was not released.
    public private(set) var held: [UInt8] = []

    public init() {}

    /// Passes one chunk of the body.
    ///
    /// - Returns: bytes held so far that turned out to be content (at most two, to be used first), and the part of the
    ///   chunk that is surely content. Everything else is in `held`.
    public mutating func take(_ chunk: UnsafeRawBufferPointer) -> (released: [UInt8], content: Range<Int>) {
        guard !chunk.isEmpty else { return ([], 0..<0) }
        if held == [0x0D], chunk.count == 1, chunk[0] == 0x0A {
            held = [0x0D, 0x0A]
            return ([], 0..<0)
        }
        let released = held
        var end = chunk.count
        if chunk[end - 1] == 0x0D {
            end -= 1
        } else if chunk[end - 1] == 0x0A, end > 1, chunk[end - 2] == 0x0D {
            end -= 2
        }
        held = Array(chunk[end...])
        return (released, 0..<end)
    }
}
