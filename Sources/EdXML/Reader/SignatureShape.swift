// SPDX-License-Identifier: Apache-2.0

/// Tells a signature that could be verified from the placeholders that most packages carry.
enum SignatureShape {
    static func of(_ header: Element) -> PackageReading.Signature {
        let candidates = (header.all("Signature") + header.all("DigitalSignature")).filter { !$0.isBlank }
        if candidates.isEmpty { return .absent }
        return candidates.contains(where: isVerifiable) ? .present : .dummy
    }

    /// The shortest signature that anything in use makes: ECDSA on P-256.
    static let minValueBytes = 64

    /// In the namespace of XML-DSig, with a value as long as a signature is and, where there is a certificate, a whole
    /// one. The national SDK's has the wrong namespace, one constant value and the beginning of a certificate.
    private static func isVerifiable(_ signature: Element) -> Bool {
        guard signature.isSignatureNamespace, signature.first("SignedInfo") != nil,
            let value = Base64Decoder.decode(signature.value("SignatureValue") ?? ""), value.count >= minValueBytes
        else { return false }
        let certificates = signature.first("KeyInfo")?.all("X509Data").flatMap { $0.all("X509Certificate") } ?? []
        return certificates.allSatisfy { Base64Decoder.decode($0.text).map(isWholeSequence) ?? false }
    }

    /// Whether the bytes are one DER SEQUENCE from end to end.
    static func isWholeSequence(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2, bytes[0] == 0x30 else { return false }
        let first = Int(bytes[1])
        if first < 0x80 { return bytes.count == 2 + first }
        let digits = first - 0x80
        guard (1...4).contains(digits), bytes.count > 2 + digits else { return false }
        let length = bytes[2..<2 + digits].reduce(0) { $0 << 8 | Int($1) }
        return bytes.count == 2 + digits + length
    }
}
