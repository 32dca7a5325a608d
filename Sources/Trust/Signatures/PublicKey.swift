// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// A key that verifies signatures: RSA, or a point on one of three NIST curves.
///
/// Equal are keys whose encodings are.
public final class PublicKey: Sendable {
    public enum Kind: Hashable, Sendable, CustomStringConvertible {
        /// - Parameter bits: of the modulus.
        case rsa(bits: Int)
        case ec(Curve)

        public var description: String {
            switch self {
            case .rsa(let bits): "RSA \(bits)"
            case .ec(let curve): curve.rawValue
            }
        }
    }

    /// A curve of FIPS 186-4 with a name; others, and parameters without a name, are refused.
    public enum Curve: String, CaseIterable, Sendable {
        case p256 = "P-256"
        case p384 = "P-384"
        case p521 = "P-521"

        /// Bytes of a coordinate, and of each half of a signature.
        public var byteCount: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }

        /// As libcrypto names them.
        init?(group: String) {
            switch group {
            case "prime256v1", "P-256": self = .p256
            case "secp384r1", "P-384": self = .p384
            case "secp521r1", "P-521": self = .p521
            default: return nil
            }
        }
    }

    /// The shortest RSA modulus that is taken, in bits: below it a signature can be forged with money.
    public static let minRSABits = 2_048
    /// The longest: the work of a verification grows with its square, and the key is a stranger's.
    public static let maxRSABits = 8_192
    /// The longest public exponent, in bits; for the same reason. 65537 has 17.
    public static let maxExponentBits = 64
    /// Longest encoding, in bytes.
    public static let maxBytes = 4_096

    public let kind: Kind
    /// DER of SubjectPublicKeyInfo (RFC 5280 §4.1).
    public let spki: [UInt8]
    /// Owned. `nonisolated(unsafe)`: nothing changes the key after the initializer, and libcrypto lets threads share one
    /// for verifying (OpenSSL 3, `openssl-threads(7)`).
    nonisolated(unsafe) private let handle: OpaquePointer

    /// - Parameter spki: DER of SubjectPublicKeyInfo, nothing before or after it.
    /// - Throws: `ParsingProblem` for what is no such key, or one of another kind or size than is taken here.
    public convenience init(spki: [UInt8]) throws(ParsingProblem) {
        defer { ERR_clear_error() }
        guard spki.count <= Self.maxBytes else {
            throw ParsingProblem("PublicKey", "is longer than \(Self.maxBytes) bytes")
        }
        let read = spki.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var next = bytes.baseAddress
            return next == nil ? nil : d2i_PUBKEY(nil, &next, bytes.count)
        }
        guard let read else { throw ParsingProblem("PublicKey", "is no SubjectPublicKeyInfo") }
        try self.init(owning: read)
        // One key, one encoding: bytes behind it, or BER, would make two keys of one.
        guard self.spki == spki else { throw ParsingProblem("PublicKey", "is not in DER") }
    }

    /// The key that a certificate (X.509, DER) is about. Says nothing of the certificate but that it has one.
    public convenience init(certificate der: [UInt8]) throws(ParsingProblem) {
        defer { ERR_clear_error() }
        let read = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var next = bytes.baseAddress
            guard let start = next, let certificate = d2i_X509(nil, &next, bytes.count) else { return nil }
            defer { X509_free(certificate) }
            // A certificate with something behind it is none.
            return next == start + bytes.count ? X509_get_pubkey(certificate) : nil
        }
        guard let read else { throw ParsingProblem("PublicKey", "is in no X.509 certificate") }
        try self.init(owning: read)
    }

    /// Takes over `key`, also when it throws.
    init(owning key: OpaquePointer) throws(ParsingProblem) {
        do {
            kind = try Self.kind(of: key)
            spki = try Self.encode(key)
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
        handle = key
    }

    deinit { EVP_PKEY_free(handle) }

    // MARK: Verifying

    /// Whether `signature` is one of this key over a message with this digest.
    ///
    /// - Parameter digest: by the algorithm's own hash function; another length is no match.
    /// - Returns: false as well for an algorithm that is not for this kind of key.
    public func verifies(signature: [UInt8], digest: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        guard digest.count == algorithm.digest.byteCount, let value = libcryptoValue(signature, algorithm.scheme),
            let context = SigningContext(handle, algorithm, .verify)
        else { return false }
        defer { ERR_clear_error() }
        return withExtendedLifetime((self, context)) {
            EVP_PKEY_verify(context.pointer, value, value.count, digest, digest.count) == 1
        }
    }

    /// Whether `signature` is one of this key over `message`.
    public func verifies(
        signature: [UInt8], message: some Collection<UInt8>, by algorithm: SignatureAlgorithm
    ) -> Bool {
        verifies(signature: signature, digest: MessageDigest.of(message, algorithm.digest), by: algorithm)
    }

    /// The signature in libcrypto's own form; nil where it cannot be one of this key by its length or the key's kind.
    private func libcryptoValue(_ signature: [UInt8], _ scheme: SignatureAlgorithm.Scheme) -> [UInt8]? {
        switch (kind, scheme) {
        case (.rsa(let bits), .rsaPKCS1), (.rsa(let bits), .rsaPSS):
            signature.count == (bits + 7) / 8 ? signature : nil
        case (.ec(let curve), .ecdsa): ECDSAValue.der(raw: signature, curve)
        case (.rsa, .ecdsa), (.ec, .rsaPKCS1), (.ec, .rsaPSS): nil
        }
    }

    // MARK: Reading

    static func kind(of key: OpaquePointer) throws(ParsingProblem) -> Kind {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA:
            let bits = Int(EVP_PKEY_get_bits(key))
            guard (minRSABits...maxRSABits).contains(bits) else {
                throw ParsingProblem(
                    "PublicKey", "is an RSA key of \(bits) bits; \(minRSABits) to \(maxRSABits) are taken")
            }
            var exponent: OpaquePointer?
            guard EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1, let exponent else {
                throw ParsingProblem("PublicKey", "is an RSA key without an exponent")
            }
            defer { BN_free(exponent) }
            // An even one, or 1, signs nothing.
            guard BN_is_odd(exponent) == 1, BN_is_one(exponent) == 0, BN_num_bits(exponent) <= maxExponentBits else {
                throw ParsingProblem("PublicKey", "is an RSA key with an exponent that is not taken")
            }
            return .rsa(bits: bits)
        case EVP_PKEY_EC:
            var isExplicit: Int32 = 0
            // Parameters of one's own could give somebody else's point another secret.
            guard EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &isExplicit) == 1,
                isExplicit == 0
            else { throw ParsingProblem("PublicKey", "is on a curve without a name") }
            var name = [CChar](repeating: 0, count: 64)
            var length = 0
            guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1,
                let curve = Curve(
                    group: String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self))
            else { throw ParsingProblem("PublicKey", "is on a curve that is not taken") }
            return .ec(curve)
        default: throw ParsingProblem("PublicKey", "is neither RSA nor on a curve that is taken")
        }
    }

    private static func encode(_ key: OpaquePointer) throws(ParsingProblem) -> [UInt8] {
        var start: UnsafeMutablePointer<UInt8>?
        let length = i2d_PUBKEY(key, &start)
        guard length > 0, let start else { throw ParsingProblem("PublicKey", "cannot be encoded") }
        defer { CRYPTO_free(start, "", 0) }
        return Array(UnsafeBufferPointer(start: start, count: Int(length)))
    }
}

