// SPDX-License-Identifier: Apache-2.0

/// What the decision of a province says about packages: dated, every value with the article that it comes from. Decisions
/// get replaced, so they are data (house §4.13). A value that is nil is one that the decision does not lay down.
public struct PolicyProfile: Sendable, Equatable {
    /// Lower-case letters, digits and `-`; 1 to `maxName` characters.
    public let name: String
    public let title: String
    /// Since when the decision holds.
    public let from: Instant
    /// Level-1 groups of the identifiers (`H42`) of the agencies that it binds; nil: every agency that is registered.
    public var ownProvinces: Sourced<[String]>?
    public var fileMaxBytes: Sourced<Int>?
    /// All attachments of a package together.
    public var filesMaxBytes: Sourced<Int>?
    public var fileNameMaxCharacters: Sourced<Int>?
    /// Whether names of files have letters of ASCII, digits, `.`, `-`, `_` and nothing else.
    public var fileNamePlain: Sourced<Bool>?
    /// Endings of file names, in lower case and without the dot.
    public var fileFormats: Sourced<[String]>?
    public var signature: Sourced<SignatureRule>?
    /// Values of `Priority` with which a package is not held.
    public var priorityValues: Sourced<[Int]>?
    public var secretMarks: Sourced<[String]>?
    public var heldKeywords: Sourced<[String]>?
    /// Words around a mark or keyword with which it means nothing: `bảo vệ bí mật nhà nước`.
    public var passingPhrases: Sourced<[String]>?
    /// An urgency without terms raises no alert.
    public var collectionAlerts: Sourced<[Urgency: CollectionTerms]>?
    /// Nil: nothing is scanned.
    public var malwareScan: Sourced<MalwareScanRule>?
    /// Nil: the hub's own, over three days.
    public var retrySchedule: Sourced<RetryRule>?

    /// Longest name, in characters.
    public static let maxName = 64

    public init(name: String, title: String, from: Instant) {
        self.name = name
        self.title = title
        self.from = from
    }

    /// A value as people read it.
    public struct Line: Sendable, Equatable {
        public let rule: PolicyRule
        public let value: String
        public let source: String
    }

    /// All that it lays down, in the order of `PolicyRule`.
    public var lines: [Line] { PolicyRule.allCases.compactMap(line) }

    private func line(_ rule: PolicyRule) -> Line? {
        func line<Value>(_ sourced: Sourced<Value>?, _ text: (Value) -> String) -> Line? {
            sourced.map { Line(rule: rule, value: text($0.value), source: $0.source) }
        }
        func list(_ words: [String]) -> String { words.joined(separator: ", ") }
        switch rule {
        case .ownProvinces: return line(ownProvinces, list)
        case .fileMaxBytes: return line(fileMaxBytes) { String($0) }
        case .filesMaxBytes: return line(filesMaxBytes) { String($0) }
        case .fileNameMaxCharacters: return line(fileNameMaxCharacters) { String($0) }
        case .fileNamePlain: return line(fileNamePlain) { String($0) }
        case .fileFormats: return line(fileFormats, list)
        case .signature: return line(signature) { $0.rawValue }
        case .priorityValues: return line(priorityValues) { list($0.map { String($0) }) }
        case .secretMarks: return line(secretMarks, list)
        case .heldKeywords: return line(heldKeywords, list)
        case .passingPhrases: return line(passingPhrases, list)
        case .collectionAlerts: return line(collectionAlerts, CollectionTerms.text)
        case .malwareScan: return line(malwareScan) { "\($0.scanner), \($0.whenAway.rawValue)" }
        case .retrySchedule: return line(retrySchedule, \.text)
        }
    }
}

extension CollectionTerms {
    /// The keys of the urgencies in a profile's document.
    static let keys: [(key: String, urgency: Urgency)] = [
        ("normal", .normal), ("urgent", .urgent), ("very-urgent", .veryUrgent), ("immediate", .immediate),
        ("immediate-timed", .immediateTimed),
    ]

    fileprivate static func text(_ terms: [Urgency: CollectionTerms]) -> String {
        keys.compactMap { key, urgency in
            terms[urgency].map { terms in
                let minutes = [terms.agency, terms.superior, terms.hub].map { String($0.components.seconds / 60) }
                return "\(key) \(minutes.joined(separator: "+"))\(terms.isWorkingTime ? " (giờ làm việc)" : "")"
            }
        }.joined(separator: ", ")
    }
}

/// A profile with the document that it was read from.
public struct PolicyDocument: Sendable, Equatable {
    public let profile: PolicyProfile
    /// The document itself, byte for byte.
    public let text: String

    public init(profile: PolicyProfile, text: String) {
        self.profile = profile
        self.text = text
    }
}

/// A profile that an operator has put in force from an instant on.
public struct ActivatedPolicy: Sendable, Equatable {
    public let profile: PolicyProfile
    /// SHA-256 of its document, in hexadecimal: what is stored with every package that it judges.
    public let digest: String
    public let from: Instant
    /// The profile's words, ready to be looked for.
    public let heldWords: HeldWords

    public init(profile: PolicyProfile, digest: String, from: Instant) {
        self.profile = profile
        self.digest = digest
        self.from = from
        heldWords = HeldWords(profile)
    }
}

/// Which profile is in force when.
public struct PolicyTimeline: Sendable, Equatable {
    /// In the order in which they were activated.
    private let activations: [ActivatedPolicy]

    /// - Parameter activations: in the order in which they were activated.
    public init(_ activations: [ActivatedPolicy]) { self.activations = activations }

    /// The one whose time began last; of two that began at the same instant, the one activated later. Nil when none has
    /// begun.
    public func inForce(at instant: Instant) -> ActivatedPolicy? {
        var found: ActivatedPolicy?
        for activation in activations where activation.from <= instant {
            if let found, found.from > activation.from { continue }
            found = activation
        }
        return found
    }
}
