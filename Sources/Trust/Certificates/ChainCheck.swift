// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// Asks libcrypto whether one chain holds at an instant, revocation aside.
enum ChainCheck {
    /// 112 bits of security: RSA of 2048 bits and more, no SHA-1 and no MD5 (`X509_VERIFY_PARAM_set_auth_level(3)`).
    static let securityLevel: Int32 = 2

    /// - Parameter chain: from the certificate in question to a root, at least one long.
    static func flaw(in chain: [Certificate], at: Instant, for purpose: CertificatePurpose) -> ChainFlaw? {
        guard let first = chain.first, let root = chain.last else { return .chainTooLong }
        if purpose == .signing, let usage = first.facts.keyUsage,
            usage.isDisjoint(with: [.digitalSignature, .nonRepudiation])
        {
            return .usageNotPermitted(subject: first.subject.text, purpose)
        }
        defer { ERR_clear_error() }
        return withExtendedLifetime(chain) {
            guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(),
                let between = OPENSSL_sk_new_null()
            else { preconditionFailure("libcrypto has no memory for a chain") }
            defer {
                X509_STORE_CTX_free(context)
                X509_STORE_free(store)
                OPENSSL_sk_free(between)
            }
            var isReady = X509_STORE_add_cert(store, root.handle) == 1
            for certificate in chain.dropFirst().dropLast() {
                isReady = isReady && OPENSSL_sk_push(between, UnsafeRawPointer(certificate.handle)) > 0
            }
            guard isReady, X509_STORE_CTX_init(context, store, first.handle, between) == 1 else {
                preconditionFailure("libcrypto has no memory for a chain")
            }
            let parameters = X509_STORE_CTX_get0_param(context)
            X509_VERIFY_PARAM_set_time(parameters, Int(floorSeconds(at)))
            X509_VERIFY_PARAM_set_depth(parameters, Int32(TrustStore.maxDepth))
            X509_VERIFY_PARAM_set_auth_level(parameters, securityLevel)
            if purpose == .timeStamping {
                X509_STORE_CTX_set_purpose(context, X509_PURPOSE_TIMESTAMP_SIGN)
            }
            if X509_verify_cert(context) == 1 { return nil }
            let depth = Int(X509_STORE_CTX_get_error_depth(context))
            let refused = chain.indices.contains(depth) ? chain[depth] : first
            return flaw(X509_STORE_CTX_get_error(context), refused, purpose)
        }
    }

    private static func floorSeconds(_ instant: Instant) -> Int64 {
        let (seconds, rest) = instant.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }

    /// What an error of libcrypto at a certificate of the chain means.
    private static func flaw(_ error: Int32, _ certificate: Certificate, _ purpose: CertificatePurpose) -> ChainFlaw {
        let facts = certificate.facts
        let subject = certificate.subject.text
        switch error {
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired(subject: subject, at: facts.notAfter)
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid(subject: subject, from: facts.notBefore)
        case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
            return .signatureWrong(subject: subject)
        case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return .notAnAuthority(subject: subject)
        case X509_V_ERR_PATH_LENGTH_EXCEEDED: return .pathLengthExceeded
        case X509_V_ERR_CERT_CHAIN_TOO_LONG: return .chainTooLong
        case X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION, X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,
            X509_V_ERR_SUBTREE_MINMAX, X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
            X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
            return .nameNotPermitted(subject: subject)
        case X509_V_ERR_INVALID_PURPOSE: return .usageNotPermitted(subject: subject, purpose)
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL:
            return .keyTooWeak(subject: subject, key: "\(facts.keyKind) \(facts.keyBits)")
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return .digestTooWeak(subject: subject, digest: facts.signatureDigest ?? "?")
        case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION: return .criticalExtensionUnknown(subject: subject)
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return .issuerUnknown(issuer: certificate.issuer.text)
        default:
            let words = X509_verify_cert_error_string(Int(error)).map { String(cString: $0) } ?? "?"
            return .other(subject: subject, what: words)
        }
    }
}
