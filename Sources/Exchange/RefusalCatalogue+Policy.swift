// SPDX-License-Identifier: Apache-2.0

/// What a province's decision does not allow, and profiles that cannot be used.
extension Refusal.Entry {
    static let policyFileSize = Refusal.Entry(
        class: .caller, http: 413, vxp: "10",
        vietnamese: "Tệp đính kèm lớn hơn mức mà quy định đang áp dụng cho phép.",
        english: "An attachment is larger than the decision in force allows.",
        remedyVietnamese: "Nén hoặc tách tệp theo mức được nêu, rồi gửi lại.",
        remedyEnglish: "Compress or split the file to the size that is named, then send again.")

    static let policyFileName = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Tên tệp đính kèm không theo quy định đang áp dụng.",
        english: "The name of an attachment is not as the decision in force wants it.",
        remedyVietnamese: "Đổi tên tệp theo quy định được nêu, rồi gửi lại.",
        remedyEnglish: "Rename the file as described, then send again.")

    static let policyFileFormat = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Định dạng tệp đính kèm không thuộc danh mục của quy định đang áp dụng.",
        english: "The format of an attachment is not one of those in the decision in force.",
        remedyVietnamese: "Chuyển tệp sang một định dạng được nêu, rồi gửi lại.",
        remedyEnglish: "Convert the file to one of the formats that are named, then send again.")

    static let policySignatureMissing = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Văn bản chưa được ký số, trong khi quy định đang áp dụng bắt buộc ký số.",
        english: "The document has no signature, and the decision in force wants one.",
        remedyVietnamese: "Ký số văn bản (trong tệp PDF hoặc gói tin), rồi gửi lại.",
        remedyEnglish: "Sign the document (in its PDF or the package), then send again.")

    static let confirmationNeeded = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Văn bản có dấu hiệu thuộc loại không được gửi qua trục; trục giữ lại chờ đơn vị gửi xác nhận.",
        english: "The document looks like one that may not travel here; the hub holds it until its sender confirms it.",
        remedyVietnamese:
            "Kiểm tra lại. Được phép gửi: gọi updateStatus với DocId của biên nhận và status=done; không gửi nữa: "
            + "status=fail; hoặc gửi ý kiến bằng văn bản cho đơn vị vận hành trục.",
        remedyEnglish:
            "Look at it again. May be sent: updateStatus with the receipt's DocId and status=done; not to be sent: "
            + "status=fail; or write to the operator of the hub.")

    static let documentAwaited = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Văn bản được cập nhật còn bị giữ lại; bản cập nhật đi sau văn bản ấy.",
        english: "The document that this updates is still held; the update follows it.",
        remedyVietnamese: "Không cần gửi lại bản cập nhật; xử lý việc giữ văn bản (xác nhận, hoặc chờ quét mã độc).",
        remedyEnglish:
            "Do not send the update again; settle what holds the document (confirm it, or wait for its scan).")

    static let policyDocumentInvalid = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Tệp quy định (policy) có lỗi.",
        english: "The policy document has errors.",
        remedyVietnamese: "Sửa các chỗ được nêu rồi kiểm tra lại bằng truc policy check.",
        remedyEnglish: "Mend what is named, then try truc policy check again.")

    static let policyNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Không có quy định (policy) mang tên này.",
        english: "There is no policy of this name.",
        remedyVietnamese: "Xem truc policy show.",
        remedyEnglish: "See truc policy show.")

    static let policyActivationInvalid = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Không thể áp dụng quy định (policy) từ thời điểm này.",
        english: "The policy cannot be put in force from this instant on.",
        remedyVietnamese: "Chọn một thời điểm chưa qua, không trước ngày quy định có hiệu lực.",
        remedyEnglish: "Choose an instant that has not passed and is not before the decision takes effect.")
}
