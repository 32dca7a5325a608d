// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// A key that signs. Nothing that prints it prints more than its kind.
public final class PrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// The half that verifies what this one signs.
    public let publicKey: PublicKey
    /// Owned. `nonisolated(unsafe)`: nothing changes the key after the initializer, and libcrypto lets threads share one
    /// for signing: what it computes late (blinding) it guards by its own lock (OpenSSL 3, `openssl-threads(7)`).
    nonisolated(unsafe) private let handle: OpaquePointer

    /// A new key on a curve.
    public init(generating curve: PublicKey.Curve) {
        guard let made = Self.generate(curve) else {
            preconditionFailure("libcrypto makes no key")
        }
        do throws(ParsingProblem) {
            publicKey = try Self.publicHalf(made)
        } catch {
            preconditionFailure("libcrypto made a key that it cannot read")
        }
        handle = made
    }

    /// - Parameter pem: one private key, PKCS#8 or of its kind's own form, not encrypted.
    /// - Throws: `ParsingProblem` that quotes nothing of it.
    public init(pem: [UInt8]) throws(ParsingProblem) {
        defer { ERR_clear_error() }
        let read = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let input = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(input) }
            // Without a callback of ours libcrypto would ask for a password at the terminal.
            return PEM_read_bio_PrivateKey(input, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let read else {
            throw ParsingProblem("PrivateKey", "is no private key in PEM, or is encrypted")
        }
        do {
            publicKey = try Self.publicHalf(read)
        } catch {
            EVP_PKEY_free(read)
            throw error
        }
        handle = read
    }

    deinit { EVP_PKEY_free(handle) }

    public var description: String { "PrivateKey (\(publicKey.kind))" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// What signs best with this key: PKCS#1 v1.5 and SHA-256, which every verifier knows, or ECDSA with the hash that is
    /// as strong as the curve.
    public var usualAlgorithm: SignatureAlgorithm {
        switch publicKey.kind {
        case .rsa: SignatureAlgorithm(.rsaPKCS1, .sha256)
        case .ec(.p256): SignatureAlgorithm(.ecdsa, .sha256)
        case .ec(.p384): SignatureAlgorithm(.ecdsa, .sha384)
        case .ec(.p521): SignatureAlgorithm(.ecdsa, .sha512)
        }
    }

    /// Signs a digest.
    ///
    /// - Parameter digest: by the algorithm's own hash function.
    /// - Returns: nil for an algorithm that is not for this kind of key, or a digest of another length.
    public func sign(digest: [UInt8], by algorithm: SignatureAlgorithm) -> [UInt8]? {
        defer { ERR_clear_error() }
        guard digest.count == algorithm.digest.byteCount, publicKey.isFor(algorithm.scheme),
            let context = SigningContext(handle, algorithm, .sign)
        else { return nil }
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(handle)))
        var length = signature.count
        let done = withExtendedLifetime((self, context)) {
            EVP_PKEY_sign(context.pointer, &signature, &length, digest, digest.count)
        }
        guard done == 1 else { return nil }
        signature.removeSubrange(length...)
        guard case .ec(let curve) = publicKey.kind else { return signature }
        return ECDSAValue.raw(der: signature, curve)
    }

    /// Signs a message; see above.
    public func sign(message: some Collection<UInt8>, by algorithm: SignatureAlgorithm) -> [UInt8]? {
        sign(digest: MessageDigest.of(message, algorithm.digest), by: algorithm)
    }

    /// PKCS#8 in PEM, unencrypted: for a file that nobody else may read.
    public func pem() -> [UInt8] {
        guard let output = BIO_new(BIO_s_mem()),
            PEM_write_bio_PKCS8PrivateKey(output, handle, nil, nil, 0, nil, nil) == 1
        else { preconditionFailure("libcrypto has no memory for a key") }
        defer { BIO_free(output) }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        let read = withExtendedLifetime(self) { BIO_read(output, &bytes, Int32(bytes.count)) }
        return Array(bytes.prefix(max(0, Int(read))))
    }

    /// By way of its encoding, so that nothing secret is in it.
    private static func publicHalf(_ key: OpaquePointer) throws(ParsingProblem) -> PublicKey {
        _ = try PublicKey.kind(of: key)
        var start: UnsafeMutablePointer<UInt8>?
        let length = i2d_PUBKEY(key, &start)
        guard length > 0, let start else { throw ParsingProblem("PrivateKey", "has no public half") }
        defer { CRYPTO_free(start, "", 0) }
        return try PublicKey(spki: Array(UnsafeBufferPointer(start: start, count: Int(length))))
    }

    private static func generate(_ curve: PublicKey.Curve) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, curve.rawValue) == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { return nil }
        return key
    }
}
