// SPDX-License-Identifier: Apache-2.0

/// Refusals to start, but for settings and keys.
extension Refusal.Entry {
    static let dataDirectoryUnusable = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Không dùng được thư mục dữ liệu.",
        english: "The data directory cannot be used.",
        remedyVietnamese: "Chọn thư mục khác hoặc sửa quyền theo mô tả.",
        remedyEnglish: "Choose another directory or mend its permissions as described.")

    static let postgresNotFound = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Không tìm thấy máy chủ PostgreSQL đã cài đặt.",
        english: "No installed PostgreSQL server was found.",
        remedyVietnamese: "Cài gói postgresql-15 (make deps), hoặc đặt TRUC_DATABASE_URL.",
        remedyEnglish: "Install postgresql-15 (make deps), or set TRUC_DATABASE_URL.")

    static let postgresFailed = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "PostgreSQL riêng không khởi động được.",
        english: "The private PostgreSQL did not start.",
        remedyVietnamese: "Xem tệp nhật ký được nêu.",
        remedyEnglish: "Read the log file that is named.")

    static let schemaNewer = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Cơ sở dữ liệu thuộc phiên bản Trục mới hơn.",
        english: "The database belongs to a newer version of Trục.",
        remedyVietnamese: "Chạy phiên bản mới hơn; không hạ cấp.",
        remedyEnglish: "Run the newer version; there is no downgrade.")

    static let schemaChanged = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Một bước nâng cấp đã áp dụng khác với bản trong chương trình.",
        english: "A migration that was applied differs from the one in this program.",
        remedyVietnamese: "Dùng đúng bản phát hành; không sửa bước nâng cấp đã phát hành.",
        remedyEnglish: "Use the right release; released migrations are never edited.")

    static let storeMismatch = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Kho nội dung và cơ sở dữ liệu không thuộc về nhau.",
        english: "The content store and the database do not belong together.",
        remedyVietnamese: "Trỏ tới đúng thư mục dữ liệu và đúng cơ sở dữ liệu.",
        remedyEnglish: "Point to the right data directory and the right database.")

    static let storeMissing = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Cơ sở dữ liệu trỏ tới một kho nội dung mà thư mục dữ liệu không có.",
        english: "The database describes a content store that the data directory does not hold.",
        remedyVietnamese: "Gắn (mount) hoặc phục hồi thư mục content rồi chạy lại; trục không tự tạo kho mới.",
        remedyEnglish: "Mount or restore the directory content and start again; the hub makes no new one.")

    static let alreadyRunning = Refusal.Entry(
        class: .operatorDuty, http: 500, vxp: "20",
        vietnamese: "Một tiến trình khác đang dùng thư mục dữ liệu này.",
        english: "Another process uses this data directory.",
        remedyVietnamese: "Dừng tiến trình đó trước.",
        remedyEnglish: "Stop that process first.")
}
