// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// A CMS SignedData (RFC 5652) of one signer, as PDFs and time-stamps carry it: CAdES and PAdES baseline, B-B and B-T.
///
/// `CMS_verify` wants all of the content at once. Here the content's digest comes from whoever streams it; libcrypto
/// verifies the signature over the signed attributes, and the digest in these is compared. Owns its CMS; for one owner
/// at a time.
public final class SignedData {
    /// Longest encoding, in bytes: with the certificates and lists that some signers put in.
    public static let maxBytes = 4 << 20
    public static let maxCertificates = 64

    /// Those that came with it, in any order; not the ones that cannot be read.
    public let certificates: [Certificate]
    public let lists: [RevocationList]
    public let signer: Certificate
    public let digest: DigestAlgorithm
    /// Dotted digits of the content's type.
    public let contentType: String
    /// What is signed, where it is inside.
    public let content: [UInt8]?
    /// When the signer claims to have signed.
    public let claimedTime: Instant?
    /// Whether the signed attributes name the signer's certificate (signing-certificate, RFC 5035): PAdES demands it, the
    /// older `adbe.pkcs7.detached` does not.
    public let bindsCertificate: Bool
    /// A time-stamp over the signature's value, not read yet.
    public let timeStamp: [UInt8]?
    /// The signature's value: what a time-stamp is over.
    public let value: [UInt8]

    private let messageDigest: [UInt8]
    /// Owned.
    private let handle: OpaquePointer
    /// Of `handle`.
    private let signerInfo: OpaquePointer

    /// - Parameter bytes: DER or BER; zeros may follow it, as in a PDF's hole.
    public init(_ bytes: [UInt8]) throws(SignedDataFault) {
        guard bytes.count <= Self.maxBytes else { throw .tooLarge }
        defer { ERR_clear_error() }
        guard let read = Self.read(bytes) else { throw .unreadable }
        do throws(SignedDataFault) {
            let parts = try SignedDataParts(read)
            certificates = parts.certificates
            lists = parts.lists
            signer = parts.signer
            digest = parts.digest
            contentType = ASN1.dotted(CMS_get0_eContentType(read))
            content = CMS_get0_content(read).flatMap { $0.pointee }.flatMap { ASN1.bytes($0) }
            claimedTime = parts.claimedTime
            bindsCertificate = parts.bindsCertificate
            timeStamp = parts.timeStamp
            value = parts.value
            messageDigest = parts.messageDigest
            signerInfo = parts.signerInfo
        } catch {
            CMS_ContentInfo_free(read)
            throw error
        }
        handle = read
    }

    deinit { CMS_ContentInfo_free(handle) }

    private static func read(_ bytes: [UInt8]) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            guard let start = next, let read = d2i_CMS_ContentInfo(nil, &next, buffer.count), let next else {
                return nil
            }
            let isAlone = buffer[(next - start)...].allSatisfy { $0 == 0 }
            guard isAlone, OBJ_obj2nid(CMS_get0_type(read)) == NID_pkcs7_signed else {
                CMS_ContentInfo_free(read)
                return nil
            }
            return read
        }
    }

    /// Why the signature does not hold over a content with this digest; nil when it does.
    ///
    /// - Parameter contentDigest: by `digest`.
    public func fault(contentDigest: [UInt8]) -> SignedDataFault? {
        defer { ERR_clear_error() }
        return withExtendedLifetime((self, signer)) {
            CMS_SignerInfo_set1_signer_cert(signerInfo, signer.handle)
            guard CMS_SignerInfo_verify(signerInfo) == 1 else { return .signatureWrong }
            return messageDigest == contentDigest ? nil : .contentChanged
        }
    }
}

/// What a SignedData says, read and checked for being there.
private struct SignedDataParts {
    let certificates: [Certificate]
    let lists: [RevocationList]
    let signerInfo: OpaquePointer
    let signer: Certificate
    let digest: DigestAlgorithm
    let messageDigest: [UInt8]
    let claimedTime: Instant?
    let bindsCertificate: Bool
    let timeStamp: [UInt8]?
    let value: [UInt8]

