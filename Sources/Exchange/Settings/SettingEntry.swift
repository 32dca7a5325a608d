// SPDX-License-Identifier: Apache-2.0

/// One line of the settings' catalogue: how a setting is called, read, shown and explained.
public struct SettingEntry: Sendable {
    /// Longest value, in bytes.
    public static let maxValueBytes = 4_096

    /// As in the file and behind `--`; the environment's name is made from it.
    public let name: String
    /// What a number counts; nil for what is no number.
    public let unit: String?
    /// The values that are allowed, for people.
    public let range: String
    /// What it does, in one sentence.
    public let vietnamese: String
    public let english: String
    /// Whether a change holds only from the next start on.
    public let needsRestart: Bool
    private let assign: @Sendable (String, inout Settings) throws(ParsingProblem) -> Void
    private let text: @Sendable (Settings) -> String

    private init(
        _ name: String, unit: String?, range: String, needsRestart: Bool, _ effect: Effect,
        assign: @escaping @Sendable (String, inout Settings) throws(ParsingProblem) -> Void,
        text: @escaping @Sendable (Settings) -> String
    ) {
        self.name = name
        self.unit = unit
        self.range = range
        self.needsRestart = needsRestart
        vietnamese = effect.vietnamese
        english = effect.english
        self.assign = assign
        self.text = text
    }

    /// What a setting does, in both languages.
    struct Effect {
        let vietnamese: String
        let english: String
    }

    /// The environment variable that sets it: `TRUC_` and the name in capitals.
    public var variable: String {
        Settings.variablePrefix + String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
    }

    /// Its value as a file would hold it.
    public func value(in settings: Settings) -> String { text(settings) }

    public var defaultValue: String { text(Settings()) }

    /// - Throws: `ParsingProblem` that names the range; `settings` is unchanged then.
    public func set(_ value: String, in settings: inout Settings) throws(ParsingProblem) {
        guard value.utf8.count <= Self.maxValueBytes else {
            throw ParsingProblem(name, "longer than \(Self.maxValueBytes) bytes", at: 0)
        }
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ParsingProblem(name, "has a control character", at: 0)
        }
        try assign(value, &settings)
    }
}

// MARK: The kinds of settings

extension SettingEntry {
    typealias Path<Value> = any WritableKeyPath<Settings, Value> & Sendable

    /// A whole number in a range.
    static func number(
        _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, unit: String,
        _ effect: Effect
    ) -> SettingEntry {
        let shown = "\(range.lowerBound) to \(range.upperBound)"
        return SettingEntry(
            name, unit: unit, range: shown, needsRestart: true, effect,
            assign: { (value: String, settings: inout Settings) throws(ParsingProblem) in
                guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(value),
                    range.contains(number)
                else { throw ParsingProblem(name, "not a number of \(unit) from \(shown)") }
                settings[keyPath: path] = number
            },
            text: { String($0[keyPath: path]) })
    }

    /// `true` or `false`.
    static func flag(
        _ name: String, _ path: Path<Bool>, _ effect: Effect
    ) -> SettingEntry {
        SettingEntry(
            name, unit: nil, range: "true, false", needsRestart: true, effect,
            assign: { (value: String, settings: inout Settings) throws(ParsingProblem) in
                guard let flag = Bool(value) else { throw ParsingProblem(name, "neither true nor false") }
                settings[keyPath: path] = flag
            },
            text: { String($0[keyPath: path]) })
    }

    /// A path or a name; `mayBeEmpty` where leaving it out has a meaning.
    static func text(
        _ name: String, _ path: Path<String>, range: String,
        mayBeEmpty: Bool = false, needsRestart: Bool = true, _ effect: Effect
    ) -> SettingEntry {
        SettingEntry(
            name, unit: nil, range: range, needsRestart: needsRestart, effect,
            assign: { (value: String, settings: inout Settings) throws(ParsingProblem) in
                guard mayBeEmpty || !value.isEmpty else { throw ParsingProblem(name, "is empty; expected \(range)") }
                settings[keyPath: path] = value
            },
            text: { $0[keyPath: path] })
    }

    /// Values with commas between them, kept as written when each of them can be read; may be empty.
    static func list(
        _ name: String, _ path: Path<String>, of range: String,
        each check: @escaping @Sendable (String) throws(ParsingProblem) -> Void, _ effect: Effect
    ) -> SettingEntry {
        let shown = "\(range) with commas between them, or empty"
        return SettingEntry(
            name, unit: nil, range: shown, needsRestart: true, effect,
            assign: { (value: String, settings: inout Settings) throws(ParsingProblem) in
                for element in Settings.addresses(value) {
                    do throws(ParsingProblem) { try check(element) } catch {
                        throw ParsingProblem(name, "\(element): \(error.reason); expected \(shown)", at: error.offset)
                    }
                }
                settings[keyPath: path] = value
            },
            text: { $0[keyPath: path] })
    }

    /// What a type of its own reads and shows.
    static func parsed<Value: CustomStringConvertible & SendableMetatype>(
        _ name: String, _ path: Path<Value>, range: String, _ effect: Effect,
        _ parse: @escaping @Sendable (String) throws(ParsingProblem) -> Value
    ) -> SettingEntry {
        SettingEntry(
            name, unit: nil, range: range, needsRestart: true, effect,
            assign: { (value: String, settings: inout Settings) throws(ParsingProblem) in
                do throws(ParsingProblem) {
                    settings[keyPath: path] = try parse(value)
                } catch {
                    throw ParsingProblem(name, "\(error.reason); expected \(range)", at: error.offset)
                }
            },
            text: { $0[keyPath: path].description })
    }
}

extension Settings.LogLevel: CustomStringConvertible {
    public var description: String { rawValue }

    init(parsing text: String) throws(ParsingProblem) {
        guard let level = Self(rawValue: text) else { throw ParsingProblem("log level", "not a log level") }
        self = level
    }
}
