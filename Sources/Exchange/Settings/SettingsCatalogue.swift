// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// More settings than this nobody can know; a test counts.
    public static let maxEntries = 40

    /// Begins the name of every environment variable that is ours.
    public static let variablePrefix = "TRUC_"

    /// Variables that are no settings: a URL may hold a password, which no setting may; the others are for builders of
    /// the hub and its tests.
    public static let otherVariables = ["TRUC_DATABASE_URL", "TRUC_POSTGRES_BIN"] + FaultPoint.variables

    /// Every setting, in the order in which `truc config explain` shows them.
    public static let catalogue: [SettingEntry] =
        placeEntries + tlsEntries + serviceEntries + boundEntries + limitEntries
        + watchEntries + pushEntries

    /// The entry with this name.
    public static func entry(named name: String) -> SettingEntry? { catalogue.first { $0.name == name } }

    /// Where things are.
    private static let placeEntries: [SettingEntry] = [
        .text(
            "data-dir", \.dataDirectory, range: "a directory",
            .init(
                vietnamese:
                    "Thư mục dữ liệu: nội dung gói tin, và cơ sở dữ liệu riêng nếu không dùng cơ sở dữ liệu khác.",
                english: "The data directory: content, and the private database unless another one is named.")),
        .text(
            "database-url-file", \.databaseURLFile, range: "a file, or empty", mayBeEmpty: true,
            .init(
                vietnamese: "Tệp chứa URL PostgreSQL, chỉ chủ sở hữu đọc được; TRUC_DATABASE_URL được ưu tiên hơn.",
                english: "File that holds the URL of a PostgreSQL, readable by its owner only; "
                    + "TRUC_DATABASE_URL goes before it.")),
        .text(
            "key-file", \.keyFile, range: "a file, or empty", mayBeEmpty: true,
            .init(
                vietnamese:
                    "Tệp khóa mã hóa bí mật và khóa nội dung; mặc định là keyring trong thư mục dữ liệu. "
                    + "Các nút dùng chung cơ sở dữ liệu phải dùng chung tệp này.",
                english:
                    "The key file that wraps secrets and the keys of contents; empty for keyring in the data directory. "
                    + "Nodes of one database share it.")),
        .parsed(
            "content-backend", \.contentBackend, range: ContentBackend.allCases.map(\.rawValue).joined(separator: ", "),
            .init(
                vietnamese:
                    "Nơi giữ gói tin mới: tệp trong thư mục dữ liệu (nhanh hơn), hoặc cơ sở dữ liệu nếu các nút "
                    + "không dùng chung đĩa; gói tin cũ vẫn đọc được.",
                english: "Where new packages are kept: files in the data directory (faster), or the database where "
                    + "nodes share no disk; older ones stay readable."),
            ContentBackend.init(parsing:)),
        .parsed(
            "listen", \.listen, range: "host:port, [IPv6]:port",
            .init(
                vietnamese: "Địa chỉ phục vụ; cổng 0 là một cổng trống bất kỳ.",
                english: "The address to serve on; port 0 is any free one."),
            ListenAddress.init(parsing:)),
    ]

    /// How it proves who it is, and by what it knows others.
    private static let tlsEntries: [SettingEntry] = [
        .text(
            "tls-certificate-file", \.tlsCertificateFile, range: "a PEM file, or empty", mayBeEmpty: true,
            .init(
                vietnamese: "Chuỗi chứng thư TLS của trục, chứng thư của trục đứng đầu; đọc lại khi có SIGHUP.",
                english: "The hub's TLS certificate chain, its own first; read again on SIGHUP.")),
        .text(
            "tls-key-file", \.tlsKeyFile, range: "a PEM file, or empty", mayBeEmpty: true,
            .init(
                vietnamese: "Khóa riêng của chứng thư TLS, chỉ chủ sở hữu đọc được; đọc lại khi có SIGHUP.",
                english: "The private key of the certificate, readable by its owner only; read again on SIGHUP.")),
        .text(
            "tls-client-ca-file", \.tlsClientCAFile, range: "a PEM file, or empty", mayBeEmpty: true,
            .init(
                vietnamese: "Chứng thư gốc của các hệ thống kết nối; nếu có, trục hỏi chứng thư máy khách.",
                english: "The roots of connecting systems' certificates; with it, client certificates are asked for.")),
        .number(
            "tls-warn-days", \.tlsWarnDays, 0...365, unit: "days",
            .init(
                vietnamese: "Số ngày trước khi chứng thư hết hạn mà nhật ký và /readyz bắt đầu cảnh báo.",
                english: "Days before the certificate's end at which the log and /readyz begin to warn.")),
        .number(
            "tls-handshake-seconds", \.tlsHandshakeSeconds, 1...300, unit: "s",
            .init(
                vietnamese: "Thời gian tối đa để một máy khách hoàn tất bắt tay TLS.",
                english: "How long a client may take for the TLS handshake.")),
        .flag(
            "allow-plain-http-beyond-loopback", \.allowPlainHTTPBeyondLoopback,
            .init(
                vietnamese: "Cho phép HTTP không mã hóa ngoài máy này: ai trên đường truyền cũng đọc được văn bản.",
                english: "Serve without TLS beyond this machine: whoever is on the way can read every document.")),
    ]

    /// What it is called, what it says, how it takes leave.
    private static let serviceEntries: [SettingEntry] = [
        .text(
            "hub-id", \.hubID, range: "an agency identifier",
            .init(
                vietnamese:
                    "Mã định danh của chính trục, nơi gửi các thông báo của trục; chỉ dùng ở lần khởi động đầu.",
                english: "The hub's own identifier, sender of its messages; used at the first start only.")),
        .text(
            "hub-name", \.hubName, range: "a name",
            .init(
                vietnamese: "Tên của chính trục; chỉ dùng ở lần khởi động đầu.",
                english: "The hub's own name; used at the first start only.")),
        .parsed(
            "log-level", \.logLevel, range: LogLevel.allCases.map(\.rawValue).joined(separator: ", "),
            .init(
                vietnamese: "Mức thấp nhất được ghi vào nhật ký.",
                english: "The least level that is written to the log."),
            LogLevel.init(parsing:)),
        .number(
            "shutdown-seconds", \.shutdownSeconds, 1...600, unit: "s",
            .init(
                vietnamese: "Thời gian cho các yêu cầu đang xử lý kết thúc sau SIGTERM; quá hạn thì bị ngắt.",
                english: "How long requests under way may go on after SIGTERM before they are cut off.")),
    ]

    /// How much of anything, and how long.
    private static let boundEntries: [SettingEntry] = [
        .number(
            "database-connections", \.databaseConnections, 2...200, unit: "connections",
            .init(
                vietnamese: "Số kết nối cơ sở dữ liệu nhiều nhất; bộ ghi dùng thêm một kết nối.",
                english: "Database connections at most; the committer has one more.")),
        .number(
            "package-max-bytes", \.packageMaxBytes, (1 << 20)...(1 << 30), unit: "bytes",
            .init(
                vietnamese: "Gói tin lớn nhất được nhận.", english: "The largest package that is taken.")),
        .number(
            "http-connections", \.httpConnections, 1...65_536, unit: "connections",
            .init(
                vietnamese: "Số kết nối HTTP cùng lúc; khi có thêm, kết nối nhàn rỗi lâu nhất bị đóng.",
                english: "HTTP connections at one time; for a further one the longest idle is closed.")),
        .number(
            "http-idle-seconds", \.httpIdleSeconds, 1...3_600, unit: "s",
            .init(
                vietnamese: "Thời gian một kết nối được phép không có yêu cầu, hoặc có phần đầu yêu cầu chưa xong.",
                english: "How long a connection may stay without a request, or with an unfinished request head.")),
        .number(
            "http-pace-seconds", \.httpPaceSeconds, 1...3_600, unit: "s",
            .init(
                vietnamese: "Cửa sổ thời gian trong đó phải nhận được ít nhất http-pace-bytes của thân yêu cầu.",
                english: "The window in which at least http-pace-bytes of a request body must come.")),
        .number(
            "http-pace-bytes", \.httpPaceBytes, 1...(16 << 20), unit: "bytes",
            .init(
                vietnamese: "Số byte ít nhất của thân yêu cầu trong mỗi http-pace-seconds; chậm hơn thì bị từ chối.",
                english: "The least of a request body in each http-pace-seconds; slower ones are refused.")),
        .number(
            "http-write-stall-seconds", \.httpWriteStallSeconds, 1...3_600, unit: "s",
            .init(
                vietnamese: "Thời gian máy khách được phép không nhận thêm gì của câu trả lời đang chờ ghi.",
                english: "How long a client may take nothing of an answer that waits to be written.")),
        .number(
            "timestamp-past-seconds", \.timestampPastSeconds, 0...86_400_000, unit: "s",
            .init(
                vietnamese: "Tuổi lớn nhất của dấu thời gian đối với hệ thống được thêm từ nay; 0 là không giới hạn.",
                english: "Oldest request timestamp for systems added from now on; 0 is any age, "
                    + "because SDK objects keep theirs.")),
        .number(
            "timestamp-future-seconds", \.timestampFutureSeconds, 1...86_400, unit: "s",
            .init(
                vietnamese: "Dấu thời gian được đi trước đồng hồ của trục bao lâu, đối với hệ thống được thêm từ nay.",
                english: "How far a timestamp may lie ahead of the hub's clock, for systems added from now on.")),
        .number(
            "delivery-max-failures", \.deliveryMaxFailures, 1...100, unit: "failures",
            .init(
                vietnamese: "Số lần nơi nhận báo lỗi trước khi gói tin bị tạm giữ chờ đơn vị vận hành.",
                english: "Failures that a recipient may report before the delivery is held for the operator.")),
    ]
}