    init(_ message: OpaquePointer) throws(SignedDataFault) {
        let infos = CMS_get0_SignerInfos(message)
        let count = max(0, Int(OPENSSL_sk_num(infos)))
        guard count == 1, let info = OPENSSL_sk_value(infos, 0).map({ OpaquePointer($0) }) else {
            throw .signers(count: count)
        }
        signerInfo = info
        let algorithm = Self.digest(info)
        guard let known = algorithm.known else { throw .digestUnknown(algorithm.name) }
        digest = known
        certificates = try Self.certificates(message)
        lists = Self.lists(message)
        guard let signer = certificates.first(where: { CMS_SignerInfo_cert_cmp(info, $0.handle) == 0 }) else {
            throw .signerCertificateMissing
        }
        self.signer = signer
        // -3: the attribute is there once, with one value.
        guard
            let found = CMS_signed_get0_data_by_OBJ(
                info, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING),
            let type = CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT),
            let messageDigest = ASN1.bytes(found.assumingMemoryBound(to: ASN1_STRING.self))
        else { throw .attributesMissing }
        guard OBJ_cmp(OpaquePointer(type), CMS_get0_eContentType(message)) == 0 else { throw .contentTypeWrong }
        self.messageDigest = messageDigest
        claimedTime = Self.claimedTime(info)
        let binding = Self.binding(info)
        guard binding.allSatisfy({ $0.holds(for: signer) }) else { throw .certificateReplaced }
        bindsCertificate = !binding.isEmpty
        timeStamp = CMS_unsigned_get0_data_by_OBJ(
            info, OBJ_nid2obj(NID_id_smime_aa_timeStampToken), -3, V_ASN1_SEQUENCE
        ).flatMap { ASN1.bytes($0.assumingMemoryBound(to: ASN1_STRING.self)) }
        value = ASN1.bytes(CMS_SignerInfo_get0_signature(info)) ?? []
    }

    private static func digest(_ info: OpaquePointer) -> (known: DigestAlgorithm?, name: String) {
        var algorithm: UnsafeMutablePointer<X509_ALGOR>?
        CMS_SignerInfo_get0_algs(info, nil, nil, &algorithm, nil)
        return CMSDigest.algorithm(algorithm)
    }

    private static func claimedTime(_ info: OpaquePointer) -> Instant? {
        for type in [V_ASN1_UTCTIME, V_ASN1_GENERALIZEDTIME] {
            let found = CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(NID_pkcs9_signingTime), -3, type)
            if let found { return ASN1.instant(found.assumingMemoryBound(to: ASN1_TIME.self)) }
        }
        ERR_clear_error()
        return nil
    }

    /// The certificate that each signing-certificate attribute names first; one that cannot be read holds for none.
    private static func binding(_ info: OpaquePointer) -> [SigningCertificateID] {
        let kinds = [(NID_id_smime_aa_signingCertificate, 1), (NID_id_smime_aa_signingCertificateV2, 2)]
        var found: [SigningCertificateID] = []
        for (kind, version) in kinds where CMS_signed_get_attr_by_NID(info, kind, -1) >= 0 {
            let value = CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(kind), -3, V_ASN1_SEQUENCE)
            let der = value.flatMap { ASN1.bytes($0.assumingMemoryBound(to: ASN1_STRING.self)) } ?? []
            found.append(SigningCertificateID(der, version: version))
        }
        return found
    }

    private static func certificates(_ message: OpaquePointer) throws(SignedDataFault) -> [Certificate] {
        guard let stack = CMS_get1_certs(message) else { return [] }
        defer { OPENSSL_sk_pop_free(stack) { X509_free($0.map { OpaquePointer($0) }) } }
        let count = OPENSSL_sk_num(stack)
        guard count <= SignedData.maxCertificates else { throw .tooLarge }
        var found: [Certificate] = []
        for index in 0..<max(0, count) {
            let der = ASN1.der(OPENSSL_sk_value(stack, index).map { OpaquePointer($0) }) { i2d_X509($0, $1) }
            if let certificate = try? Certificate(der: der) { found.append(certificate) }
        }
        return found
    }

    private static func lists(_ message: OpaquePointer) -> [RevocationList] {
        guard let stack = CMS_get1_crls(message) else { return [] }
        defer { OPENSSL_sk_pop_free(stack) { X509_CRL_free($0.map { OpaquePointer($0) }) } }
        var found: [RevocationList] = []
        for index in 0..<max(0, min(OPENSSL_sk_num(stack), Int32(SignedData.maxCertificates))) {
            let der = ASN1.der(OPENSSL_sk_value(stack, index).map { OpaquePointer($0) }) { i2d_X509_CRL($0, $1) }
            if let list = try? RevocationList(der: der) { found.append(list) }
        }
        return found
    }
}

/// The certificate that a signer named in signed attributes: ESSCertID (RFC 2634) or ESSCertIDv2 (RFC 5035).
private struct SigningCertificateID {
    private let digest: DigestAlgorithm?
    private let hash: [UInt8]

    /// - Parameter der: SigningCertificate, or SigningCertificateV2. Of several the first is the signer's.
    init(_ der: [UInt8], version: Int) {
        var algorithm: DigestAlgorithm? = version == 1 ? .sha1 : .sha256
        var hash: [UInt8] = []
        var outer = DERReader(der)
        var attribute = DERReader(outer.take(DERReader.sequence) ?? [])
        var list = DERReader(attribute.take(DERReader.sequence) ?? [])
        var first = DERReader(list.take(DERReader.sequence) ?? [])
        if version == 2, let given = first.take(DERReader.sequence) {
            var inner = DERReader(given)
            algorithm = inner.take(DERReader.objectIdentifier).flatMap { CMSDigest.byObjectIdentifier[Array($0)] }
        }
        if let found = first.take(DERReader.octetString) { hash = Array(found) }
        digest = algorithm
        self.hash = hash
    }

    func holds(for certificate: Certificate) -> Bool {
        guard let digest else { return false }
        return MessageDigest.of(certificate.der, digest) == hash
    }
}

/// The digests that are known, by the names that ASN.1 gives them.
enum CMSDigest {
    static let byObjectIdentifier: [[UInt8]: DigestAlgorithm] = [
        [0x2B, 0x0E, 0x03, 0x02, 0x1A]: .sha1,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]: .sha256,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02]: .sha384,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03]: .sha512,
    ]

    static func algorithm(_ algorithm: UnsafePointer<X509_ALGOR>?) -> (known: DigestAlgorithm?, name: String) {
        var object: OpaquePointer?
        X509_ALGOR_get0(&object, nil, nil, algorithm)
        let bytes = OBJ_get0_data(object).map { Array(UnsafeBufferPointer(start: $0, count: OBJ_length(object))) }
        return (bytes.flatMap { byObjectIdentifier[$0] }, ASN1.dotted(object))
    }
}
