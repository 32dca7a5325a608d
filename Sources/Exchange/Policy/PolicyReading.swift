// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What is wrong with a profile's document, and where.
public struct PolicyProblem: Hashable, Sendable, CustomStringConvertible {
    /// The key or the path to it: `rules.file-formats.value`; empty for the whole.
    public let path: String
    /// English, one line, without a full stop.
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}

extension PolicyDocument {
    /// Largest document, in bytes.
    public static let maxBytes = 64 << 10
    /// Most problems that are told.
    public static let maxProblems = 50

    /// Reads a document strictly: what it does not know, and what is out of bounds, is refused.
    ///
    /// - Parameter bytes: at most `maxBytes` and one more are looked at.
    /// - Returns: the document, or everything that is wrong with it, in the order of the document.
    public static func read(_ bytes: [UInt8]) -> Result<PolicyDocument, PolicyProblems> {
        guard bytes.count <= maxBytes else {
            return .failure(PolicyProblems([PolicyProblem(path: "", reason: "has more than \(maxBytes) bytes")]))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(PolicyProblems([PolicyProblem(path: "", reason: "is not UTF-8")]))
        }
        var reading = PolicyReading()
        do throws(ParsingProblem) {
            reading.read(try JSONDocument("policy", text))
        } catch {
            return .failure(PolicyProblems([PolicyProblem(path: "", reason: error.description)]))
        }
        guard reading.problems.isEmpty, let profile = reading.profile else {
            return .failure(PolicyProblems(Array(reading.problems.prefix(maxProblems))))
        }
        return .success(PolicyDocument(profile: profile, text: text))
    }
}

/// Everything that is wrong with a document, at least one.
public struct PolicyProblems: Error, Sendable, Equatable {
    public let all: [PolicyProblem]

    init(_ all: [PolicyProblem]) { self.all = all }
}

/// A document on its way to a profile.
private struct PolicyReading {
    private(set) var profile: PolicyProfile?
    private(set) var problems: [PolicyProblem] = []

    /// Longest title or source, in characters.
    private static let maxText = 500
    /// Longest word of a list, in characters.
    private static let maxWord = 100
    /// Most words of a list.
    private static let maxWords = 200
    /// Up to 30 days.
    private static let alertMinutes = 1...43_200
    private static let documentKeys = ["name", "title", "from", "rules"]

