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

    static let endpointNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Cơ quan này không có điểm nhận.",
        english: "This agency has no endpoint.",
        remedyVietnamese: "Xem truc endpoint list; đặt điểm nhận bằng truc endpoint set.",
        remedyEnglish: "See truc endpoint list; set one with truc endpoint set.")
}
