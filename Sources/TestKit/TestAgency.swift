// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// The agencies and systems of an invented province, as `TestHub` registers them.
public struct TestAgency: Sendable, Hashable {
    public let code: String
    public let name: String
    /// The system that speaks for it; nil for one that nobody connects.
    public let system: String?
    public let aliases: [String]

    /// `from` of most tests.
    public static let construction = TestAgency(
        code: "000.00.13.H52", name: "Sở Xây dựng", system: "qlvb.soxd", aliases: ["H52.13"])
    /// `to` of most tests.
    public static let finance = TestAgency(
        code: "000.00.14.H52", name: "Sở Tài chính", system: "qlvb.sotc", aliases: ["H52.14", "STC-H52"])
    /// Of the same system as `finance`.
    public static let treasury = TestAgency(
        code: "001.00.14.H52", name: "Chi cục Ngân sách", system: "qlvb.sotc", aliases: [])
    /// The third one, whom nothing of the others concerns.
    public static let stranger = TestAgency(
        code: "000.00.15.H52", name: "Sở Công Thương", system: "qlvb.soct", aliases: [])
    /// Registered, but nobody connects for it.
    public static let withoutSystem = TestAgency(
        code: "000.00.16.H52", name: "Sở Nội vụ", system: nil, aliases: [])
    public static let all = [construction, finance, treasury, stranger, withoutSystem]

    /// The hub's own entry.
    public static let hubCode = "00.00.W00"
    /// Below the province's tree, and registered by nobody.
    public static let unknownCode = "000.00.99.H52"
    /// In another province's tree.
    public static let outsideCode = "000.00.13.H26"

    public var id: AgencyID { get throws(ParsingProblem) { try AgencyID(parsing: code) } }

    public var systemID: SystemID {
        get throws(ParsingProblem) { try SystemID(parsing: system ?? "") }
    }

    /// The secret of a system of these.
    public static func secret(of system: String) -> String { "khoá bí mật của \(system)" }
}
