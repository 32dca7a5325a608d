// SPDX-License-Identifier: Apache-2.0

/// Refusals about certificates and whom the hub believes.
extension Refusal.Entry {
    static let trustFileInvalid = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Tệp không phải chứng thư hay danh sách thu hồi (CRL) đọc được.",
        english: "The file is no certificate and no revocation list (CRL) that can be read.",
        remedyVietnamese: "Lấy tệp PEM hoặc DER từ trang của tổ chức chứng thực; kiểm tra bằng openssl x509 -text.",
        remedyEnglish: "Take the PEM or DER file from the authority's own site; look at it with openssl x509 -text.")

    static let trustItemUnfit = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Không thể đưa mục này vào kho tin cậy.",
        english: "This cannot be put into the trust store.",
        remedyVietnamese:
            "Thêm theo thứ tự: gốc (--root), rồi CA trung gian, rồi CRL do chúng ký; chứng thư người ký không thêm vào.",
        remedyEnglish:
            "Add roots first (--root), then the authorities below, then the lists that they signed; signers are not added."
    )

    static let trustStoreFull = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Kho tin cậy đã có số mục tối đa.",
        english: "The trust store holds as much as it may.",
        remedyVietnamese: "Bỏ những mục không còn dùng bằng truc trust remove.",
        remedyEnglish: "Remove what is no longer used: truc trust remove.")

    static let trustNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Kho tin cậy không có mục này.",
        english: "There is nothing of that kind in the trust store.",
        remedyVietnamese: "Xem truc trust list; nêu đủ phần đầu của SHA-256 để chỉ một mục.",
        remedyEnglish: "See truc trust list; give enough of the SHA-256 to mean one item.")

    static let certificateUntrusted = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Chứng thư không được tin cậy.",
        english: "The certificate is not trusted.",
        remedyVietnamese:
            "Xem lý do của từng chuỗi; dùng chứng thư còn hiệu lực của tổ chức chứng thực được công nhận.",
        remedyEnglish: "See the reason for each chain; use a valid certificate of a recognised authority.")

    static let certificateUndetermined = Refusal.Entry(
        class: .operatorDuty, http: 503, vxp: "20",
        vietnamese: "Chưa xác định được chứng thư có bị thu hồi hay không.",
        english: "Whether the certificate was revoked cannot be determined.",
        remedyVietnamese: "Tải CRL mới của các bên cấp được nêu rồi thêm bằng truc trust add.",
        remedyEnglish: "Fetch new lists of the issuers that are named, and add them with truc trust add.")

    static let trustStale = Refusal.Entry(
        class: .operatorDuty, http: 503, vxp: "20",
        vietnamese: "Kho tin cậy có mục đã hết hạn hoặc thiếu CRL.",
        english: "The trust store has something that is out of date, or lacks a revocation list.",
        remedyVietnamese: "Thêm CRL mới bằng truc trust add; thay hoặc bỏ chứng thư đã hết hạn.",
        remedyEnglish: "Add new lists with truc trust add; replace or remove certificates that have expired.")
}
