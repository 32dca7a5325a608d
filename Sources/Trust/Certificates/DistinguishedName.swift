// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// The name of a subject or an issuer (X.501), with its letters as they are.
public struct DistinguishedName: Hashable, Sendable, CustomStringConvertible {
    /// Most attributes of a name; real ones have fewer than a dozen.
    public static let maxAttributes = 64

    public struct Attribute: Hashable, Sendable {
        /// The short name that `openssl` gives the type (`CN`, `O`, `OU`, `UID`), else its dotted digits.
        public let type: String
        public let value: String

        public init(type: String, value: String) {
            self.type = type
            self.value = value
        }
    }

    /// As they stand in the certificate: the country first, as a rule.
    public let attributes: [Attribute]
    /// RFC 2253: the last attribute first, control characters and separators escaped, other letters as they are.
    public let text: String

    public var description: String { text }
    public var commonName: String? { values(of: "CN").last }

    public func values(of type: String) -> [String] { attributes.filter { $0.type == type }.map(\.value) }

    /// - Throws: `ParsingProblem` for a value that is no text, or too many of them.
    init(_ name: OpaquePointer?) throws(ParsingProblem) {
        let count = X509_NAME_entry_count(name)
        guard count <= Self.maxAttributes else {
            throw ParsingProblem("Certificate", "has a name of \(count) attributes")
        }
        var attributes: [Attribute] = []
        for index in 0..<max(0, count) {
            let entry = X509_NAME_get_entry(name, index)
            let object = X509_NAME_ENTRY_get_object(entry)
            var utf8: UnsafeMutablePointer<UInt8>?
            let length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry))
            guard length >= 0, let utf8 else {
                ERR_clear_error()
                throw ParsingProblem("Certificate", "has a name that is no text")
            }
            defer { CRYPTO_free(utf8, "", 0) }
            let value = String(decoding: UnsafeBufferPointer(start: utf8, count: Int(length)), as: UTF8.self)
            attributes.append(Attribute(type: Self.type(object), value: value))
        }
        self.attributes = attributes
        text = Self.print(name)
    }

    private static func type(_ object: OpaquePointer?) -> String {
        let known = OBJ_obj2nid(object)
        if known != NID_undef, let short = OBJ_nid2sn(known) { return String(cString: short) }
        return ASN1.dotted(object)
    }

    private static func print(_ name: OpaquePointer?) -> String {
        guard let output = BIO_new(BIO_s_mem()) else { preconditionFailure("libcrypto has no memory for a name") }
        defer { BIO_free(output) }
        guard X509_NAME_print_ex(output, name, 0, truc_name_flags) >= 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        let read = BIO_read(output, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(max(0, Int(read))), as: UTF8.self)
    }
}
