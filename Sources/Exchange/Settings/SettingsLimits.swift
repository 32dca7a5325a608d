// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// What one client may take of the hub.
    static let limitEntries: [SettingEntry] = [
        .number(
            "system-concurrent", \.systemConcurrent, 1...10_000, unit: "calls",
            .init(
                vietnamese: "Số lời gọi của một hệ thống kết nối được xử lý cùng lúc; nhiều hơn thì trả 429.",
                english: "Calls of one connected system that are worked on at a time; more get a 429.")),
        .number(
            "system-rate", \.systemRate, 1...100_000, unit: "calls/s",
            .init(
                vietnamese: "Số lời gọi mỗi giây của một hệ thống, sau một đợt bằng năm giây; nhiều hơn thì trả 429.",
                english: "Calls of one connected system in a second, after a burst of five seconds' worth; "
                    + "more get a 429.")),
    ]
}
