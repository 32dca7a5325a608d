// SPDX-License-Identifier: Apache-2.0

extension Finding.Code {
    /// One line of the catalogue.
    struct Entry {
        let severity: Finding.Severity
        let vietnamese: String
        let english: String

        static func error(_ vietnamese: String, _ english: String) -> Entry {
            Entry(severity: .error, vietnamese: vietnamese, english: english)
        }

        static func warning(_ vietnamese: String, _ english: String) -> Entry {
            Entry(severity: .warning, vietnamese: vietnamese, english: english)
        }
    }

    var entry: Entry {
        xmlEntry ?? limitEntry ?? packetEntry ?? documentEntry ?? statusEntry ?? signatureEntry ?? attachmentEntry
    }

    private var xmlEntry: Entry? {
        switch self {
        case .malformed: .error("Gói tin không phải XML đúng cú pháp.", "The package is not well-formed XML.")
        case .incomplete:
            .error(
                "Gói tin kết thúc trước khi phần tử gốc được đóng.", "The package ends before its root element does.")
        case .junkBeforeDeclaration:
            .error("Có ký tự lạ trước khai báo XML.", "Something stands before the XML declaration.")
        case .encoding: .error("Bảng mã không phải UTF-8.", "The encoding is not UTF-8.")
        case .doctype: .error("Gói tin không được chứa DOCTYPE.", "A package must not have a DOCTYPE.")
        case .entity:
            .error("Gói tin dùng thực thể không được định nghĩa.", "The package uses an entity that is not defined.")
        case .unboundPrefix: .error("Tiền tố chưa gắn với không gian tên.", "A prefix is not bound to a namespace.")
        case .wrongNamespace:
            .error(
                "Phần tử không thuộc không gian tên của QCVN 102:2016.",
                "An element is not in QCVN 102:2016's namespace.")
        case .schema:
            .error("Gói tin không đúng lược đồ edxml.xsd.", "The package does not follow the schema edxml.xsd.")
        default: nil
        }
    }

    private var limitEntry: Entry? {
        switch self {
        case .totalBytes: .error("Gói tin lớn hơn mức cho phép.", "The package is larger than allowed.")
        case .headerBytes: .error("Phần đầu gói tin kết thúc quá muộn.", "The header ends later than allowed.")
        case .markupBytes:
            .error("Một thẻ hoặc chú thích dài hơn mức cho phép.", "A tag or comment is longer than allowed.")
        case .textBytes:
            .error("Nội dung một phần tử dài hơn mức cho phép.", "The text of an element is longer than allowed.")
        case .depth: .error("Các phần tử lồng nhau sâu hơn mức cho phép.", "Elements are nested deeper than allowed.")
        case .elements: .error("Có nhiều phần tử hơn mức cho phép.", "There are more elements than allowed.")
        case .attributes:
            .error("Một phần tử có nhiều thuộc tính hơn mức cho phép.", "An element has more attributes than allowed.")
        case .attachments: .error("Có nhiều tệp đính kèm hơn mức cho phép.", "There are more attachments than allowed.")
        case .recipients: .error("Có nhiều đơn vị nhận hơn mức cho phép.", "There are more recipients than allowed.")
        case .traces: .error("Có nhiều dấu vết hơn mức cho phép.", "There are more trace headers than allowed.")
        default: nil
        }
    }

    private var packetEntry: Entry? {
        switch self {
        case .attachmentsDialect:
            .error(
                "Tệp đính kèm nằm trong edXMLAttachments, không phải AttachmentEncoded.",
                "Attachments are in edXMLAttachments instead of AttachmentEncoded.")
        case .headerMissing: .error("Thiếu edXMLHeader/MessageHeader.", "edXMLHeader/MessageHeader is missing.")
        case .elementRepeated:
            .error("Phần tử chỉ được xuất hiện một lần.", "An element occurs again that may occur only once.")
        case .unknownElement:
            .warning("Phần tử không có trong chuẩn; trục bỏ qua.", "An element is unknown and was passed over.")
        case .requiredMissing: .warning("Thiếu thông tin bắt buộc.", "A required piece of information is missing.")
        case .textTooLong: .warning("Nội dung dài hơn quy định.", "A text is longer than the rule allows.")
        case .numberInvalid:
            .warning("Giá trị không phải số; trục bỏ qua.", "A value is not a number and was passed over.")
        case .dateInvalid: .warning("Ngày không hợp lệ hoặc không có thật.", "A date is malformed or does not exist.")
        case .fromMissing: .error("Thiếu đơn vị gửi (From).", "The sender (From) is missing.")
        case .fromInvalid: .error("Mã đơn vị gửi không hợp lệ.", "The sender's OrganId is not an identifier.")
        case .toMissing: .error("Thiếu đơn vị nhận (To).", "There is no recipient (To).")
        case .recipientInvalid:
            .warning("Mã một đơn vị nhận không hợp lệ.", "A recipient's OrganId is not an identifier.")
        case .recipientRepeated:
            .warning("Một đơn vị nhận được ghi nhiều lần.", "A recipient is listed more than once.")
        default: nil
        }
    }

