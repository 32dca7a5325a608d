// SPDX-License-Identifier: Apache-2.0

/// The number of a request about the registry, as operators type it: 1 and up, never used twice.
public struct AgencyRequestNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }

    /// - Throws: `ParsingProblem` unless the text is a whole number from 1.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text), value > 0 else {
            throw ParsingProblem("AgencyRequestNumber", "is not a whole number from 1")
        }
        self.value = value
    }

    public var description: String { String(value) }
    public static func < (left: AgencyRequestNumber, right: AgencyRequestNumber) -> Bool { left.value < right.value }
}

/// What a system tells of an agency that it wants registered. Nothing of it holds before an operator has approved it.
public struct AgencyApplication: Sendable, Equatable {
    /// Longest texts, in characters. The name's is that of `OrganName` in a package.
    public static let maxNameLength = 200
    public static let maxMailLength = 100
    /// Of `mobile` and `fax` each.
    public static let maxNumberLength = 50

    public let code: AgencyID
    /// Identifier of the agency above; nil to leave it to the identifier's form.
    public let parent: AgencyID?
    public let name: String
    public let mail: String?
    public let mobile: String?
    public let fax: String?

    public init(
        code: AgencyID, parent: AgencyID? = nil, name: String, mail: String? = nil, mobile: String? = nil,
        fax: String? = nil
    ) {
        self.code = code
        self.parent = parent
        self.name = name
        self.mail = mail
        self.mobile = mobile
        self.fax = fax
    }
}

/// A request that a system may make: who asks stands above the agency that it is about.
public enum AgencyProposal: Sendable, Equatable {
    /// A new agency below the one with this key.
    case register(AgencyApplication, below: AgencyKey)
    /// The end of an agency, with the identifier under which the hub lists it.
    case close(AgencyID, AgencyKey)

    public enum Kind: String, CaseIterable, Sendable, Codable {
        case register
        case close
    }

    public var kind: Kind {
        switch self {
        case .register: .register
        case .close: .close
        }
    }
}

/// How far the operator has come with a request.
public enum AgencyRequestState: String, CaseIterable, Sendable, Codable {
    case waiting
    case approved
    case rejected
}

/// What an operator adds to a request when it is approved.
public enum AgencyApproval: Sendable, Equatable {
    /// - aliases: other written forms of the new identifier.
    case register(aliases: [String])
    /// - successor: any written form of the identifier that refusals will name.
    case close(lastDay: CalendarDate, successor: AgencyID?)

    public var kind: AgencyProposal.Kind {
        switch self {
        case .register: .register
        case .close: .close
        }
    }
}
