// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A SHA-256 digest (FIPS 180-4): 32 bytes.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 32

    public let bytes: [UInt8]

    /// The digest of `data`.
    public init(of data: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(data)
        self = hash.current()
    }

    /// The digest of `data`.
    public init(of data: some Collection<UInt8>) {
        var hash = SHA256()
        hash.update(data)
        self = hash.current()
    }

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads 64 hexadecimal digits of either case; nil for anything else.
    public init?(hex: some StringProtocol) {
        guard hex.utf8.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        var high: UInt8?
        for digit in hex.utf8 {
            guard let value = hexValue(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { bytes.hex }
    public var description: String { hex }
}

/// A SHA-256 computation over data that comes in pieces.
///
/// Owns one OpenSSL context. libcrypto reports failure only when memory is exhausted; the process cannot go on then.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, Self.algorithm, nil) == 1 else {
            preconditionFailure("libcrypto has no memory for a digest")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ data: UnsafeRawBufferPointer) {
        guard let start = data.baseAddress, !data.isEmpty else { return }
        let done = EVP_DigestUpdate(context, start, data.count)
        precondition(done == 1, "libcrypto failed to update a digest")
    }

    public mutating func update(_ data: some Collection<UInt8>) {
        let contiguous: Void? = data.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if contiguous == nil { Array(data).withUnsafeBytes { update($0) } }
    }

    /// The digest of all data so far; more may follow.
    public borrowing func current() -> SHA256Digest {
        var bytes = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        guard let copy = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(copy, context) == 1 else {
            preconditionFailure("libcrypto has no memory for a digest")
        }
        defer { EVP_MD_CTX_free(copy) }
        let done = EVP_DigestFinal_ex(copy, &bytes, nil)
        guard done == 1, let digest = SHA256Digest(bytes: bytes) else {
            preconditionFailure("libcrypto failed to finish a digest")
        }
        return digest
    }

    /// `EVP_sha256()` looks its implementation up for every context; fetched once it costs nothing.
    ///
    /// `nonisolated(unsafe)`: an `EVP_MD` is immutable after the fetch and meant to be shared by threads
    /// (OpenSSL 3, `EVP_MD_fetch(3)`). It lives as long as the process.
    private nonisolated(unsafe) static let algorithm: OpaquePointer? =
        EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()
}

extension Collection<UInt8> {
    /// Lower-case hexadecimal, two digits a byte.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * count)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x37
    case 0x61...0x66: digit - 0x57
    default: nil
    }
}
