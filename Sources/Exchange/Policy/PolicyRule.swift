// SPDX-License-Identifier: Apache-2.0

/// What a policy profile may lay down. The raw value is the key in its document.
public enum PolicyRule: String, CaseIterable, Sendable, Codable {
    case ownProvinces = "own-provinces"
    case fileMaxBytes = "file-max-bytes"
    case filesMaxBytes = "files-max-bytes"
    case fileNameMaxCharacters = "file-name-max-characters"
    case fileNamePlain = "file-name-plain"
    case fileFormats = "file-formats"
    case signature = "signature"
    case priorityValues = "priority-values"
    case secretMarks = "secret-marks"
    case heldKeywords = "held-keywords"
    case passingPhrases = "passing-phrases"
    case collectionAlerts = "collection-alerts"

    /// What it lays down, in one line.
    public var vietnamese: String {
        switch self {
        case .ownProvinces: "mã cấp 1 của các cơ quan mà quy định này ràng buộc"
        case .fileMaxBytes: "dung lượng tối đa của một tệp, byte"
        case .filesMaxBytes: "dung lượng tối đa của tất cả tệp trong một gói, byte"
        case .fileNameMaxCharacters: "độ dài tối đa của tên tệp, ký tự"
        case .fileNamePlain: "tên tệp không dấu, không ký tự đặc biệt"
        case .fileFormats: "định dạng tệp được dùng"
        case .signature: "chữ ký số của gói tin"
        case .priorityValues: "các giá trị Priority không phải giữ lại"
        case .secretMarks: "dấu độ mật: giữ lại chờ xác nhận"
        case .heldKeywords: "từ khóa: giữ lại chờ xác nhận"
        case .passingPhrases: "cụm từ không bị giữ lại"
        case .collectionAlerts: "số phút chờ nơi nhận trước khi cảnh báo"
        }
    }
}

/// A value that a profile lays down, and the article that it comes from.
public struct Sourced<Value: Sendable & Equatable>: Sendable, Equatable {
    public let value: Value
    public let source: String

    public init(_ value: Value, source: String) {
        self.value = value
        self.source = source
    }
}

/// Whether packages must be signed.
public enum SignatureRule: String, CaseIterable, Sendable, Codable {
    /// One without a signature of its own is refused.
    case required
    /// One without is taken with a warning.
    case advised
    case notRequired = "not-required"
}

/// How long a delivery may wait for a status of its recipient before somebody is told, by urgency.
public struct CollectionAlerts: Sendable, Equatable {
    /// Of every urgency, each longer than zero.
    private let waits: [Urgency: Duration]

    /// - Parameter waits: of the urgencies that are not named, the wait of the next lower one that is.
    public init(_ waits: [Urgency: Duration]) { self.waits = waits }

    /// What holds where no profile says otherwise. No regulation names a number (QĐ 28/2018/QĐ-TTg Điều 6.2: "ngay"), so
    /// these are the hub's own: minutes where the office must act at once, else a working day and a night.
    public static let usual = CollectionAlerts([
        .normal: .seconds(86_400), .urgent: .seconds(4 * 3_600), .veryUrgent: .seconds(3_600),
        .immediate: .seconds(900), .immediateTimed: .seconds(900),
    ])

    /// Nil when the profile names none for this urgency nor for a lower one.
    public func wait(_ urgency: Urgency) -> Duration? {
        Urgency.allCases.filter { $0 <= urgency }.reversed().lazy.compactMap { waits[$0] }.first
    }
}
