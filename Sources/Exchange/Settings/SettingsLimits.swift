// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// What one client may take of the hub.
    static let limitEntries: [SettingEntry] = [
        .number(
            "http-peer-connections", \.httpPeerConnections, 1...65_536, unit: "connections",
            .init(
                vietnamese: "Số kết nối HTTP cùng lúc của một địa chỉ (với IPv6: một /64).",
                english: "HTTP connections of one peer address (IPv6: a /64) at one time.")),
        .list(
            "http-proxies", \.httpProxies, of: "addresses", each: checkPeer,
            .init(
                vietnamese: "Địa chỉ của các proxy, không bị giới hạn bởi http-peer-connections.",
                english: "Addresses of proxies, whose connections http-peer-connections does not count.")),
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
        .number(
            "intake-concurrent", \.intakeConcurrent, 1...10_000, unit: "packages",
            .init(
                vietnamese:
                    "Số gói tin được nhận cùng lúc từ mọi hệ thống; nhiều hơn thì trả 503. Mỗi gói giữ tới 4 MiB.",
                english: "Packages on their way in at a time, of all systems; more get a 503. Each holds up to 4 MiB.")),
        .number(
            "disk-reserve-bytes", \.diskReserveBytes, 0...(1 << 40), unit: "bytes",
            .init(
                vietnamese:
                    "Dung lượng giữ lại trên đĩa: còn ít hơn thì không nhận gói tin (507), vẫn giao và xác nhận.",
                english: "What stays free on the disk: below it packages are refused (507), the rest goes on.")),
    ]
}
