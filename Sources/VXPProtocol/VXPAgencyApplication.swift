// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// The body of `registerAgency`: JSON with `id`, `pcode`, `code`, `name`, `mail`, `mobile`, `fax`.
///
/// `id` is the client's own number and is not looked at. What is empty or null counts as absent: the SDK writes what its
/// user has filled in.
public enum VXPAgencyApplication {
    /// Largest body, in bytes: each of its texts at its longest, every character escaped, and room for blanks.
    public static let maxBytes = 16 << 10

    /// - Throws: `Refusal`: `.parameterMissing` without `code` or `name`; `.parameterInvalid` for a body that is no such
    ///   JSON and for a value out of its bounds.
    public static func read(_ body: [UInt8]) throws(Refusal) -> AgencyApplication {
        let fields: Fields
        do { fields = try JSONDecoder().decode(Fields.self, from: Data(body)) } catch {
            throw Refusal(.parameterInvalid, "the body is not a JSON object in UTF-8 with texts in it")
        }
        guard let code = try agency("code", fields.code) else { throw Refusal(.parameterMissing, "code") }
        let limit = AgencyApplication.maxNumberLength
        guard let name = try text("name", fields.name, AgencyApplication.maxNameLength) else {
            throw Refusal(.parameterMissing, "name")
        }
        return AgencyApplication(
            code: code, parent: try agency("pcode", fields.pcode), name: name,
            mail: try text("mail", fields.mail, AgencyApplication.maxMailLength),
            mobile: try text("mobile", fields.mobile, limit), fax: try text("fax", fields.fax, limit))
    }

    private static func agency(_ key: String, _ value: String?) throws(Refusal) -> AgencyID? {
        guard let written = try text(key, value, AgencyID.maxLength) else { return nil }
        do throws(ParsingProblem) { return try AgencyID(parsing: written) } catch {
            throw Refusal(.parameterInvalid, "\(key): \(error.reason) (at character \(error.offset + 1))")
        }
    }

    /// In NFC and without blanks at its ends; nil when nothing is left.
    private static func text(_ key: String, _ value: String?, _ limit: Int) throws(Refusal) -> String? {
        let kept = (value ?? "").trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        guard !kept.isEmpty else { return nil }
        // Scalars: one character alone may have any number of them.
        guard kept.unicodeScalars.count <= limit else {
            throw Refusal(.parameterInvalid, "\(key): longer than \(limit) characters")
        }
        guard kept.unicodeScalars.allSatisfy(isShown) else {
            throw Refusal(.parameterInvalid, "\(key): has a control character")
        }
        return kept
    }

    /// Whether an operator who reads the text gets to see it: no line breaks, terminal escapes or invisible marks.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    private struct Fields: Decodable {
        let pcode: String?
        let code: String?
        let name: String?
        let mail: String?
        let mobile: String?
        let fax: String?
    }
}