extension PublicKey: Hashable {
    public static func == (left: PublicKey, right: PublicKey) -> Bool { left.spki == right.spki }
    public func hash(into hasher: inout Hasher) { hasher.combine(spki) }
}

/// One signature's worth of libcrypto's state; owns it.
final class SigningContext {
    enum Operation { case sign, verify }

    let pointer: OpaquePointer

    /// Nil where the key cannot do it.
    init?(_ key: OpaquePointer, _ algorithm: SignatureAlgorithm, _ operation: Operation) {
        guard let context = EVP_PKEY_CTX_new(key, nil) else { return nil }
        // Freed by `deinit` from here on, also when the rest fails.
        pointer = context
        let begun = operation == .sign ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)
        guard begun == 1, Self.set(context, algorithm) else {
            ERR_clear_error()
            return nil
        }
    }

    deinit { EVP_PKEY_CTX_free(pointer) }

    private static func set(_ context: OpaquePointer, _ algorithm: SignatureAlgorithm) -> Bool {
        let hash = algorithm.digest.implementation
        guard EVP_PKEY_CTX_set_signature_md(context, hash) == 1 else { return false }
        switch algorithm.scheme {
        case .rsaPKCS1: return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        case .rsaPSS:
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
        case .ecdsa: return true
        }
    }
}

