// SPDX-License-Identifier: Apache-2.0

/// Documents that their senders have recalled.
extension Refusal.Entry {
    static let documentFrozen = Refusal.Entry(
        class: .permanent, http: 409, vxp: "22",
        vietnamese: "Văn bản này đã bị thu hồi nên không được cập nhật, giao lại hay gửi thêm nơi nhận.",
        english: "This document was recalled: it is not updated, delivered again, or sent to further recipients.",
        remedyVietnamese: "Phát hành văn bản thay thế với mã văn bản mới (BussinessDocType 3).",
        remedyEnglish: "Issue a document that replaces it, under an id of its own (BussinessDocType 3).")

    static let deliveryWithdrawn = Refusal.Entry(
        class: .permanent, http: 410, vxp: "21",
        vietnamese: "Nơi gửi đã rút lại văn bản này trước khi nơi nhận lấy.",
        english: "The sender has withdrawn this document before its recipient fetched it.",
        remedyVietnamese: "Không phải làm gì: bỏ mục này khỏi danh sách; nếu cần, liên hệ nơi gửi.",
        remedyEnglish: "Nothing is to be done: drop the item from the list; if need be, contact the sender.")

    static let contentCancelled = Refusal.Entry(
        class: .permanent, http: 410, vxp: "21",
        vietnamese: "Nơi nhận đã hủy văn bản này theo yêu cầu thu hồi (trạng thái 15) nên không lấy lại được nữa.",
        english:
            "The recipient has cancelled this document as its sender asked (status 15): it is not handed out again.",
        remedyVietnamese: "Hủy văn bản và dữ liệu đặc tả trên hệ thống; nếu còn cần, đề nghị nơi gửi phát hành lại.",
        remedyEnglish:
            "Cancel it and its metadata in your system; if it is still needed, ask the sender to issue it anew.")
}
