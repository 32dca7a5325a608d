// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// An X.509 certificate (RFC 5280), read and not judged: whether anybody should believe it, `TrustStore` says.
///
/// Equal are certificates of the same bytes.
public final class Certificate: Sendable {
    /// Longest encoding, in bytes: one with a large key and a policy's text in it has some thousands.
    public static let maxBytes = 64 << 10

    public let der: [UInt8]
    public let facts: Facts
    /// SHA-256 of the encoding.
    public let fingerprint: SHA256Digest
    /// Owned. `nonisolated(unsafe)`: nothing changes the object after the initializer; what libcrypto computes of it
    /// late, it computes under the object's own lock (OpenSSL 3, `openssl-threads(7)`).
    nonisolated(unsafe) let handle: OpaquePointer

    /// What a certificate says of itself.
    public struct Facts: Sendable, Equatable {
        public let subject: DistinguishedName
        public let issuer: DistinguishedName
        /// In hexadecimal capitals, two digits a byte.
        public let serial: String
        public let notBefore: Instant
        /// The last instant at which it holds, to a second.
        public let notAfter: Instant
        /// Nil where the certificate does not say: it may be used for anything then.
        public let keyUsage: KeyUsage?
        /// Whether it says that its key signs certificates (basic constraints, and the usage where there is one).
        public let isAuthority: Bool
        /// Whether subject and issuer are one name.
        public let isSelfIssued: Bool
        public let subjectKeyID: [UInt8]?
        public let authorityKeyID: [UInt8]?
        /// `RSA`, `EC` and so on, as libcrypto names it.
        public let keyKind: String
        public let keyBits: Int
        /// The digest under the issuer's signature: `SHA256`, as libcrypto names it; nil where it knows none.
        public let signatureDigest: String?
        /// DER of SubjectPublicKeyInfo.
        public let subjectPublicKeyInfo: [UInt8]
    }

    /// What a key may be used for (RFC 5280 §4.2.1.3).
    public struct KeyUsage: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let digitalSignature = KeyUsage(rawValue: 0x80)
        /// Also called content commitment.
        public static let nonRepudiation = KeyUsage(rawValue: 0x40)
        public static let certificateSigning = KeyUsage(rawValue: 0x04)
        public static let listSigning = KeyUsage(rawValue: 0x02)
    }

    /// - Throws: `ParsingProblem` for bytes that are not exactly one certificate, or one whose facts cannot be told.
    public init(der: [UInt8]) throws(ParsingProblem) {
        guard der.count <= Self.maxBytes else {
            throw ParsingProblem("Certificate", "is longer than \(Self.maxBytes) bytes")
        }
        let read = ASN1.whole(der, { d2i_X509(nil, $0, $1) }, release: { X509_free($0) })
        guard let read else { throw ParsingProblem("Certificate", "is no X.509 certificate") }
        // It computes what it keeps of the extensions, and so all that could change in it.
        X509_check_purpose(read, -1, 0)
        do throws(ParsingProblem) {
            facts = try Facts(read)
        } catch {
            X509_free(read)
            throw error
        }
        handle = read
        self.der = der
        fingerprint = SHA256Digest(of: der)
    }

    deinit { X509_free(handle) }

    /// The certificates of a file in PEM, or the one of a file in DER.
    ///
    /// - Throws: `ParsingProblem` also for a PEM block that is something else.
    public static func all(in file: [UInt8]) throws(ParsingProblem) -> [Certificate] {
        guard PEMBlocks.looksLikePEM(file) else { return [try Certificate(der: file)] }
        var certificates: [Certificate] = []
        for block in try PEMBlocks(file).blocks {
            guard block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE" else {
                throw ParsingProblem("PEM", "has a block that is no certificate")
            }
            certificates.append(try Certificate(der: block.der))
        }
        return certificates
    }

    public var subject: DistinguishedName { facts.subject }
    public var issuer: DistinguishedName { facts.issuer }

    /// Whether `issuer`'s key made the signature on this certificate. Says nothing of names or times.
    func isSigned(by issuer: Certificate) -> Bool {
        let holds = X509_verify(handle, X509_get0_pubkey(issuer.handle)) == 1
        if !holds { ERR_clear_error() }
        return withExtendedLifetime((self, issuer)) { holds }
    }

    /// Whether `issuer` has its issuer's name and made its signature.
    public func isIssued(by issuer: Certificate) -> Bool { namesAsIssuer(issuer) && isSigned(by: issuer) }

    /// Whether its issuer has the name of `other`.
    func namesAsIssuer(_ other: Certificate) -> Bool {
        let same = X509_NAME_cmp(X509_get_issuer_name(handle), X509_get_subject_name(other.handle)) == 0
        return withExtendedLifetime((self, other)) { same }
    }
}

extension Certificate: Hashable {
    public static func == (left: Certificate, right: Certificate) -> Bool { left.fingerprint == right.fingerprint }
    public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

extension Certificate.Facts {
    fileprivate init(_ handle: OpaquePointer) throws(ParsingProblem) {
        guard let notBefore = ASN1.instant(X509_get0_notBefore(handle)),
            let notAfter = ASN1.instant(X509_get0_notAfter(handle))
        else { throw ParsingProblem("Certificate", "has a time that is none") }
        guard X509_get_extension_flags(handle) & UInt32(EXFLAG_INVALID) == 0 else {
            throw ParsingProblem("Certificate", "has an extension that cannot be read, or one twice")
        }
        let key = X509_get0_pubkey(handle)
        subject = try DistinguishedName(X509_get_subject_name(handle))
        issuer = try DistinguishedName(X509_get_issuer_name(handle))
        serial = ASN1.hex(X509_get0_serialNumber(handle))
        self.notBefore = notBefore
        self.notAfter = notAfter
        let usage = X509_get_key_usage(handle)
        keyUsage = usage == .max ? nil : Certificate.KeyUsage(rawValue: usage)
        isAuthority = X509_check_ca(handle) == 1
        isSelfIssued = X509_get_extension_flags(handle) & UInt32(EXFLAG_SI) != 0
        subjectKeyID = ASN1.bytes(X509_get0_subject_key_id(handle))
        authorityKeyID = ASN1.bytes(X509_get0_authority_key_id(handle))
        keyKind = key.flatMap { EVP_PKEY_get0_type_name($0) }.map { String(cString: $0) } ?? "?"
        keyBits = key.map { Int(EVP_PKEY_get_bits($0)) } ?? 0
        var digest: Int32 = NID_undef
        let isKnown = X509_get_signature_info(handle, &digest, nil, nil, nil) == 1 && digest != NID_undef
        signatureDigest = isKnown ? OBJ_nid2sn(digest).map { String(cString: $0) } : nil
        subjectPublicKeyInfo = ASN1.der(X509_get_X509_PUBKEY(handle)) { i2d_X509_PUBKEY($0, $1) }
        ERR_clear_error()
    }
}
