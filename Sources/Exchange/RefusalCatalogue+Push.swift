// SPDX-License-Identifier: Apache-2.0

/// Why a package could not be pushed to an agency's endpoint.
extension Refusal.Entry {
    static let pushNameUnknown = Refusal.Entry(
        class: .transient, http: 502, vxp: "20",
        vietnamese: "Không tra được tên máy chủ của điểm nhận.",
        english: "The name of the endpoint's server is not found.",
        remedyVietnamese: "Trục tự thử lại; kiểm tra DNS và URL của điểm nhận (truc endpoint list).",
        remedyEnglish: "The hub tries again; check DNS and the endpoint's URL (truc endpoint list).")

    static let pushUnreachable = Refusal.Entry(
        class: .transient, http: 502, vxp: "20",
        vietnamese: "Không kết nối được tới điểm nhận, hoặc kết nối bị ngắt.",
        english: "The endpoint cannot be reached, or the connection broke.",
        remedyVietnamese: "Trục tự thử lại; kiểm tra máy chủ, tường lửa và cổng của điểm nhận.",
        remedyEnglish: "The hub tries again; check the endpoint's server, its port and the firewalls between.")

    static let pushTimeout = Refusal.Entry(
        class: .transient, http: 504, vxp: "20",
        vietnamese: "Điểm nhận không trả lời kịp thời hạn.",
        english: "The endpoint did not answer within its time.",
        remedyVietnamese: "Trục tự thử lại; điểm nhận cần lưu gói tin rồi trả lời ngay, xử lý sau.",
        remedyEnglish: "The hub tries again; an endpoint stores the package, answers, and works on it afterwards.")

    static let pushTLS = Refusal.Entry(
        class: .operatorDuty, http: 502, vxp: "20",
        vietnamese: "Không thiết lập được kết nối TLS tin cậy với điểm nhận.",
        english: "No trusted TLS connection to the endpoint came about.",
        remedyVietnamese: "Kiểm tra chứng thư của điểm nhận (tên, hạn, CA) và chứng thư máy khách của trục.",
        remedyEnglish: "Check the endpoint's certificate (name, dates, CA) and the hub's client certificate.")

    static let pushTargetForbidden = Refusal.Entry(
        class: .operatorDuty, http: 403, vxp: "20",
        vietnamese: "Điểm nhận dẫn tới một địa chỉ mạng không được phép.",
        english: "The endpoint leads to a network address that is not allowed.",
        remedyVietnamese:
            "Nếu đúng là mạng của tỉnh, thêm mạng đó vào danh sách cho phép; nếu không, sửa URL hoặc DNS.",
        remedyEnglish: "If it is a network of the province, add it to the allowed ones; else mend the URL or its DNS.")

    static let pushPlainHTTP = Refusal.Entry(
        class: .operatorDuty, http: 403, vxp: "20",
        vietnamese: "Không được đẩy gói tin qua HTTP không mã hóa.",
        english: "Packages may not be pushed over plain HTTP.",
        remedyVietnamese: "Đăng ký URL https:// cho điểm nhận.",
        remedyEnglish: "Register an https:// URL for the endpoint.")

    static let pushAnswer = Refusal.Entry(
        class: .transient, http: 502, vxp: "20",
        vietnamese: "Điểm nhận trả lời bằng một lỗi tạm thời.",
        english: "The endpoint answered with an error that may pass.",
        remedyVietnamese: "Trục tự thử lại theo lịch; xem nhật ký của điểm nhận nếu lỗi kéo dài.",
        remedyEnglish: "The hub tries again by its schedule; if it lasts, see the endpoint's log.")

    static let pushAnswerTooLarge = Refusal.Entry(
        class: .transient, http: 502, vxp: "20",
        vietnamese: "Câu trả lời của điểm nhận quá dài.",
        english: "The endpoint's answer is too long.",
        remedyVietnamese: "Điểm nhận chỉ trả lời biên nhận (docs/push.md).",
        remedyEnglish: "The endpoint answers with the receipt only (docs/push.md).")

    static let pushReceiptMissing = Refusal.Entry(
        class: .transient, http: 502, vxp: "20",
        vietnamese: "Điểm nhận trả lời mà không có biên nhận.",
        english: "The endpoint's answer holds no receipt.",
        remedyVietnamese: "Kiểm tra URL có đúng điểm nhận không; điểm nhận phải trả biên nhận theo docs/push.md.",
        remedyEnglish: "Check that the URL leads to the right system; it must answer as docs/push.md says.")

    static let pushReceiptWrong = Refusal.Entry(
        class: .transient, http: 502, vxp: "20",
        vietnamese: "Biên nhận của điểm nhận nêu gói tin khác hoặc nội dung khác.",
        english: "The endpoint's receipt names another delivery or other bytes.",
        remedyVietnamese: "Điểm nhận phải trả đúng webhook-id và SHA-256 của chính nội dung đã lưu.",
        remedyEnglish: "It must name the webhook-id and the SHA-256 of the very bytes that it stored.")

    static let pushRedirected = Refusal.Entry(
        class: .permanent, http: 421, vxp: "20",
        vietnamese: "Điểm nhận chuyển hướng sang địa chỉ khác; trục không đi theo.",
        english: "The endpoint redirects to another address, which the hub does not follow.",
        remedyVietnamese: "Đăng ký thẳng URL cuối cùng.",
        remedyEnglish: "Register the final URL.")

    static let pushRefused = Refusal.Entry(
        class: .permanent, http: 422, vxp: "20",
        vietnamese: "Điểm nhận từ chối gói tin.",
        english: "The endpoint refused the package.",
        remedyVietnamese: "Hỏi đơn vị nhận theo mã HTTP và câu trả lời kèm theo.",
        remedyEnglish: "Ask the receiving agency about the HTTP status and the answer that stand beside this.")

    static let pushGone = Refusal.Entry(
        class: .permanent, http: 410, vxp: "20",
        vietnamese: "Điểm nhận cho biết đã ngừng hoạt động (410).",
        english: "The endpoint says that it is no more (410).",
        remedyVietnamese: "Đơn vị vận hành hỏi đơn vị nhận, rồi đăng ký URL mới hoặc mở lại điểm nhận.",
        remedyEnglish: "The operator asks the agency, then registers a new URL or resumes the endpoint.")

    static let pushInterrupted = Refusal.Entry(
        class: .transient, http: 503, vxp: "20",
        vietnamese: "Trục đã ngừng lần đẩy này giữa chừng.",
        english: "The hub broke this attempt off.",
        remedyVietnamese: "Trục tự thử lại.",
        remedyEnglish: "The hub tries again by itself.")
}