    private var documentEntry: Entry? {
        switch self {
        case .documentIDMissing: .error("Thiếu mã định danh văn bản (DocumentId).", "DocumentId is missing.")
        case .documentIDInvalid: .error("Mã định danh văn bản không hợp lệ.", "DocumentId cannot be used.")
        case .documentIDForm:
            .warning(
                "Mã định danh văn bản không theo dạng mã đơn vị,yyyy/MM/dd,số/ký hiệu.",
                "The document id is not of the form agency,yyyy/MM/dd,number/notation.")
        case .documentIDAgency:
            .warning("Mã đơn vị trong DocumentId khác đơn vị gửi.", "The agency in DocumentId is not the sender.")
        case .documentIDCode:
            .warning(
                "Số, ký hiệu trong DocumentId khác phần Code.",
                "Number and notation in DocumentId are not those of Code.")
        case .documentIDDate:
            .warning("Ngày trong DocumentId khác ngày ban hành.", "The date in DocumentId is not PromulgationDate.")
        case .textDecomposed:
            .warning(
                "Chữ và dấu viết rời (Unicode tổ hợp); trục giữ nguyên, nơi nhận có thể hiển thị hoặc tìm kiếm sai.",
                "Letters and marks are apart (NFD); kept as they are, but a receiver may show or find them wrongly.")
        case .textLegacyEncoding:
            .warning(
                "Nội dung có vẻ dùng bảng mã cũ (TCVN3 hoặc VNI), không phải Unicode; trục giữ nguyên.",
                "A text seems to be in an old encoding (TCVN3 or VNI) and not in Unicode; kept as it is.")
        case .typeUnknown: .warning("Loại văn bản không rõ.", "The type of document is not known.")
        case .priorityUnknown: .warning("Độ khẩn không thuộc 0–4.", "Priority is not one of 0 to 4.")
        case .steeringTypeOdd:
            .warning(
                "SteeringType không thuộc 1–3; coi như không nêu.",
                "SteeringType is not one of 1 to 3; taken as not stated.")
        case .noAttachments: .warning("Văn bản không có tệp đính kèm.", "The document has no attachment.")
        case .businessKindUnknown:
            .error("Loại nghiệp vụ (BussinessDocType) không thuộc 0–3.", "BussinessDocType is not one of 0 to 3.")
        case .traceAgencyMissing: .warning("Dấu vết không ghi đơn vị.", "A trace header names no agency.")
        case .traceTimestampInvalid:
            .warning("Thời điểm trong dấu vết không hợp lệ.", "The time of a trace header is not valid.")
        case .signatureMissing: .warning("Gói tin không có chữ ký số.", "The package has no signature.")
        case .signatureDummy:
            .warning(
                "Chữ ký số chỉ là giá trị mẫu, không kiểm tra được.",
                "The signature is a placeholder that cannot be verified.")
        default: nil
        }
    }

    private var statusEntry: Entry? {
        switch self {
        case .statusCodeUnknown: .error("Mã trạng thái không có trong quy định.", "The status code is not known.")
        case .statusAmbiguous:
            .error(
                "Gói tin vừa có StatusCode vừa có To nên không rõ là trạng thái hay văn bản.",
                "The package has StatusCode and To: it could be a status or a document.")
        case .statusTargetMissing:
            .error("Thiếu ResponseFor/OrganId hoặc DocumentId.", "ResponseFor/OrganId or its DocumentId is missing.")
        case .statusTargetInvalid:
            .error("Mã đơn vị trong ResponseFor không hợp lệ.", "The OrganId in ResponseFor is not an identifier.")
        case .statusReasonMissing:
            .warning("Trạng thái từ chối không nêu lý do.", "A refusal (02) gives no reason.")
        case .statusTimestampInvalid:
            .warning(
                "Thiếu thời điểm của trạng thái hoặc giá trị không hợp lệ.",
                "The time of the status is missing or not valid.")
        case .statusBeforeDocument:
            .warning("Trạng thái có thời điểm trước ngày văn bản.", "The status is dated before the document.")
        case .statusWithBody:
            .warning(
                "Gói trạng thái mang tệp đính kèm; trục chuyển nguyên nhưng không xử lý.",
                "A status carries attachments; they are delivered and not looked at.")
        default: nil
        }
    }

    private var attachmentEntry: Entry {
        switch self {
        case .base64Invalid: .error("Nội dung tệp không phải base64 hợp lệ.", "The content is not valid base64.")
        case .contentMissing: .error("Tệp đính kèm không có nội dung.", "An attachment has no ContentTransferEncoded.")
        case .contentEmpty: .warning("Tệp đính kèm rỗng.", "An attachment is empty.")
        case .contentIDRepeated: .error("ContentId bị trùng.", "A ContentId is used more than once.")
        case .attachmentUnlisted:
            .warning("Tệp đính kèm không có trong edXMLManifest.", "An attachment is not in the manifest.")
        case .attachmentTypeDiffers:
            .warning("Nội dung tệp khác loại được khai báo.", "The content is not of the declared type.")
        case .referenceUnmatched:
            .error("edXMLManifest nêu tệp không có trong gói.", "The manifest lists an attachment that is not there.")
        case .manifestTypeDiffers:
            .warning(
                "Loại tệp trong edXMLManifest khác với ở tệp đính kèm.",
                "The manifest and the attachment declare different types.")
        default: .error("Lỗi chưa được mô tả.", "A finding without description.")
        }
    }
}