    mutating func read(_ document: JSONDocument) {
        guard let members = object(document, "", known: Self.documentKeys) else { return }
        let name = text(members["name"], "name", max: PolicyProfile.maxName) ?? ""
        if !name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) {
            add("name", "has a character other than a to z, 0 to 9 and -")
        }
        let title = text(members["title"], "title", max: Self.maxText) ?? ""
        let from = instant(members["from"], "from")
        var profile = PolicyProfile(name: name, title: title, from: from ?? .earliest)
        if let rules = members["rules"] {
            for (key, value) in object(rules, "rules", known: PolicyRule.allCases.map(\.rawValue)) ?? [:] {
                if let rule = PolicyRule(rawValue: key) { read(rule, value, &profile) }
            }
        } else {
            add("rules", "is missing")
        }
        if profile.passingPhrases != nil, profile.secretMarks == nil, profile.heldKeywords == nil {
            add("rules.passing-phrases", "means nothing without secret-marks or held-keywords")
        }
        problems.sort { $0.path < $1.path }
        self.profile = profile
    }

    private mutating func read(_ rule: PolicyRule, _ document: JSONDocument, _ profile: inout PolicyProfile) {
        let path = "rules.\(rule.rawValue)"
        guard let members = object(document, path, known: ["value", "source"]) else { return }
        let source = text(members["source"], "\(path).source", max: Self.maxText) ?? ""
        guard let value = members["value"] else { return add("\(path).value", "is missing") }
        let place = "\(path).value"
        func sourced<Value>(_ value: Value?) -> Sourced<Value>? { value.map { Sourced($0, source: source) } }
        switch rule {
        case .ownProvinces: profile.ownProvinces = sourced(words(value, place, Self.isLevelOne, "H42"))
        case .fileMaxBytes: profile.fileMaxBytes = sourced(number(value, place, 1...(1 << 40)))
        case .filesMaxBytes: profile.filesMaxBytes = sourced(number(value, place, 1...(1 << 40)))
        case .fileNameMaxCharacters: profile.fileNameMaxCharacters = sourced(number(value, place, 1...255))
        case .fileNamePlain: profile.fileNamePlain = sourced(flag(value, place))
        case .fileFormats: profile.fileFormats = sourced(words(value, place, Self.isEnding, "pdf"))
        case .signature: profile.signature = sourced(signature(value, place))
        case .priorityValues: profile.priorityValues = sourced(numbers(value, place, 0...9))
        case .secretMarks: profile.secretMarks = sourced(words(value, place, Self.isPhrase, "TỐI MẬT"))
        case .heldKeywords: profile.heldKeywords = sourced(words(value, place, Self.isPhrase, "đơn tố cáo"))
        case .passingPhrases: profile.passingPhrases = sourced(words(value, place, Self.isPhrase, "bí mật nhà nước"))
        case .collectionAlerts: profile.collectionAlerts = sourced(alerts(value, place))
        case .malwareScan: profile.malwareScan = sourced(scan(value, place))
        case .retrySchedule: profile.retrySchedule = sourced(retries(value, place))
        }
    }

    // MARK: Values

    private mutating func object(_ value: JSONDocument, _ path: String, known: [String]) -> [String: JSONDocument]? {
        guard case .object(let members) = value else {
            add(path, "must be an object")
            return nil
        }
        var found: [String: JSONDocument] = [:]
        for member in members {
            if known.contains(member.key) {
                found[member.key] = member.value
            } else {
                let hint = Spelling.nearest(to: member.key, in: known).map { "; did you mean \($0)?" } ?? ""
                let shown = Refusal.oneLine(member.key, maxLength: PolicyProfile.maxName)
                add(path.isEmpty ? shown : "\(path).\(shown)", "is not known\(hint)")
            }
        }
        return found
    }

    private mutating func text(_ value: JSONDocument?, _ path: String, max: Int) -> String? {
        guard case .string(let text)? = value else {
            add(path, value == nil ? "is missing" : "must be a text")
            return nil
        }
        let composed = text.precomposedStringWithCanonicalMapping
        guard Self.isPlain(composed, max: max) else {
            add(path, "must have 1 to \(max) characters, none of them a control character")
            return nil
        }
        return composed
    }

    private mutating func instant(_ value: JSONDocument?, _ path: String) -> Instant? {
        guard let text = text(value, path, max: 40) else { return nil }
        if let day = try? CalendarDate(iso8601: text) { return Instant(vietnam: day) }
        if let instant = try? Instant(iso8601: text) { return instant }
        add(path, "must be a day yyyy-MM-dd, from whose beginning in Vietnam it holds, or an instant in ISO 8601")
        return nil
    }

    private mutating func number(_ value: JSONDocument, _ path: String, _ range: ClosedRange<Int>) -> Int? {
        if case .number(let number) = value, range.contains(number) { return number }
        add(path, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    private mutating func numbers(_ value: JSONDocument, _ path: String, _ range: ClosedRange<Int>) -> [Int]? {
        guard case .array(let items) = value, !items.isEmpty, items.count <= range.count else {
            add(path, "must be a list of 1 to \(range.count) whole numbers")
            return nil
        }
        var numbers: [Int] = []
        for item in items {
            guard let number = number(item, path, range) else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private mutating func flag(_ value: JSONDocument, _ path: String) -> Bool? {
        if case .bool(let flag) = value { return flag }
        add(path, "must be true or false")
        return nil
    }

    private mutating func signature(_ value: JSONDocument, _ path: String) -> SignatureRule? {
        if case .string(let text) = value, let rule = SignatureRule(rawValue: text) { return rule }
        add(path, "must be one of \(SignatureRule.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    private mutating func words(
        _ value: JSONDocument, _ path: String, _ isFit: (String) -> Bool, _ example: String
    ) -> [String]? {
        guard case .array(let items) = value, !items.isEmpty, items.count <= Self.maxWords else {
            add(path, "must be a list of 1 to \(Self.maxWords) texts")
            return nil
        }
        var words: [String] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item, Self.isPlain(text, max: Self.maxWord),
                isFit(text.precomposedStringWithCanonicalMapping)
            else {
                add("\(path)[\(index + 1)]", "must be a text such as \(example), of at most \(Self.maxWord) characters")
                return nil
            }
            let word = text.precomposedStringWithCanonicalMapping
            if words.contains(word) {
                add("\(path)[\(index + 1)]", "stands in the list already")
                return nil
            }
            words.append(word)
        }
        return words
    }

    private mutating func alerts(_ value: JSONDocument, _ path: String) -> [Urgency: CollectionTerms]? {
        guard let members = object(value, path, known: CollectionTerms.keys.map(\.key)) else { return nil }
        var all: [Urgency: CollectionTerms] = [:]
        for (key, urgency) in CollectionTerms.keys {
            guard let member = members[key] else { continue }
            guard let terms = terms(member, "\(path).\(key)") else { return nil }
            all[urgency] = terms
        }
        return all
    }

    private mutating func terms(_ value: JSONDocument, _ path: String) -> CollectionTerms? {
        let keys = ["agency-minutes", "superior-minutes", "hub-minutes", "working-time"]
        guard let members = object(value, path, known: keys) else { return nil }
        var minutes: [Duration] = []
        for key in keys.dropLast() {
            guard let member = members[key] else {
                add("\(path).\(key)", "is missing")
                return nil
            }
            guard let number = number(member, "\(path).\(key)", Self.alertMinutes) else { return nil }
            minutes.append(.seconds(number * 60))
        }
        guard let written = members["working-time"] else {
            add("\(path).working-time", "is missing")
            return nil
        }
        guard let isWorkingTime = flag(written, "\(path).working-time") else { return nil }
        return CollectionTerms(
            agency: minutes[0], superior: minutes[1], hub: minutes[2], isWorkingTime: isWorkingTime)
    }

    /// The members of an object that must have all of them.
    private mutating func members(_ value: JSONDocument, _ path: String, _ keys: [String]) -> [JSONDocument]? {
        guard let found = object(value, path, known: keys) else { return nil }
        var members: [JSONDocument] = []
        for key in keys {
            guard let member = found[key] else {
                add("\(path).\(key)", "is missing")
                return nil
            }
            members.append(member)
        }
        return members
    }

    private mutating func scan(_ value: JSONDocument, _ path: String) -> MalwareScanRule? {
        guard let members = members(value, path, ["scanner", "when-away"]) else { return nil }
        var address: ScannerAddress?
        do throws(ParsingProblem) {
            guard case .string(let text) = members[0] else { throw ParsingProblem("scanner", "is no text") }
            address = try ScannerAddress(parsing: text)
        } catch {
            add("\(path).scanner", "must be the path of clamd's socket, or host:port: \(error.reason)")
        }
        guard case .string(let text) = members[1], let whenAway = MalwareScanRule.WhenAway(rawValue: text) else {
            let known = MalwareScanRule.WhenAway.allCases.map(\.rawValue).joined(separator: ", ")
            add("\(path).when-away", "must be one of \(known)")
            return nil
        }
        return address.map { MalwareScanRule(scanner: $0, whenAway: whenAway) }
    }

    private mutating func retries(_ value: JSONDocument, _ path: String) -> RetryRule? {
        guard let members = members(value, path, ["ordinary", "immediate"]),
            let ordinary = retryTerms(members[0], "\(path).ordinary"),
            let immediate = retryTerms(members[1], "\(path).immediate")
        else { return nil }
        return RetryRule(ordinary: ordinary, immediate: immediate)
    }

    private mutating func retryTerms(_ value: JSONDocument, _ path: String) -> RetryTerms? {
        guard let members = members(value, path, ["delay-seconds", "lifetime-seconds"]) else { return nil }
        guard case .array(let items) = members[0], (1...RetryTerms.maxDelays).contains(items.count) else {
            add("\(path).delay-seconds", "must be a list of 1 to \(RetryTerms.maxDelays) whole numbers")
            return nil
        }
        var delays: [Duration] = []
        for (index, item) in items.enumerated() {
            guard let seconds = number(item, "\(path).delay-seconds[\(index + 1)]", RetryTerms.delaySeconds) else {
                return nil
            }
            delays.append(.seconds(seconds))
        }
        guard let lifetime = number(members[1], "\(path).lifetime-seconds", RetryTerms.lifetimeSeconds) else {
            return nil
        }
        guard delays.allSatisfy({ $0 <= .seconds(lifetime) }) else {
            add("\(path).delay-seconds", "has a delay longer than the lifetime")
            return nil
        }
        return RetryTerms(delays: delays, lifetime: .seconds(lifetime))
    }

    private mutating func add(_ path: String, _ reason: String) {
        problems.append(PolicyProblem(path: path, reason: reason))
    }

    // MARK: Forms

    private static func isPlain(_ text: String, max: Int) -> Bool {
        !text.isEmpty && text.count <= max && text.unicodeScalars.count <= 4 * max
            && Refusal.oneLine(text, maxLength: .max) == text
    }

    private static func isLevelOne(_ text: String) -> Bool {
        (try? AgencyID(parsing: text))?.levelOne == text
    }

    private static func isEnding(_ text: String) -> Bool {
        text.utf8.count <= 10 && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    private static func isPhrase(_ text: String) -> Bool { text.contains { $0.isLetter || $0.isNumber } }
}
