// SPDX-License-Identifier: Apache-2.0

/// Documents that nobody gets any more.
extension Refusal.Entry {
    static let packageSealed = Refusal.Entry(
        class: .permanent, http: 423, vxp: "21",
        vietnamese: "Văn bản này đã bị niêm phong trên trục: không ai lấy, nhận hay gửi thêm được.",
        english: "This document is sealed at the hub: nobody reads it, gets it or sends it on.",
        remedyVietnamese:
            "Không sao chép, chuyển tiếp bản đã có; làm theo hướng dẫn của đơn vị vận hành trục và người có thẩm quyền.",
        remedyEnglish:
            "Do not copy or forward what you have; follow the instructions of the hub's operator and the authority in "
            + "charge.")

    static let sealNotFound = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Văn bản này không bị niêm phong.",
        english: "This document is not sealed.",
        remedyVietnamese: "Xem truc package sealed.",
        remedyEnglish: "See truc package sealed.")

    static let fileUnwritable = Refusal.Entry(
        class: .caller, http: 400, vxp: "10",
        vietnamese: "Không ghi được tệp, hoặc tệp đã có.",
        english: "A file cannot be written, or is there already.",
        remedyVietnamese: "Chọn tên tệp khác, kiểm tra quyền ghi vào thư mục.",
        remedyEnglish: "Choose another name, and check the right to write to the directory.")
}
