// SPDX-License-Identifier: Apache-2.0

/// The settings in force and where each came from: file before environment before flags, the later one wins.
///
/// Pure: what was found is given to it.
public struct SettingsResolution: Sendable {
    /// Where a value came from.
    public enum Origin: String, Sendable, Codable {
        case `default`, file, environment, flag
    }

    public private(set) var settings = Settings()
    private var origins: [String: Origin] = [:]
    public private(set) var problems: [SettingProblem]

    /// - Parameters:
    ///   - file: nil where there is none.
    ///   - environment: all variables of the process; those that are not ours are not looked at. An empty one counts as
    ///     not set.
    ///   - flags: in the order given.
    public init(
        file: SettingsFile?, environment: [String: String], flags: [(name: String, value: String)]
    ) {
        problems = file?.problems ?? []
        for line in file?.lines ?? [] { set(line.name, line.value, from: .file, at: "line \(line.number)") }
        let entries = Dictionary(Settings.catalogue.map { ($0.variable, $0) }) { first, _ in first }
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix(Settings.variablePrefix) && !value.isEmpty {
            if let entry = entries[variable] {
                set(entry, value, from: .environment, at: variable)
            } else if !Settings.otherVariables.contains(variable) {
                let known = Settings.catalogue.map(\.variable) + Settings.otherVariables
                problems.append(Self.unknown(variable, in: known, at: "environment"))
            }
        }
        for (name, value) in flags { set(name, value, from: .flag, at: "--\(name)") }
    }

    /// Where the value of the setting with this name came from.
    public func origin(of name: String) -> Origin { origins[name] ?? .default }

    private mutating func set(_ name: String, _ value: String, from origin: Origin, at place: String) {
        guard let entry = Settings.entry(named: name) else {
            problems.append(Self.unknown(name, in: Settings.catalogue.map(\.name), at: place))
            return
        }
        set(entry, value, from: origin, at: place)
    }

    private mutating func set(_ entry: SettingEntry, _ value: String, from origin: Origin, at place: String) {
        do {
            try entry.set(value, in: &settings)
            origins[entry.name] = origin
        } catch {
            problems.append(SettingProblem(.invalid, "\(place): \(entry.name): \(error.reason)"))
        }
    }

    private static func unknown(_ name: String, in known: [String], at place: String) -> SettingProblem {
        let shown = String(name.prefix(Spelling.maxCompared))
        let hint = Spelling.nearest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
        return SettingProblem(.unknown, "\(place): there is no \(shown)\(hint)")
    }
}

/// What somebody may have meant.
public enum Spelling {
    /// Longer texts are nobody's typing mistake.
    static let maxCompared = 64
    /// Most differences with which a word may still have been meant; a third of its length where that is less.
    static let maxDistance = 6

    /// The nearest of `known`, by the least number of characters added, left out or changed; nil when none is near.
    public static func nearest(to word: String, in known: [String]) -> String? {
        guard word.count <= maxCompared else { return nil }
        let best = known.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let best, best.1 <= min(maxDistance, max(2, word.count / 3)) else { return nil }
        return best.0
    }

    /// Levenshtein's distance.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let above = row[column + 1]
                let changed = diagonal + (character == right[column] ? 0 : 1)
                row[column + 1] = min(changed, above + 1, row[column] + 1)
                diagonal = above
            }
        }
        return row[right.count]
    }
}
