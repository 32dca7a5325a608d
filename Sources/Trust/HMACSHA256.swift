// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1).
public enum HMACSHA256 {
    /// The 32-byte code of `message` under `key`; the key may have any length.
    public static func code(key: some Collection<UInt8>, message: some Collection<UInt8>) -> [UInt8] {
        let key = Array(key)
        let message = Array(message)
        var code = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        var length: UInt32 = 0
        // An empty array has no address to give; HMAC() takes a null key for "the key of before".
        let done = (key.isEmpty ? [0] : key).withUnsafeBytes { keyBytes in
            HMAC(EVP_sha256(), keyBytes.baseAddress, Int32(key.count), message, message.count, &code, &length)
        }
        precondition(done != nil && Int(length) == code.count, "libcrypto failed to compute an HMAC")
        return code
    }

    /// The same code over a message that comes in pieces.
    public struct Computation: ~Copyable {
        private static let blockLength = 64

        private var inner = SHA256()
        private let outerKey: [UInt8]

        public init(key: some Collection<UInt8>) {
            var block = key.count > Self.blockLength ? SHA256Digest(of: key).bytes : Array(key)
            block += repeatElement(0, count: Self.blockLength - block.count)
            outerKey = block.map { $0 ^ 0x5C }
            inner.update(block.map { $0 ^ 0x36 })
        }

        public mutating func update(_ data: some Collection<UInt8>) { inner.update(data) }

        /// The 32-byte code of all data so far; more may follow.
        public borrowing func code() -> [UInt8] {
            var outer = SHA256()
            outer.update(outerKey)
            outer.update(inner.current().bytes)
            return outer.current().bytes
        }
    }
}

/// Whether two byte sequences are equal, in a time that depends on their lengths only.
public func constantTimeEquals(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    let left = Array(left)
    let right = Array(right)
    guard left.count == right.count else { return false }
    return CRYPTO_memcmp(left, right, left.count) == 0
}

/// Bytes from the operating system's cryptographic generator.
public enum SecureRandom {
    public static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes = [UInt8](repeating: 0, count: count)
        // Eight for each question to the system, not one.
        for start in stride(from: 0, to: count, by: 8) {
            withUnsafeBytes(of: generator.next()) { random in
                for index in 0..<min(8, count - start) { bytes[start + index] = random[index] }
            }
        }
        return bytes
    }
}
