// SPDX-License-Identifier: Apache-2.0

/// Refusals about the audit log.
extension Refusal.Entry {
    static let auditLogBroken = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Nhật ký kiểm toán thiếu hoặc sai dữ liệu của chính nó.",
        english: "The audit log lacks data of its own, or has wrong ones.",
        remedyVietnamese: "Giữ nguyên cơ sở dữ liệu, đối chiếu với bản sao lưu: có người đã sửa bảng audit_*.",
        remedyEnglish:
            "Keep the database as it is and compare it with a backup: somebody has changed the tables audit_*.")
}
