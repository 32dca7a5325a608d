// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The identifier that an agency gives to a document.
///
/// A value keeps the text as written for showing and holds it in Unicode NFC for comparing: two QLVBs may write
/// the same Vietnamese letter composed or decomposed. `==` and `hash` look at the NFC text only.
///
/// Sources: edXML packages of the national axis; QĐ 28/2018/QĐ-TTg Điều 10.2.b.
public struct DocumentID: Sendable, CustomStringConvertible {
    /// Longest identifier, in Unicode scalars after NFC.
    public static let maxLength = 200

    /// What could be read out of the text. Nothing in the hub depends on it: an opaque id is carried like any other.
    public enum Form: Hashable, Sendable {
        /// `{agency},{yyyy/MM/dd},{number}/{notation}`
        case edXML(agency: AgencyID, date: CalendarDate, number: String, notation: String)
        /// `{agency}.{year}.{ordinal}`, the parts that QĐ 28 names; the decision sets no separator, so `,` `;` `-`
        /// and `/` between the parts are read too.
        case qd28(agency: AgencyID, year: Int, ordinal: Int)
        /// UUIDs, gateway numbers and whatever else occurs.
        case opaque
    }

    /// As written.
    public let text: String
    /// In NFC; the identity of the document together with its sender.
    public let normalized: String
    public let form: Form

    /// Reads an identifier.
    ///
    /// - Throws: `ParsingProblem` when the text is empty or blank, longer than `maxLength`, or has a control character.
    @specialized(where Text == String)
    @specialized(where Text == Substring)
    public init<Text: StringProtocol>(parsing text: Text) throws(ParsingProblem) {
        var offset = 0
        var blank = true
        for scalar in text.unicodeScalars {
            // Bound before normalising: NFC work must not grow with a hostile input. Four scalars are the most that
            // NFC ever joins to one.
            guard offset < 4 * Self.maxLength else {
                throw ParsingProblem("DocumentID", "is longer than \(Self.maxLength) characters", at: Self.maxLength)
            }
            if Self.isControl(scalar) { throw ParsingProblem("DocumentID", "has a control character", at: offset) }
            if blank, !scalar.properties.isWhitespace { blank = false }
            offset += 1
        }
        guard !blank else { throw ParsingProblem("DocumentID", "is empty") }
        let text = String(text)
        let normalized = text.precomposed
        guard normalized.unicodeScalars.count <= Self.maxLength else {
            throw ParsingProblem("DocumentID", "is longer than \(Self.maxLength) characters", at: Self.maxLength)
        }
        self.text = text
        self.normalized = normalized
        self.form = Self.readEdXML(normalized) ?? Self.readQD28(normalized) ?? .opaque
    }

    /// Builds the edXML form.
    ///
    /// - Throws: `ParsingProblem` when the parts could not be read back: an empty part, a number with `/`, or a text
    ///   that is too long or has a control character.
    public init(
        agency: AgencyID, date: CalendarDate, number: String, notation: String
    ) throws(ParsingProblem) {
        try self.init(parsing: "\(agency.text),\(date.edXML),\(number)/\(notation)")
        guard form == .edXML(agency: agency, date: date, number: number, notation: notation) else {
            throw ParsingProblem("DocumentID", "number or notation is empty, or the number has a '/'")
        }
    }

    public var description: String { text }

    /// General category Cc, which is these two ranges and will stay so (Unicode, stability of Cc).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    private static func readEdXML(_ text: String) -> Form? {
        // By bytes: cutting at characters costs more than all the rest of reading an id.
        let (comma, slash) = (UInt8(ascii: ","), UInt8(ascii: "/"))
        let bytes = text.utf8
        guard let first = bytes.firstIndex(of: comma) else { return nil }
        let afterAgency = bytes[bytes.index(after: first)...]
        guard let second = afterAgency.firstIndex(of: comma) else { return nil }
        // The notation may itself hold '/', the number never does.
        let code = bytes[bytes.index(after: second)...]
        guard let third = code.firstIndex(of: slash), third > code.startIndex,
            case let notation = bytes.index(after: third), notation < bytes.endIndex,
            // A mark after a separator makes another character of it.
            text[first] == ",", text[second] == ",", text[third] == "/",
            let agency = try? AgencyID(parsing: text[..<first]),
            let date = try? CalendarDate(edXML: text[afterAgency.startIndex..<second])
        else { return nil }
        return .edXML(
            agency: agency, date: date, number: String(text[code.startIndex..<third]),
            notation: String(text[notation...]))
    }

    private static func readQD28(_ text: String) -> Form? {
        let separators: Set<Character> = [".", ",", ";", "-", "/"]
        guard let ordinalStart = text.lastIndex(where: separators.contains) else { return nil }
        let beforeOrdinal = text[..<ordinalStart]
        guard let yearStart = beforeOrdinal.lastIndex(where: separators.contains) else { return nil }
        let ordinal = text[text.index(after: ordinalStart)...]
        let year = beforeOrdinal[beforeOrdinal.index(after: yearStart)...]
        guard year.utf8.count == 4, isDigits(year), let yearNumber = Int(year), (1945...2999).contains(yearNumber),
            (1...9).contains(ordinal.utf8.count), isDigits(ordinal), let ordinalNumber = Int(ordinal),
            ordinalNumber > 0, let agency = try? AgencyID(parsing: text[..<yearStart]), agency.form != .unlisted
        else { return nil }
        return .qd28(agency: agency, year: yearNumber, ordinal: ordinalNumber)
    }

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

extension DocumentID: Hashable {
    public static func == (left: DocumentID, right: DocumentID) -> Bool {
        // Swift compares strings by canonical equivalence, which is what NFC equality means.
        left.normalized == right.normalized
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(normalized) }
}

extension DocumentID: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