/// The two ways in which an ECDSA signature is written.
public enum ECDSAValue {
    /// The DER form of r and s that stand one behind the other; nil when they are not twice the curve's length.
    public static func der(raw: [UInt8], _ curve: PublicKey.Curve) -> [UInt8]? {
        guard raw.count == 2 * curve.byteCount else { return nil }
        let integers = integer(raw[..<curve.byteCount]) + integer(raw[curve.byteCount...])
        // At most 2 × (2 + 67) bytes: one byte of length up to 127, two beyond.
        let length = integers.count < 0x80 ? [UInt8(integers.count)] : [0x81, UInt8(integers.count)]
        return [0x30] + length + integers
    }

    /// r and s one behind the other, each of the curve's length; nil for what is no signature of the curve in DER.
    public static func raw(der: [UInt8], _ curve: PublicKey.Curve) -> [UInt8]? {
        var rest = der[...]
        guard rest.popFirst() == 0x30, var length = rest.popFirst().map(Int.init) else { return nil }
        if length == 0x81 {
            guard let long = rest.popFirst(), long >= 0x80 else { return nil }
            length = Int(long)
        } else if length > 0x7F {
            return nil
        }
        guard rest.count == length, let first = takeInteger(&rest, curve), let second = takeInteger(&rest, curve),
            rest.isEmpty
        else { return nil }
        return first + second
    }

    private static func integer(_ magnitude: ArraySlice<UInt8>) -> [UInt8] {
        let digits = magnitude.drop { $0 == 0 }
        let sign: [UInt8] = (digits.first ?? 0x80) >= 0x80 ? [0] : []
        return [0x02, UInt8(sign.count + digits.count)] + sign + digits
    }

    private static func takeInteger(_ rest: inout ArraySlice<UInt8>, _ curve: PublicKey.Curve) -> [UInt8]? {
        guard rest.popFirst() == 0x02, let length = rest.popFirst().map(Int.init), length > 0, rest.count >= length
        else { return nil }
        let digits = rest.prefix(length)
        rest = rest.dropFirst(length)
        // Negative, or longer than need be, is not DER.
        guard let first = digits.first, first < 0x80 else { return nil }
        if first == 0, digits.count > 1, digits[digits.startIndex + 1] < 0x80 { return nil }
        let magnitude = digits.drop { $0 == 0 }
        guard magnitude.count <= curve.byteCount else { return nil }
        return [UInt8](repeating: 0, count: curve.byteCount - magnitude.count) + magnitude
    }
}

/// A key as other formats write it.
extension PublicKey {
    /// Whether it is for signatures of this scheme.
    public func isFor(_ scheme: SignatureAlgorithm.Scheme) -> Bool {
        switch (kind, scheme) {
        case (.rsa, .rsaPKCS1), (.rsa, .rsaPSS), (.ec, .ecdsa): true
        case (.rsa, .ecdsa), (.ec, .rsaPKCS1), (.ec, .rsaPSS): false
        }
    }

    /// Whether it is the RSA key of these numbers, big-endian.
    public func isRSA(modulus: [UInt8], exponent: [UInt8]) -> Bool {
        guard case .rsa = kind else { return false }
        let numbers = Self.derInteger(modulus) + Self.derInteger(exponent)
        // The encoding ends with the two numbers, and DER writes numbers in one way.
        return spki.suffix(numbers.count).elementsEqual(numbers)
    }

    /// Whether it is this point of its curve, uncompressed (SEC 1 §2.3.3).
    public func isPoint(_ point: [UInt8]) -> Bool {
        guard case .ec(let curve) = kind, point.count == 1 + 2 * curve.byteCount, point.first == 4 else { return false }
        return spki.suffix(point.count).elementsEqual(point)
    }

    private static func derInteger(_ bytes: [UInt8]) -> [UInt8] {
        let digits = bytes.drop { $0 == 0 }
        let content = ((digits.first ?? 0x80) >= 0x80 ? [0] : []) + digits
        switch content.count {
        case ..<0x80: return [0x02, UInt8(content.count)] + content
        case ..<0x100: return [0x02, 0x81, UInt8(content.count)] + content
        default:
            return [
                0x02, 0x82, UInt8(truncatingIfNeeded: content.count >> 8), UInt8(truncatingIfNeeded: content.count),
            ] + content
        }
    }
}
