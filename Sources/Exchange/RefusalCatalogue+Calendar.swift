// SPDX-License-Identifier: Apache-2.0

/// Refusals about the calendar of working days.
extension Refusal.Entry {
    static let calendarFileInvalid = Refusal.Entry(
        class: .caller, http: 422, vxp: "10",
        vietnamese: "Tệp lịch làm việc có lỗi.",
        english: "The calendar file has errors.",
        remedyVietnamese: "Sửa các dòng được nêu rồi kiểm tra lại bằng truc calendar check.",
        remedyEnglish: "Mend the lines that are named, then try truc calendar check again.")

    static let calendarYearOutside = Refusal.Entry(
        class: .caller, http: 400, vxp: "10",
        vietnamese: "Năm nằm ngoài phạm vi của lịch làm việc.",
        english: "The year is outside the calendar.",
        remedyVietnamese: "Dùng một năm từ 2021 (Bộ luật Lao động 2019 có hiệu lực) đến 2100.",
        remedyEnglish: "Use a year from 2021, when the Labour Code of 2019 came into force, to 2100.")
}
