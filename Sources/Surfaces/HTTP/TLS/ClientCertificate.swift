// SPDX-License-Identifier: Apache-2.0
import Exchange
import NIOSSL
import Trust

/// What the hub knows a client's certificate by.
public enum ClientCertificate {
    /// The key of the first certificate in a PEM file. Blocking.
    ///
    /// - Throws: `Refusal(.fileUnreadable)`, naming the file.
    public static func key(ofFile path: String) throws(Refusal) -> ClientKey {
        let certificates: [NIOSSLCertificate]
        do { certificates = try TLSIdentity.certificates(path) } catch {
            throw Refusal(.fileUnreadable, error.detail ?? path)
        }
        guard let first = certificates.first, let digest = keyDigest(first),
            let key = try? ClientKey(parsing: digest.hex)
        else { throw Refusal(.fileUnreadable, "\(path): no certificate with a public key") }
        return key
    }

    /// SHA-256 over SubjectPublicKeyInfo; nil for a certificate whose key cannot be read.
    static func keyDigest(_ certificate: NIOSSLCertificate) -> SHA256Digest? {
        (try? certificate.extractPublicKey().toSPKIBytes()).map { SHA256Digest(of: $0) }
    }
}
