// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// A list of revoked certificates (CRL, RFC 5280 §5), read and not judged: whether its issuer made it is asked where it is
/// used.
public final class RevocationList: Sendable {
    /// Longest encoding, in bytes: some 200 000 revoked certificates.
    public static let maxBytes = 16 << 20

    public let der: [UInt8]
    /// SHA-256 of the encoding.
    public let fingerprint: SHA256Digest
    public let issuer: DistinguishedName
    public let thisUpdate: Instant
    /// When the next was promised; nil where none was.
    public let nextUpdate: Instant?
    /// How many certificates it names.
    public let count: Int
    /// Owned. `nonisolated(unsafe)`: as with a certificate; the entries are sorted at the first question, under a lock.
    nonisolated(unsafe) private let handle: OpaquePointer

    /// - Throws: `ParsingProblem` for bytes that are not exactly one list.
    public init(der: [UInt8]) throws(ParsingProblem) {
        guard der.count <= Self.maxBytes else {
            throw ParsingProblem("CRL", "is longer than \(Self.maxBytes) bytes")
        }
        let read = ASN1.whole(der, { d2i_X509_CRL(nil, $0, $1) }, release: { X509_CRL_free($0) })
        guard let read else { throw ParsingProblem("CRL", "is no list of revoked certificates") }
        do throws(ParsingProblem) {
            guard let thisUpdate = ASN1.instant(X509_CRL_get0_lastUpdate(read)) else {
                throw ParsingProblem("CRL", "has a time that is none")
            }
            issuer = try DistinguishedName(X509_CRL_get_issuer(read))
            self.thisUpdate = thisUpdate
        } catch {
            X509_CRL_free(read)
            throw error
        }
        nextUpdate = ASN1.instant(X509_CRL_get0_nextUpdate(read))
        count = max(0, Int(OPENSSL_sk_num(X509_CRL_get_REVOKED(read))))
        handle = read
        self.der = der
        fingerprint = SHA256Digest(of: der)
    }

    deinit { X509_CRL_free(handle) }

    /// The lists of a file in PEM, or the one of a file in DER.
    public static func all(in file: [UInt8]) throws(ParsingProblem) -> [RevocationList] {
        guard PEMBlocks.looksLikePEM(file) else { return [try RevocationList(der: file)] }
        var lists: [RevocationList] = []
        for block in try PEMBlocks(file).blocks {
            guard block.label == "X509 CRL" else { throw ParsingProblem("PEM", "has a block that is no CRL") }
            lists.append(try RevocationList(der: block.der))
        }
        return lists
    }

    /// The last instant of which it knows: the next list's time, else its own.
    public var knowsUntil: Instant { nextUpdate ?? thisUpdate }

    /// Whether a newer one should have come.
    public func isStale(at now: Instant) -> Bool { knowsUntil < now }

    /// Whether `issuer` has its issuer's name and made its signature.
    public func isIssued(by issuer: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return withExtendedLifetime((self, issuer)) {
            X509_NAME_cmp(X509_CRL_get_issuer(handle), X509_get_subject_name(issuer.handle)) == 0
                && X509_CRL_verify(handle, X509_get0_pubkey(issuer.handle)) == 1
        }
    }

    // MARK: Questions of a chain

    /// Whether it is about certificates of this one's issuer, by name.
    func isOfIssuer(of certificate: Certificate) -> Bool {
        let same = X509_NAME_cmp(X509_CRL_get_issuer(handle), X509_get_issuer_name(certificate.handle)) == 0
        return withExtendedLifetime((self, certificate)) { same }
    }

    /// Why it cannot tell of a certificate of `issuer`; nil where it can.
    func unfitness(for certificate: Certificate, issuer: Certificate) -> Unfitness? {
        defer { ERR_clear_error() }
        return withExtendedLifetime((self, certificate, issuer)) {
            if let usage = issuer.facts.keyUsage, !usage.contains(.listSigning) { return .notTheIssuers }
            guard X509_CRL_verify(handle, X509_get0_pubkey(issuer.handle)) == 1 else { return .notTheIssuers }
            return scope(over: certificate)
        }
    }

    enum Unfitness { case notTheIssuers, onlyPart, unknownExtension }

