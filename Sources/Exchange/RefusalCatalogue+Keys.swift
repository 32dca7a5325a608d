// SPDX-License-Identifier: Apache-2.0

/// Refusals about keys and secrets.
extension Refusal.Entry {
    static let keyRingMissing = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Không có tệp khóa của trục.",
        english: "The hub's key file is missing.",
        remedyVietnamese:
            "Khôi phục tệp keyring từ bản sao lưu riêng; không có nó thì không mở được bí mật và nội dung nào.",
        remedyEnglish: "Bring keyring back from its own backup; nothing else opens secrets and contents.")

    static let keyRingMismatch = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Tệp khóa và cơ sở dữ liệu không thuộc về nhau.",
        english: "The key file and the database do not belong together.",
        remedyVietnamese: "Dùng tệp keyring được sao lưu sau lần xoay khóa gần nhất của cơ sở dữ liệu này.",
        remedyEnglish: "Use the keyring that was saved after this database's latest rotation.")

    static let keyRingUnusable = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Không dùng được tệp khóa.",
        english: "The key file cannot be used.",
        remedyVietnamese: "Sửa quyền (chmod 600), chủ sở hữu hoặc nội dung tệp theo mô tả.",
        remedyEnglish: "Mend its permissions (chmod 600), owner or content as described.")

    static let secretUnreadable = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Một bí mật lưu trữ không mở được.",
        english: "A stored secret cannot be opened.",
        remedyVietnamese: "Cấp lại bí mật đó; khóa nội dung thì khôi phục từ bản sao lưu cơ sở dữ liệu cùng tệp khóa.",
        remedyEnglish:
            "Give that secret anew; the key of a content comes back from a backup of the database, with its key file.")

    static let keyNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Không có khóa này.",
        english: "There is no such key.",
        remedyVietnamese: "Xem truc key list.",
        remedyEnglish: "See truc key list.")

    static let keyInUse = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Khóa còn đang được dùng.",
        english: "The key is still in use.",
        remedyVietnamese: "Chạy truc key rotate hoặc truc key rewrap trước.",
        remedyEnglish: "Run truc key rotate, or truc key rewrap, first.")

    static let keyTooMany = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Tệp khóa đã có số khóa tối đa.",
        english: "The key file holds as many keys as it may.",
        remedyVietnamese: "Bỏ những khóa không còn dùng bằng truc key retire.",
        remedyEnglish: "Retire what is no longer used: truc key retire.")

    static let keyNotPrepared = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Chưa chuẩn bị khóa cho lần xoay này.",
        english: "No key is prepared for this rotation.",
        remedyVietnamese: "Chạy truc key prepare, sao lưu tệp khóa (và chép tới mọi nút), rồi truc key rotate.",
        remedyEnglish: "Run truc key prepare, save the key file (and carry it to every node), then truc key rotate.")

    static let secretOverlap = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Bí mật trước đó của hệ thống này vẫn còn hiệu lực.",
        english: "The secret before the present one still holds.",
        remedyVietnamese: "Chờ nó hết hạn, hoặc chấm dứt nó bằng --end-overlap.",
        remedyEnglish: "Wait until it ends, or end it with --end-overlap.")
}
