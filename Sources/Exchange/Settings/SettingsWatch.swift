// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// The addresses of a setting that has commas between them.
    public static func addresses(_ list: String) -> [String] { list.split { $0 == "," || $0 == " " }.map(String.init) }

    /// The same as the addresses of peers are written: in their one form, what came over IPv6 from IPv4 as IPv4.
    public static func peers(_ list: String) -> Set<String> {
        Set(addresses(list).map { text in (try? IPAddress(parsing: text))?.unmapped.description ?? text })
    }

    /// - Throws: for what is no address of one peer.
    static func checkPeer(_ text: String) throws(ParsingProblem) {
        switch try IPAddress(parsing: text).unmapped {
        case .v4(0), .v6(0): throw ParsingProblem("IP address", "is nobody's")
        default: break
        }
    }

    /// What the operator's monitoring sees.
    static let watchEntries: [SettingEntry] = [
        .list(
            "metrics-readers", \.metricsReaders, of: "addresses", each: checkPeer,
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