    /// A list may be about a part of the certificates; a silence about another part says nothing.
    private func scope(over certificate: Certificate) -> Unfitness? {
        for index in 0..<max(0, X509_CRL_get_ext_count(handle)) {
            let item = X509_CRL_get_ext(handle, index)
            let kind = OBJ_obj2nid(X509_EXTENSION_get_object(item))
            if kind == NID_delta_crl { return .onlyPart }
            guard kind == NID_issuing_distribution_point || X509_EXTENSION_get_critical(item) == 0 else {
                return .unknownExtension
            }
        }
        guard X509_CRL_get_ext_by_NID(handle, NID_issuing_distribution_point, -1) >= 0 else { return nil }
        guard let found = X509_CRL_get_ext_d2i(handle, NID_issuing_distribution_point, nil, nil) else {
            return .unknownExtension
        }
        let part = found.assumingMemoryBound(to: ISSUING_DIST_POINT.self)
        defer { ISSUING_DIST_POINT_free(part) }
        let point = part.pointee
        if point.indirectCRL != 0 || point.onlyattr != 0 || point.onlysomereasons != nil { return .onlyPart }
        if point.onlyuser != 0, certificate.facts.isAuthority { return .onlyPart }
        if point.onlyCA != 0, !certificate.facts.isAuthority { return .onlyPart }
        guard let place = point.distpoint else { return nil }
        return Self.isNamed(place, by: certificate) ? nil : .onlyPart
    }

    /// Whether a certificate names the place of a list as one at which it would be revoked.
    private static func isNamed(_ place: UnsafeMutablePointer<DIST_POINT_NAME>, by certificate: Certificate) -> Bool {
        guard place.pointee.type == 0,
            let found = X509_get_ext_d2i(certificate.handle, NID_crl_distribution_points, nil, nil)
        else { return false }
        let points = OpaquePointer(found)
        defer { OPENSSL_sk_pop_free(points) { DIST_POINT_free($0?.assumingMemoryBound(to: DIST_POINT.self)) } }
        for index in 0..<max(0, OPENSSL_sk_num(points)) {
            guard let item = OPENSSL_sk_value(points, index) else { continue }
            let point = item.assumingMemoryBound(to: DIST_POINT.self).pointee
            guard let name = point.distpoint, name.pointee.type == 0 else { continue }
            if share(name.pointee.name.fullname, place.pointee.name.fullname) { return true }
        }
        return false
    }

    /// Most names that are compared with each other, of each of two places.
    private static let maxPlaceNames: Int32 = 16

    private static func share(_ left: OpaquePointer?, _ right: OpaquePointer?) -> Bool {
        for leftIndex in 0..<max(0, min(OPENSSL_sk_num(left), maxPlaceNames)) {
            for rightIndex in 0..<max(0, min(OPENSSL_sk_num(right), maxPlaceNames)) {
                let leftName = OPENSSL_sk_value(left, leftIndex)?.assumingMemoryBound(to: GENERAL_NAME.self)
                let rightName = OPENSSL_sk_value(right, rightIndex)?.assumingMemoryBound(to: GENERAL_NAME.self)
                if GENERAL_NAME_cmp(leftName, rightName) == 0 { return true }
            }
        }
        return false
    }

    /// When and why it says that a certificate was revoked; nil where it does not name it.
    func revocation(of certificate: Certificate) -> (at: Instant, reason: String)? {
        withExtendedLifetime((self, certificate)) {
            var found: OpaquePointer?
            // 1: revoked; 2: it was, and is no more.
            guard X509_CRL_get0_by_cert(handle, &found, certificate.handle) == 1, let found else { return nil }
            var since = ASN1.instant(X509_REVOKED_get0_revocationDate(found)) ?? .earliest
            if let invalid = X509_REVOKED_get_ext_d2i(found, NID_invalidity_date, nil, nil) {
                let time = invalid.assumingMemoryBound(to: ASN1_GENERALIZEDTIME.self)
                since = min(since, ASN1.instant(time) ?? since)
                ASN1_GENERALIZEDTIME_free(time)
            }
            var reason = "unspecified"
            if let value = X509_REVOKED_get_ext_d2i(found, NID_crl_reason, nil, nil) {
                let number = value.assumingMemoryBound(to: ASN1_ENUMERATED.self)
                reason = Self.reasons[ASN1_ENUMERATED_get(number)] ?? reason
                ASN1_ENUMERATED_free(number)
            }
            return (since, reason)
        }
    }

    /// RFC 5280 §5.3.1.
    private static let reasons: [Int: String] = [
        1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded", 5: "cessationOfOperation",
        6: "certificateHold", 9: "privilegeWithdrawn", 10: "aACompromise",
    ]
}

extension RevocationList: Hashable {
    public static func == (left: RevocationList, right: RevocationList) -> Bool {
        left.fingerprint == right.fingerprint
    }
    public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
