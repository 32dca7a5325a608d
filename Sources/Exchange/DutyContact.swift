// SPDX-License-Identifier: Apache-2.0

/// Who is to be called when a document is urgent and nobody answers: a duty post of an agency.
public struct DutyContact: Equatable, Sendable {
    public let agency: AgencyKey
    /// Of the post, "Văn thư trực" for example.
    public let name: String
    public let phone: PhoneNumber
    public let mail: String?

    public init(agency: AgencyKey, name: String, phone: PhoneNumber, mail: String?) {
        self.agency = agency
        self.name = name
        self.phone = phone
        self.mail = mail
    }

    /// As messages say it.
    public var text: String { "\(name), \(phone.text)" }
}

/// A telephone number as people write it: digits, perhaps with a leading +, spaces, dots and hyphens between.
public struct PhoneNumber: Hashable, Sendable {
    /// Fewest and most digits: those of a short number, and those of E.164.
    public static let digits = 3...15

    public let text: String

    /// - Throws: `ParsingProblem`.
    public init(parsing text: String) throws(ParsingProblem) {
        var count = 0
        for (offset, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): count += 1
            case UInt8(ascii: "+") where offset == 0: break
            case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: "-"):
                guard count > 0 else { throw ParsingProblem("PhoneNumber", "begins with a separator", at: offset) }
            default: throw ParsingProblem("PhoneNumber", "has more than digits", at: offset)
            }
            guard offset < 2 * Self.digits.upperBound else {
                throw ParsingProblem("PhoneNumber", "is too long", at: offset)
            }
        }
        guard Self.digits.contains(count) else {
            throw ParsingProblem("PhoneNumber", "has \(count) digits", at: text.utf8.count)
        }
        self.text = text
    }
}
