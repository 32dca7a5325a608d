// SPDX-License-Identifier: Apache-2.0
import AuditLog
import COpenSSL

/// A key of the tests that signs notes, by libcrypto.
///
/// `@unchecked Sendable`: an `EVP_PKEY` is not changed after it was made, and may then be used by several threads.
final class P256Signer: NoteSigner, @unchecked Sendable {
    struct Broken: Error {}

    let key: NoteKey
    private let pair: OpaquePointer

    init(name: String) throws {
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &made) == 1, let made
        else { throw Broken() }
        pair = made
        var der: UnsafeMutablePointer<UInt8>?
        let length = i2d_PUBKEY(made, &der)
        guard length > 0, let der else { throw Broken() }
        defer { CRYPTO_free(der, "", 0) }
        let publicKey = Array(UnsafeBufferPointer(start: der, count: Int(length)))
        guard let check = Self.check(publicKey) else { throw Broken() }
        key = NoteKey(name: name, publicKey: publicKey, check: check)
    }

    deinit { EVP_PKEY_free(pair) }

    func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 128)
        var length = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pair) == 1,
            EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1
        else { throw Broken() }
        return Array(signature.prefix(length))
    }

    /// What checks signatures of a public key in DER; nil where it is none.
    static func check(_ publicKey: [UInt8]) -> (@Sendable ([UInt8], [UInt8]) -> Bool)? {
        @Sendable func isValid(_ signature: [UInt8], _ bytes: [UInt8]) -> Bool? {
            publicKey.withUnsafeBufferPointer { buffer in
                var start = buffer.baseAddress
                guard let key = d2i_PUBKEY(nil, &start, buffer.count) else { return nil }
                defer { EVP_PKEY_free(key) }
                let context = EVP_MD_CTX_new()
                defer { EVP_MD_CTX_free(context) }
                guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return nil }
                return EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
            }
        }
        guard isValid([], []) != nil else { return nil }
        return { isValid($0, $1) ?? false }
    }
}
