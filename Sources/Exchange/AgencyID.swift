// SPDX-License-Identifier: Apache-2.0

/// An agency identifier exactly as somebody wrote it.
///
/// Two written forms exist in law and a third only in traffic, so a value always keeps its text and tells which
/// form that text has. `==` compares the text: whether two texts name the same agency is decided by the alias
/// table of the registry and by nothing else (`reversed` is a hint for people, not a proof).
///
/// Sources: QĐ 28/2018/QĐ-TTg Điều 10.2.a and QCVN 102:2016 (13 characters); QĐ 20/2020/QĐ-TTg Điều 4–6 (35).
public struct AgencyID: Hashable, Sendable, CustomStringConvertible {
    /// Longest identifier that any form allows, in characters (QĐ 20/2020 Điều 4.1; TT 01/2022 for `OrganId`).
    public static let maxLength = 35

    /// The rule that the text follows.
    public enum Form: Hashable, Sendable {
        /// `V1V2V3.Z1Z2.Y1Y2.MX1X2`: thirteen characters, the highest level last.
        case qcvn102
        /// `MX1X2[.group]…`: groups from the highest level down (QĐ 20/2020 Điều 4).
        case qd20
        /// Business registration number, with or without the two-digit prefix seen in traffic (Điều 5).
        case enterprise
        /// `Zxy` and up to 32 characters of a scheme of its own (Điều 6).
        case scheme
        /// Fits no rule but occurs in traffic (hub ids, test systems). Valid only when the registry lists it.
        case unlisted
    }

    public let text: String
    public let form: Form

    /// Reads an identifier.
    ///
    /// - Throws: `ParsingProblem` for an empty text, more than `maxLength` characters, or a character outside
    ///   `A–Z a–z 0–9 . - _`. Surrounding white space is the caller's to trim.
    @specialized(where Text == String)
    @specialized(where Text == Substring)
    public init<Text: StringProtocol>(parsing text: Text) throws(ParsingProblem) {
        let scalars = text.unicodeScalars
        guard !scalars.isEmpty else { throw ParsingProblem("AgencyID", "is empty") }
        var offset = 0
        for scalar in scalars {
            guard offset < Self.maxLength else {
                throw ParsingProblem("AgencyID", "is longer than \(Self.maxLength) characters", at: offset)
            }
            guard Self.isAllowed(scalar) else {
                throw ParsingProblem(
                    "AgencyID", "has a character other than letters, digits, '.', '-' and '_'", at: offset)
            }
            offset += 1
        }
        self.text = String(text)
        self.form = Self.form(of: Array(self.text.utf8))
    }

    public var description: String { text }

    /// 1 (ministry, provincial People's Committee) and up, or nil for a form without levels.
    ///
    /// The place of the lowest unit: `002.00.20.H13` is of level 4 although level 3 is skipped. At most 4 in the
    /// thirteen-character form, one per group in the other.
    public var level: Int? {
        switch form {
        case .qcvn102: groups.firstIndex(where: { !Self.isZero($0) }).map { 4 - $0 }
        case .qd20: groups.count
        case .enterprise, .scheme, .unlisted: nil
        }
    }

    /// The unit that this one belongs to by the rule of its form; nil at level 1 and for forms without levels.
    ///
    /// A thirteen-character id may skip a level (`002.00.20.H13` stands directly below `000.00.20.H13`).
    public var parent: AgencyID? {
        switch form {
        case .qcvn102:
            var parts = groups
            guard let lowest = parts.indices.dropLast().first(where: { !Self.isZero(parts[$0]) }) else { return nil }
            parts[lowest] = String(repeating: "0", count: parts[lowest].utf8.count)
            return AgencyID(known: parts.joined(separator: "."), form: .qcvn102)
        case .qd20:
            let parts = groups
            guard parts.count > 1 else { return nil }
            return AgencyID(known: parts.dropLast().joined(separator: "."), form: .qd20)
        case .enterprise, .scheme, .unlisted:
            return nil
        }
    }

    /// Parent, its parent and so on up to level 1, nearest first.
    public var ancestors: [AgencyID] {
        var found: [AgencyID] = []
        var next = parent
        while let current = next {
            found.append(current)
            next = current.parent
        }
        return found
    }

