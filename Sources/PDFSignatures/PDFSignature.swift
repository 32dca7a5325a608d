// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// One signature of a PDF: what it says, which bytes it is over, and what is to be said of it.
public struct PDFSignature: Sendable, Equatable {
    public enum Kind: String, Sendable, Codable {
        /// Of a person or an agency.
        case signature
        /// A time-stamp over the document (`ETSI.RFC3161`).
        case timeStamp = "document-time-stamp"
    }

    /// Why nothing can be said of the content: the signature is not built as it must be to be over this file.
    public enum Fault: String, Error, Sendable, Codable, CaseIterable {
        /// Its dictionary does not stand in the file by itself, or is none.
        case notStanding = "not-standing"
        case repeatedKey = "repeated-key"
        case contentsMissing = "contents-missing"
        case byteRangeMissing = "byte-range-missing"
        /// Not two ranges, from the beginning on, in order, inside the file.
        case byteRangeIrregular = "byte-range-irregular"
        /// What the ranges leave out is not exactly the signature's own value: something else could stand there.
        case holeIsNotContents = "hole-is-not-contents"
        case formatUnknown = "format-unknown"

        public var vietnamese: String {
            switch self {
            case .notStanding: "Từ điển chữ ký không nằm riêng trong tệp."
            case .repeatedKey: "Từ điển chữ ký có khóa lặp lại."
            case .contentsMissing: "Chữ ký không có giá trị (Contents)."
            case .byteRangeMissing: "Chữ ký không nêu phạm vi đã ký (ByteRange)."
            case .byteRangeIrregular: "Phạm vi đã ký (ByteRange) không hợp lệ."
            case .holeIsNotContents: "Phần không được ký không trùng với giá trị chữ ký: có thể đã bị chèn nội dung."
            case .formatUnknown: "Dạng chữ ký (SubFilter) không được hỗ trợ."
            }
        }

        public var english: String {
            switch self {
            case .notStanding: "The signature's dictionary does not stand in the file by itself."
            case .repeatedKey: "The signature's dictionary has a key twice."
            case .contentsMissing: "The signature has no value (Contents)."
            case .byteRangeMissing: "The signature does not say what it is over (ByteRange)."
            case .byteRangeIrregular: "What the signature is over (ByteRange) is not well formed."
            case .holeIsNotContents:
                "What is left out of the signature is not its value alone: something may be slipped in."
            case .formatUnknown: "The signature's format (SubFilter) is not supported."
            }
        }
    }

    public let field: String
    public let kind: Kind
    /// As the file names it: `ETSI.CAdES.detached`, `adbe.pkcs7.detached`.
    public let subFilter: String?
    /// What the signer's program wrote; nobody vouches for it but the signature as a whole.
    public let name: String?
    public let reason: String?
    public let location: String?
    /// How many bytes from the beginning on it is over, its own value aside; 0 where there is a fault.
    public let coveredLength: Int
    /// Whether it is over the whole file: nothing was added after it.
    public let coversFile: Bool
    /// The revision of the file that it signed, and how many there are; nil where there is a fault.
    public let revision: Int?
    public let fault: Fault?
    /// The CMS could not be read.
    public let cmsFault: SignedDataFault?
    /// Of a signature whose CMS could be read.
    public let judgement: SignatureJudgement?
    /// Of a document's time-stamp.
    public let stamp: SignatureJudgement.Stamp?

    /// Whether the bytes that it is over are those that were signed.
    public var isIntact: Bool {
        guard fault == nil, cmsFault == nil else { return false }
        switch kind {
        case .signature: return judgement.map { $0.fault == nil } ?? false
        case .timeStamp: return stamp.map { $0.fault == nil } ?? false
        }
    }

    /// Whose it is, by the certificate.
    public var signer: SignerKind? { judgement.map { SignerKind(of: $0.signer) } }
}

/// What is in the dictionary of a signature.
struct PDFSignatureDictionary {
    let subFilter: String?
    let name: String?
    let reason: String?
    let location: String?
    let hasByteRange: Bool
    /// The two ranges that are signed, if they are well formed; else why not.
    let ranges: Result<Ranges, PDFSignature.Fault>

    /// What is signed, around the signature's value.
    struct Ranges {
        let first: Range<Int>
        let second: Range<Int>
        let contents: [UInt8]
    }

    static let maxShown = 256

    init(_ dictionary: PDFDictionary, fileLength: Int) {
        func text(_ key: String) -> String? { dictionary[key]?.string.map { String($0.text.prefix(Self.maxShown)) } }
        subFilter = dictionary["SubFilter"]?.name
        name = text("Name")
        reason = text("Reason")
        location = text("Location")
        hasByteRange = dictionary["ByteRange"] != nil
        ranges = Self.ranges(dictionary, dictionary["Contents"]?.string, fileLength)
    }

    private static func ranges(
        _ dictionary: PDFDictionary, _ contents: PDFString?, _ length: Int
    ) -> Result<Ranges, PDFSignature.Fault> {
        guard dictionary.repeated.isEmpty else { return .failure(.repeatedKey) }
        guard let contents, !contents.bytes.isEmpty else { return .failure(.contentsMissing) }
        guard let items = dictionary["ByteRange"]?.array else { return .failure(.byteRangeMissing) }
        let numbers = items.compactMap(\.integer)
        guard items.count == 4, numbers.count == 4, numbers[0] == 0, numbers[1] > 0, numbers[2] >= numbers[1],
            numbers[3] >= 0, numbers[2] <= length, numbers[3] <= length - numbers[2]
        else { return .failure(.byteRangeIrregular) }
        guard contents.range == numbers[1]..<numbers[2] else { return .failure(.holeIsNotContents) }
        return .success(
            Ranges(
                first: 0..<numbers[1], second: numbers[2]..<numbers[2] + numbers[3], contents: contents.bytes))
    }
}
