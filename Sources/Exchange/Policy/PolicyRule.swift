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
    case malwareScan = "malware-scan"
    case retrySchedule = "retry-schedule"

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
        case .collectionAlerts: "số phút nơi nhận im lặng trước khi cảnh báo nơi nhận, cấp trên, trục"
        case .malwareScan: "quét mã độc trước khi giao: bộ quét, và làm gì khi bộ quét không trả lời"
        case .retrySchedule: "số giây giữa các lần giao lại, và giao trong bao lâu"
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

/// After how long a recipient's silence about a document alerts whom, each term after the one before.
public struct CollectionTerms: Equatable, Sendable {
    /// From acceptance to the alert of the agency, and of the sender.
    public let agency: Duration
    /// From there to that of the agency above.
    public let superior: Duration
    /// From there to that of the hub's operator.
    public let hub: Duration
    /// Only working hours count; else every hour does.
    public let isWorkingTime: Bool

    public init(agency: Duration, superior: Duration, hub: Duration, isWorkingTime: Bool) {
        self.agency = agency
        self.superior = superior
        self.hub = hub
        self.isWorkingTime = isWorkingTime
    }
}
