// SPDX-License-Identifier: Apache-2.0

/// Why the content of a package is not there to be had, or stays.
extension Refusal.Entry {
    static let contentDestroyed = Refusal.Entry(
        class: .permanent, http: 410, vxp: "10",
        vietnamese: "Nội dung gói tin đã được hủy theo quyết định.",
        english: "The content of this package was destroyed by decision.",
        remedyVietnamese: "Xem quyết định hủy trong truc trace; nội dung không lấy lại được từ trục.",
        remedyEnglish: "truc trace names the decision; the hub cannot bring the content back.")

    static let contentAwaited = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Còn nơi nhận chưa nhận văn bản này.",
        english: "Recipients still await this document.",
        remedyVietnamese: "Chỉ hủy nội dung khi mọi nơi nhận đã nhận hoặc không thể giao; xem truc trace.",
        remedyEnglish: "Destroy it only when it was delivered to all, or cannot be; see truc trace.")
}
