// SPDX-License-Identifier: Apache-2.0

extension Finding.Code {
    /// What is wrong with a signature, by `SignatureVerifier` and the judgement of its certificate.
    var signatureEntry: Entry? { signatureShapeEntry ?? signatureCoverEntry ?? signatureKeyEntry }

    private var signatureShapeEntry: Entry? {
        switch self {
        case .signatureStructure:
            .error("Chữ ký số không đúng cấu trúc XML-Signature.", "The signature is not built as XML-Signature asks.")
        case .signatureSeveral:
            .error(
                "Gói tin có nhiều hơn một chữ ký số nên không rõ chữ ký nào có giá trị.",
                "The package has more than one signature: which one counts cannot be told.")
        case .signatureComment:
            .error(
                "Trong chữ ký số có chú thích hoặc chỉ thị xử lý; các phần mềm có thể đọc khác nhau.",
                "A comment or processing instruction stands inside the signature: programs may read it differently.")
        case .signatureTooLarge:
            .error("Chữ ký số lớn hơn mức cho phép.", "The signature is larger than allowed.")
        case .signatureAlgorithm:
            .error("Thuật toán của chữ ký số không được chấp nhận.", "An algorithm of the signature is not taken.")
        case .signatureTransform:
            .error(
                "Phép biến đổi của chữ ký số không được chấp nhận.", "A transform of the signature is not taken.")
        case .signatureObsolete:
            .warning(
                "Chữ ký số dùng SHA-1, đã lỗi thời và không còn bảo đảm.",
                "The signature uses SHA-1, which is obsolete and proves nothing any more.")
        default: nil
        }
    }

    private var signatureCoverEntry: Entry? {
        switch self {
        case .signatureReference:
            .error("Tham chiếu của chữ ký số không được chấp nhận.", "A reference of the signature is not taken.")
        case .signatureReferenceOutside:
            .error("Chữ ký số tham chiếu ra ngoài gói tin.", "The signature refers to something outside the package.")
        case .signatureReferenceMissing:
            .error(
                "Chữ ký số tham chiếu đến phần không có trong gói tin.",
                "The signature refers to something that is not in the package.")
        case .signatureIDRepeated:
            .error(
                "Định danh mà chữ ký số tham chiếu xuất hiện nhiều lần.",
                "An identifier to which the signature refers occurs more than once.")
        case .signatureNamespace:
            .error(
                "Không gian tên tương đối: không có dạng chuẩn để kiểm tra chữ ký số.",
                "A relative namespace: there is no canonical form to verify the signature on.")
        case .signaturePartial:
            .error("Chữ ký số không bao phủ toàn bộ gói tin.", "The signature does not cover the whole package.")
        case .signatureDigest:
            .error(
                "Nội dung đã bị thay đổi sau khi ký (giá trị băm khác).",
                "What was signed has been changed since (the digest differs).")
        case .signatureValue:
            .error(
                "Giá trị chữ ký số không khớp với khóa của chứng thư.",
                "The signature's value was not made by the certificate's key.")
        default: nil
        }
    }

    private var signatureKeyEntry: Entry? {
        switch self {
        case .signatureKeyMissing:
            .error("Chữ ký số không kèm chứng thư.", "The signature carries no certificate.")
        case .signatureKeyOutside:
            .error(
                "Chữ ký số trỏ ra ngoài để lấy khóa; khóa phải nằm trong chữ ký.",
                "The signature points outward for its key, which must be in it.")
        case .signatureKeyDiffers:
            .error(
                "Khóa trong chữ ký số không phải khóa của chứng thư.", "The signature's key is not the certificate's.")
        case .signatureKeyInvalid:
            .error(
                "Chứng thư hoặc khóa trong chữ ký số không dùng được.",
                "The certificate or key in the signature cannot be used.")
        case .signatureUntrusted:
            .error(
                "Chứng thư của người ký không dẫn đến tổ chức được tin cậy.",
                "The signer's certificate does not lead to anybody who is trusted.")
        case .signatureUndetermined:
            .warning(
                "Chưa xác định được chứng thư của người ký còn hiệu lực hay đã bị thu hồi.",
                "Whether the signer's certificate was revoked could not be determined.")
        default: nil
        }
    }
}