    /// The level-1 group, for example `H52`; nil for forms without levels.
    public var levelOne: String? {
        switch form {
        case .qcvn102: groups.last
        case .qd20: groups.first
        case .enterprise, .scheme, .unlisted: nil
        }
    }

    /// The same unit in the other lawful form by the reversal rule, for suggestions only.
    ///
    /// `000.46.24.H44` ↔ `H44.24.46`. Nil where the rule gives no answer: a skipped level, groups of other sizes, a
    /// group of zeros, which the thirteen-character form could not tell from no group. Where there is an answer, its own
    /// `reversed` is this identifier again.
    public var reversed: AgencyID? {
        switch form {
        case .qcvn102:
            let downward = Array(groups.reversed())
            let used = downward.prefix(while: { !Self.isZero($0) })
            guard downward.dropFirst(used.count).allSatisfy(Self.isZero) else { return nil }
            return AgencyID(used.joined(separator: "."), if: .qd20)
        case .qd20:
            let widths = [3, 2, 2, 3]
            var parts = groups
            guard parts.count <= widths.count,
                zip(parts, widths).allSatisfy({ $0.utf8.count == $1 && !Self.isZero($0) })
            else { return nil }
            for width in widths.dropFirst(parts.count) { parts.append(String(repeating: "0", count: width)) }
            return AgencyID(parts.reversed().joined(separator: "."), if: .qcvn102)
        case .enterprise, .scheme, .unlisted:
            return nil
        }
    }

    /// Nil when the text would be read in another form.
    private init?(_ text: String, if form: Form) {
        guard Self.form(of: Array(text.utf8)) == form else { return nil }
        self.init(known: text, form: form)
    }

    private init(known text: String, form: Form) {
        self.text = text
        self.form = form
    }

    private var groups: [String] { text.split(separator: ".", omittingEmptySubsequences: false).map(String.init) }

    private static func isZero(_ group: String) -> Bool { group.utf8.allSatisfy { $0 == UInt8(ascii: "0") } }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "A"..."Z", "a"..."z", "0"..."9", ".", "-", "_": true
        default: false
        }
    }

    private static func form(of text: [UInt8]) -> Form {
        if isQCVN102(text) { return .qcvn102 }
        if isScheme(text) { return .scheme }
        if isQD20(text) { return .qd20 }
        if isEnterprise(text) { return .enterprise }
        return .unlisted
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    private static func isGroup(_ group: ArraySlice<UInt8>) -> Bool {
        !group.isEmpty && group.allSatisfy { isDigit($0) || isUpper($0) }
    }
    private static func isLevelOne(_ group: ArraySlice<UInt8>) -> Bool {
        guard group.count == 3, let first = group.first else { return false }
        return (0x41...0x59).contains(first) && group.dropFirst().allSatisfy(isDigit)
    }

    private static func isQCVN102(_ text: [UInt8]) -> Bool {
        let groups = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard groups.map(\.count) == [3, 2, 2, 3], let lowest = groups.first, let top = groups.last else {
            return false
        }
        // G12.01.02.H03 fits both rules. The lowest group of this form is always of digits in traffic, so one that
        // looks like a level-1 code is one.
        return isLevelOne(top) && !isLevelOne(lowest) && groups.allSatisfy(isGroup)
    }

    private static func isQD20(_ text: [UInt8]) -> Bool {
        let groups = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let top = groups.first, isLevelOne(top) else { return false }
        return groups.allSatisfy(isGroup)
    }

    private static func isEnterprise(_ text: [UInt8]) -> Bool {
        // 10 digits, 13 with the branch number; traffic puts "02" before either (edxml.md §1.2).
        guard text.allSatisfy(isDigit) else { return false }
        switch text.count {
        case 10, 13: return true
        case 12, 15: return text.starts(with: [0x30, 0x32])
        default: return false
        }
    }

    private static func isScheme(_ text: [UInt8]) -> Bool {
        guard text.count > 3, text[0] == UInt8(ascii: "Z"), isDigit(text[1]), isDigit(text[2]) else { return false }
        guard text[1] != 0x30 || text[2] != 0x30 else { return false }
        return text.dropFirst(3).allSatisfy { isDigit($0) || isUpper($0) || $0 == UInt8(ascii: ".") }
    }
}

extension AgencyID: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
