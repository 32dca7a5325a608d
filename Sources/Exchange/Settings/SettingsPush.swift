// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// How packages are carried to endpoints (docs/push.md).
    static let pushEntries: [SettingEntry] = [
        .number(
            "push-concurrent", \.pushConcurrent, 1...1_024, unit: "deliveries",
            .init(
                vietnamese: "Số văn bản được chuyển tới các điểm nhận cùng một lúc.",
                english: "Deliveries that are on their way to endpoints at the same time.")),
        .list(
            "push-networks", \.pushNetworks, of: "networks like 10.0.0.0/8",
            each: { (text: String) throws(ParsingProblem) in _ = try NetworkPrefix(parsing: text) },
            .init(
                vietnamese: "Mạng riêng mà trục được chuyển văn bản tới; ngoài ra chỉ tới địa chỉ công cộng.",
                english: "Private networks that the hub may push to; otherwise public addresses only.")),
        .flag(
            "push-plain-http", \.pushPlainHTTP,
            .init(
                vietnamese: "Cho phép điểm nhận không mã hóa: ai trên đường truyền cũng đọc được văn bản.",
                english: "Allow endpoints without TLS: whoever is on the way can read every document.")),
        .text(
            "push-ca-file", \.pushCAFile, range: "a PEM file, or empty", mayBeEmpty: true,
            .init(
                vietnamese: "Chứng thư gốc của các điểm nhận; rỗng là của hệ điều hành; đọc lại khi có SIGHUP.",
                english: "The roots of endpoints' certificates; empty: those of the operating system; "
                    + "read again on SIGHUP.")),
        .text(
            "push-certificate-file", \.pushCertificateFile, range: "a PEM file, or empty", mayBeEmpty: true,
            .init(
                vietnamese:
                    "Chứng thư mà trục trình cho điểm nhận yêu cầu; cần push-key-file; đọc lại khi có SIGHUP.",
                english: "The certificate that the hub shows to endpoints that ask; needs push-key-file; "
                    + "read again on SIGHUP.")),
        .text(
            "push-key-file", \.pushKeyFile, range: "a PEM file, or empty", mayBeEmpty: true,
            .init(
                vietnamese: "Khóa bí mật của push-certificate-file; chỉ chủ sở hữu được đọc; đọc lại khi có SIGHUP.",
                english: "The private key of push-certificate-file; readable by its owner only; "
                    + "read again on SIGHUP.")),
    ]
}
