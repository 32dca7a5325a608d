// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// The addresses of a setting that has commas between them.
    public static func addresses(_ list: String) -> [String] { list.split { $0 == "," || $0 == " " }.map(String.init) }

    /// What the operator's monitoring sees.
    static let watchEntries: [SettingEntry] = [
        .text(
            "metrics-readers", \.metricsReaders, range: "addresses with commas between them, or empty",
            mayBeEmpty: true,
            .init(
                vietnamese: "Địa chỉ được đọc /metrics; rỗng là không ai. Yêu cầu qua proxy luôn bị từ chối.",
                english: "Addresses that may read /metrics; empty is nobody. Requests through a proxy never may.")),
        .number(
            "metrics-interval-seconds", \.metricsIntervalSeconds, 1...3_600, unit: "s",
            .init(
                vietnamese: "Khoảng cách giữa hai lần đọc số liệu từ cơ sở dữ liệu cho /metrics.",
                english: "Time between two readings of the database for /metrics.")),
        .number(
            "clock-max-drift-seconds", \.clockMaxDriftSeconds, 1...3_600, unit: "s",
            .init(
                vietnamese: "Độ lệch lớn nhất giữa đồng hồ của trục và của cơ sở dữ liệu để /readyz còn sẵn sàng.",
                english: "How far the hub's clock and the database's may differ before /readyz says no.")),
    ]
}
