// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// Whether a signature is a person's or an agency's, as far as the certificate's subject tells.
///
/// No rule of law fixes how Vietnamese certificates say it. What is looked at, in this order:
/// 1. a given name, a surname or a title (X.520), or a personal number in `UID` (`CCCD:`, `CMND:`, `HC:`): a person;
/// 2. a number of an organisation in `UID` (`MST:`, `MNS:`, `MQHNS:`, `MĐD:`) or an organisation identifier: an agency;
/// 3. a common name that is also the organisation's or the unit's, or that begins as agencies' names do (Sở, Ủy ban, …): an
///    agency;
/// 4. a common name beside an organisation of another name: a person of that organisation;
/// 5. else unclear.
public enum SignerKind: String, Sendable, Codable, CaseIterable {
    case person
    case agency
    case unclear

    public init(of certificate: Certificate) { self.init(subject: certificate.subject) }

    init(subject: DistinguishedName) {
        let numbers = subject.values(of: "UID").map { $0.uppercased() }
        func hasNumber(_ prefixes: [String]) -> Bool {
            numbers.contains { number in prefixes.contains { number.hasPrefix($0 + ":") } }
        }
        let common = Self.plain(subject.commonName ?? "")
        let organisations = (subject.values(of: "O") + subject.values(of: "OU")).map(Self.plain)
        if ["GN", "SN", "title"].contains(where: { !subject.values(of: $0).isEmpty })
            || hasNumber(["CCCD", "CMND", "HC", "CMT"])
        {
            self = .person
        } else if hasNumber(["MST", "MNS", "MQHNS", "MĐD", "MDD", "MSDN"])
            || !subject.values(of: "organizationIdentifier").isEmpty || organisations.contains(common)
            || Self.beginnings.contains(where: { common == $0 || common.hasPrefix($0 + " ") })
        {
            self = common.isEmpty ? .unclear : .agency
        } else {
            self = common.isEmpty || organisations.isEmpty ? .unclear : .person
        }
    }

    /// In one case, one normal form and single spaces.
    private static func plain(_ text: String) -> String {
        text.precomposedStringWithCanonicalMapping.lowercased().split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
    }

    /// How names of agencies and organisations begin, in small letters.
    private static let beginnings = [
        "ủy ban", "uỷ ban", "ubnd", "hội đồng", "hđnd", "sở", "ban", "bộ", "cục", "chi cục", "tổng cục", "vụ", "viện",
        "phòng", "văn phòng", "trung tâm", "trường", "học viện", "bệnh viện", "trạm", "công an", "công ty", "tòa án",
        "toà án", "thanh tra", "kho bạc", "bảo hiểm", "ngân hàng", "tỉnh ủy", "tỉnh uỷ", "thành ủy", "thành uỷ",
        "huyện ủy", "huyện uỷ", "đảng ủy", "đảng uỷ", "đoàn thanh niên", "tỉnh đoàn", "hội", "liên đoàn", "mặt trận",
        "quỹ", "tổng công ty",
        "đài", "báo", "thư viện", "bảo tàng", "chính phủ", "quốc hội",
    ]
}
