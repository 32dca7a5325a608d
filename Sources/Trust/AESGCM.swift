// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A 256-bit key for AES-GCM. Nothing that prints it prints its bytes.
public struct AESKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public static let byteCount = 32

    public let bytes: [UInt8]

    /// A new key, from the operating system's generator.
    public init() { bytes = SecureRandom.bytes(Self.byteCount) }

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// In a time that does not depend on where they differ.
    public static func == (left: AESKey, right: AESKey) -> Bool { constantTimeEquals(left.bytes, right.bytes) }

    public var description: String { "AESKey" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// AES-256-GCM (NIST SP 800-38D) with nonces of 12 bytes and tags of 16.
///
/// Under one key a nonce must never be used for two messages: that gives the messages away and the means to forge others.
/// Owns one OpenSSL context, in which the key is set up once. libcrypto reports failure only when memory is exhausted or
/// its provider lacks the cipher; the process cannot go on then.
public struct AESGCM: ~Copyable {
    public static let nonceByteCount = 12
    public static let tagByteCount = 16

    public enum Direction: Sendable { case seal, open }

    private let context: OpaquePointer
    private let direction: Direction

    public init(_ key: AESKey, _ direction: Direction) {
        let isSealing: Int32 = direction == .seal ? 1 : 0
        guard let context = EVP_CIPHER_CTX_new(),
            EVP_CipherInit_ex(context, Self.algorithm, nil, key.bytes, nil, isSealing) == 1
        else { preconditionFailure("libcrypto has no memory for a cipher") }
        self.context = context
        self.direction = direction
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Encrypts `plaintext` and writes it to `output`, the tag behind it.
    ///
    /// - Parameters:
    ///   - nonce: 12 bytes, never used before under this key.
    ///   - output: exactly `tagByteCount` bytes longer than `plaintext`; it may begin at the same address.
    public mutating func seal(
        _ plaintext: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, authenticating aad: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) {
        precondition(direction == .seal && output.count == plaintext.count + Self.tagByteCount)
        begin(nonce, aad)
        run(plaintext, into: output.baseAddress)
        var none: Int32 = 0
        var done = EVP_CipherFinal_ex(context, output.baseAddress?.asBytes(at: plaintext.count), &none)
        precondition(done == 1, "libcrypto failed to finish an encryption")
        done = EVP_CIPHER_CTX_ctrl(
            context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagByteCount), output.baseAddress.map { $0 + plaintext.count })
        precondition(done == 1, "libcrypto gave no tag")
    }

    /// Decrypts what `seal` made.
    ///
    /// - Parameters:
    ///   - sealed: ciphertext and tag, at least `tagByteCount` bytes.
    ///   - output: exactly `tagByteCount` bytes shorter than `sealed`; it may begin at the same address.
    /// - Returns: false when key, nonce, authenticated data or any bit is another; `output` is all zeros then.
    public mutating func open(
        _ sealed: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, authenticating aad: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        precondition(direction == .open && sealed.count == output.count + Self.tagByteCount)
        // Copied, because what is opened in place is written over, and libcrypto asks for memory that may be changed.
        var tag = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<Self.tagByteCount { tag[index] = sealed[output.count + index] }
        begin(nonce, aad)
        var mutableSpan = tag.mutableSpan
        let accepted = mutableSpan.withUnsafeMutableBytes {
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagByteCount), $0.baseAddress)
        }
        precondition(accepted == 1, "libcrypto took no tag")
        run(UnsafeRawBufferPointer(rebasing: sealed[..<output.count]), into: output.baseAddress)
        // GCM ends with no bytes of its own, but libcrypto wants an address.
        var none: Int32 = 0
        var end: UInt8 = 0
        if EVP_CipherFinal_ex(context, &end, &none) == 1 { return true }
        if let start = output.baseAddress { OPENSSL_cleanse(start, output.count) }
        return false
    }

    private mutating func begin(_ nonce: UnsafeRawBufferPointer, _ aad: UnsafeRawBufferPointer) {
        precondition(nonce.count == Self.nonceByteCount)
        let bytes = nonce.baseAddress?.asBytes()
        precondition(EVP_CipherInit_ex(context, nil, nil, nil, bytes, -1) == 1, "libcrypto took no nonce")
        run(aad, into: nil)
    }

    /// Into nowhere: authenticated only.
    private mutating func run(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer?) {
        guard let start = input.baseAddress, !input.isEmpty else { return }
        var written: Int32 = 0
        let done = EVP_CipherUpdate(
            context, output?.asBytes(at: 0), &written, start.asBytes(), Int32(input.count))
        precondition(done == 1 && Int(written) == input.count, "libcrypto failed to run a cipher")
    }

    /// `EVP_aes_256_gcm()` looks its implementation up for every context; fetched once it costs nothing.
    ///
    /// `nonisolated(unsafe)`: an `EVP_CIPHER` is immutable after the fetch and meant to be shared by threads
    /// (OpenSSL 3, `EVP_CIPHER_fetch(3)`). It lives as long as the process.
    private nonisolated(unsafe) static let algorithm: OpaquePointer? =
        EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) ?? EVP_aes_256_gcm()
}

extension AESGCM {
    /// Ciphertext and tag of a short message.
    ///
    /// - Parameter nonce: 12 bytes, never used before under this key.
    public static func seal(
        _ plaintext: [UInt8], key: AESKey, nonce: [UInt8], authenticating aad: [UInt8]
    ) -> [UInt8] {
        var cipher = AESGCM(key, .seal)
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagByteCount)
        plaintext.withUnsafeBytes { plaintext in
            nonce.withUnsafeBytes { nonce in
                aad.withUnsafeBytes { aad in
                    sealed.withUnsafeMutableBytes {
                        cipher.seal(plaintext, nonce: nonce, authenticating: aad, into: $0)
                    }
                }
            }
        }
        return sealed
    }

    /// The message in what `seal` made; nil when it is not that, whatever is wrong with it.
    public static func open(_ sealed: [UInt8], key: AESKey, nonce: [UInt8], authenticating aad: [UInt8]) -> [UInt8]? {
        guard sealed.count >= tagByteCount, nonce.count == nonceByteCount else { return nil }
        var cipher = AESGCM(key, .open)
        var plaintext = [UInt8](repeating: 0, count: sealed.count - tagByteCount)
        let isGenuine = sealed.withUnsafeBytes { sealed in
            nonce.withUnsafeBytes { nonce in
                aad.withUnsafeBytes { aad in
                    plaintext.withUnsafeMutableBytes {
                        cipher.open(sealed, nonce: nonce, authenticating: aad, into: $0)
                    }
                }
            }
        }
        return isGenuine ? plaintext : nil
    }
}

extension UnsafeRawPointer {
    fileprivate func asBytes() -> UnsafePointer<UInt8> { assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawPointer {
    fileprivate func asBytes(at offset: Int) -> UnsafeMutablePointer<UInt8> {
        (self + offset).assumingMemoryBound(to: UInt8.self)
    }
}
