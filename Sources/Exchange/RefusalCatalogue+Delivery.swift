// SPDX-License-Identifier: Apache-2.0

/// Deliveries that were given up, and endpoints.
extension Refusal.Entry {
    static let deliveryExpired = Refusal.Entry(
        class: .permanent, http: 410, vxp: "20",
        vietnamese: "Trục đã hết thời gian giao văn bản tới hệ thống nơi nhận.",
        english: "The time in which the hub tries to deliver to the recipient's system is over.",
        remedyVietnamese:
            "Liên hệ nơi nhận; khi hệ thống của họ sẵn sàng, đề nghị đơn vị vận hành giao lại (truc delivery retry).",
        remedyEnglish:
            "Contact the recipient; when its system is ready, ask the operator for another try (truc delivery retry).")

    static let deliveryInFlight = Refusal.Entry(
        class: .transient, http: 503, vxp: "20",
        vietnamese: "Văn bản đang được chuyển tới điểm nhận.",
        english: "The delivery is being carried to an endpoint at this moment.",
        remedyVietnamese: "Đợi lần chuyển này kết thúc (truc delivery show) rồi làm lại.",
        remedyEnglish: "Wait until this attempt has ended (truc delivery show), then try again.")

    static let redirectForbidden = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Không có căn cứ để chuyển văn bản này sang đơn vị đó.",
        english: "There is no ground on which this delivery may go to that agency.",
        remedyVietnamese:
            "Chuyển sang đơn vị kế thừa đã có hiệu lực, hoặc ghi sự đồng ý của nơi gửi: --consent, --consent-by, "
            + "--consent-date (chỉ với văn bản và bản cập nhật).",
        remedyEnglish:
            "Redirect to a successor that is in force, or record the sender's consent: --consent, --consent-by, "
            + "--consent-date (documents and updates only).")

    static let redirectSeen = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Đơn vị nhận hiện tại đã lấy hoặc đã xử lý văn bản này.",
        english: "The present recipient has fetched this document, or works on it.",
        remedyVietnamese: "Đề nghị nơi gửi gửi thêm cho đơn vị kia; thu hồi ở đơn vị này nếu gửi nhầm.",
        remedyEnglish: "Ask the sender to send it to the other agency too, and to recall it here if it was a mistake.")

    static let redirectKnown = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Đơn vị đó đã có văn bản này trên trục.",
        english: "That agency has a delivery of this document already.",
        remedyVietnamese: "Xem truc trace; nếu lần giao này không cần nữa: truc delivery expire.",
        remedyEnglish: "See truc trace; if this delivery is not needed any more: truc delivery expire.")

    static let endpointNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Cơ quan này không có điểm nhận.",
        english: "This agency has no endpoint.",
        remedyVietnamese: "Xem truc endpoint list; đặt điểm nhận bằng truc endpoint set.",
        remedyEnglish: "See truc endpoint list; set one with truc endpoint set.")
}
