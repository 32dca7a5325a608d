// SPDX-License-Identifier: Apache-2.0

/// How urgent a document is: `OtherInfo/Priority` of edXML, 0–4.
///
/// Degrees: NĐ 30/2020/NĐ-CP Phụ lục I (khẩn, thượng khẩn, hỏa tốc); code 4 is the national axis's timed variant.
public enum Urgency: Int, CaseIterable, Comparable, Sendable, Codable {
    case normal = 0
    case urgent = 1
    case veryUrgent = 2
    case immediate = 3
    case immediateTimed = 4

    public var vietnamese: String {
        switch self {
        case .normal: "thường"
        case .urgent: "khẩn"
        case .veryUrgent: "thượng khẩn"
        case .immediate: "hỏa tốc"
        case .immediateTimed: "hỏa tốc hẹn giờ"
        }
    }

    public static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
}
