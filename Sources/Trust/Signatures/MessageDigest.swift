// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A digest by an algorithm that is known only when the data is there, over data that comes in pieces.
///
/// Where it is always SHA-256, `SHA256` is the simpler one. Owns one OpenSSL context; for one owner at a time. libcrypto
/// reports failure only when memory is exhausted; the process cannot go on then.
public final class MessageDigest {
    public let algorithm: DigestAlgorithm
    private let context: OpaquePointer

    public init(_ algorithm: DigestAlgorithm) {
        self.algorithm = algorithm
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, algorithm.implementation, nil) == 1 else {
            preconditionFailure("libcrypto has no memory for a digest")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public func update(_ data: UnsafeRawBufferPointer) {
        guard let start = data.baseAddress, !data.isEmpty else { return }
        precondition(EVP_DigestUpdate(context, start, data.count) == 1, "libcrypto failed to update a digest")
    }

    /// The digest of all data; nothing may follow.
    public func finish() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: algorithm.byteCount)
        precondition(EVP_DigestFinal_ex(context, &bytes, nil) == 1, "libcrypto failed to finish a digest")
        return bytes
    }

    /// The digest of `data`.
    public static func of(_ data: some Collection<UInt8>, _ algorithm: DigestAlgorithm) -> [UInt8] {
        let digest = MessageDigest(algorithm)
        Array(data).withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
}

extension DigestAlgorithm {
    /// libcrypto's own, looked up once.
    var implementation: OpaquePointer? { Self.implementations[self] ?? nil }

    /// `nonisolated(unsafe)`: an `EVP_MD` is immutable after the fetch and meant to be shared by threads (OpenSSL 3,
    /// `EVP_MD_fetch(3)`). They live as long as the process.
    private nonisolated(unsafe) static let implementations: [DigestAlgorithm: OpaquePointer?] = [
        .sha1: EVP_MD_fetch(nil, "SHA1", nil), .sha256: EVP_MD_fetch(nil, "SHA256", nil),
        .sha384: EVP_MD_fetch(nil, "SHA384", nil), .sha512: EVP_MD_fetch(nil, "SHA512", nil),
    ]
}
