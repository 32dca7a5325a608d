// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Why a CMS signature is none, or does not hold over what it is asked about. Whom to believe is another question.
public enum SignedDataFault: Error, Equatable, Sendable {
    case unreadable
    case tooLarge
    /// Documents and time-stamps have exactly one.
    case signers(count: Int)
    case signerCertificateMissing
    case digestUnknown(String)
    /// Without signed attributes nothing says what kind of content, and by which certificate, was signed.
    case attributesMissing
    case contentTypeWrong
    /// The signed attributes are of another certificate than the one that came with them.
    case certificateReplaced
    case signatureWrong
    /// What was signed is not what is here.
    case contentChanged
    case timeStampUnreadable

    /// Stable, for programs.
    public var code: String {
        switch self {
        case .unreadable: "unreadable"
        case .tooLarge: "too-large"
        case .signers: "not-one-signer"
        case .signerCertificateMissing: "signer-certificate-missing"
        case .digestUnknown: "digest-unknown"
        case .attributesMissing: "attributes-missing"
        case .contentTypeWrong: "content-type-wrong"
        case .certificateReplaced: "certificate-replaced"
        case .signatureWrong: "signature-wrong"
        case .contentChanged: "content-changed"
        case .timeStampUnreadable: "time-stamp-unreadable"
        }
    }

    public var vietnamese: String {
        switch self {
        case .unreadable: "Chữ ký không phải CMS SignedData đọc được."
        case .tooLarge: "Chữ ký dài quá mức cho phép."
        case .signers(let count): "Chữ ký có \(count) người ký thay vì đúng một."
        case .signerCertificateMissing: "Chữ ký không kèm chứng thư của người ký."
        case .digestUnknown(let name): "Chữ ký dùng hàm băm không được hỗ trợ (\(name))."
        case .attributesMissing: "Chữ ký thiếu các thuộc tính phải ký kèm."
        case .contentTypeWrong: "Loại nội dung ghi trong chữ ký không khớp."
        case .certificateReplaced: "Chứng thư kèm theo không phải chứng thư mà người ký đã ký kèm."
        case .signatureWrong: "Giá trị chữ ký không đúng với khóa của người ký."
        case .contentChanged: "Nội dung đã bị sửa sau khi ký."
        case .timeStampUnreadable: "Dấu thời gian không đọc được."
        }
    }

    public var english: String {
        switch self {
        case .unreadable: "The signature is no CMS SignedData that can be read."
        case .tooLarge: "The signature is longer than is taken."
        case .signers(let count): "The signature has \(count) signers, not one."
        case .signerCertificateMissing: "The signature comes without the signer's certificate."
        case .digestUnknown(let name): "The signature uses a digest that is not supported (\(name))."
        case .attributesMissing: "The signature lacks the attributes that have to be signed with it."
        case .contentTypeWrong: "The signature is about another type of content."
        case .certificateReplaced: "The certificate is another than the one that was signed with it."
        case .signatureWrong: "The signature's value is not by the signer's key."
        case .contentChanged: "The content was changed after it was signed."
        case .timeStampUnreadable: "The time-stamp cannot be read."
        }
    }
}
