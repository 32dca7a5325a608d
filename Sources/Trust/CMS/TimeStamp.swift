// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// A time-stamp token (RFC 3161): somebody's word that data with a certain digest existed at a time.
public final class TimeStamp {
    /// The type of its content.
    static let contentType = "1.2.840.113549.1.9.16.1.4"

    public let at: Instant
    public let digest: DigestAlgorithm
    /// Who issued it: its signer.
    public var authority: Certificate { signed.signer }
    /// In hexadecimal capitals.
    public let serial: String
    public let signed: SignedData
    private let imprint: [UInt8]

    /// - Parameter token: a ContentInfo; zeros may follow it.
    public init(token: [UInt8]) throws(SignedDataFault) {
        signed = try SignedData(token)
        guard signed.contentType == Self.contentType, let content = signed.content else { throw .timeStampUnreadable }
        let read = ASN1.whole(content, { d2i_TS_TST_INFO(nil, $0, $1) }, release: { TS_TST_INFO_free($0) })
        guard let read else { throw .timeStampUnreadable }
        defer { TS_TST_INFO_free(read) }
        let algorithm = CMSDigest.algorithm(TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(read)))
        guard let known = algorithm.known else { throw .digestUnknown(algorithm.name) }
        guard TS_TST_INFO_get_version(read) == 1, let at = ASN1.instant(TS_TST_INFO_get_time(read)),
            let imprint = ASN1.bytes(TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(read)))
        else { throw .timeStampUnreadable }
        digest = known
        self.at = at
        serial = ASN1.hex(TS_TST_INFO_get_serial(read))
        self.imprint = imprint
    }

    /// Why it is no word about data with this digest; nil when it is. Whether to believe its authority is another question.
    ///
    /// - Parameter dataDigest: by `digest`.
    public func fault(dataDigest: [UInt8]) -> SignedDataFault? {
        // RFC 3161 §2.4.1: the certificate has to be named in what is signed.
        guard signed.bindsCertificate else { return .attributesMissing }
        let own = MessageDigest.of(signed.content ?? [], signed.digest)
        if let fault = signed.fault(contentDigest: own) { return fault }
        return imprint == dataDigest ? nil : .contentChanged
    }
}
