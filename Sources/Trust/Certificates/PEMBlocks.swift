// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange

/// The blocks of a PEM text (RFC 7468), whatever stands between them.
public struct PEMBlocks: Sendable {
    /// Longest text, in bytes: a national list of revoked certificates is some megabytes.
    public static let maxBytes = 24 << 20
    /// Most blocks; a bundle of a country's authorities has some dozens.
    public static let maxBlocks = 512

    public struct Block: Sendable {
        /// `CERTIFICATE`, `X509 CRL` and so on.
        public let label: String
        public let der: [UInt8]
    }

    public let blocks: [Block]

    /// Whether a file is PEM and not DER, which begins with the tag of a sequence.
    public static func looksLikePEM(_ bytes: [UInt8]) -> Bool { bytes.first != 0x30 }

    /// - Throws: `ParsingProblem` for a text without blocks, with a broken one, with too many or too long.
    public init(_ text: [UInt8]) throws(ParsingProblem) {
        guard text.count <= Self.maxBytes else { throw ParsingProblem("PEM", "is longer than \(Self.maxBytes) bytes") }
        guard let input = BIO_new_mem_buf(text, Int32(text.count)) else {
            throw ParsingProblem("PEM", "is empty")
        }
        defer {
            BIO_free(input)
            ERR_clear_error()
        }
        var blocks: [Block] = []
        // A memory BIO refers to the bytes and copies none.
        let problem: ParsingProblem? = withExtendedLifetime(text) {
            while true {
                var (name, header): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?) = (nil, nil)
                var (data, length): (UnsafeMutablePointer<UInt8>?, Int) = (nil, 0)
                guard PEM_read_bio(input, &name, &header, &data, &length) == 1, let name, let data else {
                    // The end of the text is an error like any other: that no block begins any more.
                    let reason = ERR_peek_last_error() & 0x7F_FFFF
                    return reason == UInt(PEM_R_NO_START_LINE) ? nil : ParsingProblem("PEM", "has a broken block")
                }
                defer {
                    CRYPTO_free(name, "", 0)
                    CRYPTO_free(header, "", 0)
                    CRYPTO_free(data, "", 0)
                }
                guard blocks.count < Self.maxBlocks else {
                    return ParsingProblem("PEM", "has more than \(Self.maxBlocks) blocks")
                }
                blocks.append(
                    Block(label: String(cString: name), der: Array(UnsafeBufferPointer(start: data, count: length))))
            }
        }
        if let problem { throw problem }
        guard !blocks.isEmpty else { throw ParsingProblem("PEM", "has no block") }
        self.blocks = blocks
    }
}
