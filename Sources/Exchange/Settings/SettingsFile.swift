// SPDX-License-Identifier: Apache-2.0

/// The settings file, read: one `name = value` a line, `#` at the beginning of a line for comments, blank lines.
///
/// Not JSON: it has no comments, and its readers take a name given twice in silence. The value is everything behind the
/// first `=` without the blanks around it; there are no quotes and nothing is replaced in it. A byte order mark before the
/// first line, which editors on Windows write, is passed over.
public struct SettingsFile: Sendable, Equatable {
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Largest file, in bytes.
    public static let maxBytes = 256 << 10

    public struct Line: Sendable, Equatable {
        /// Counted from 1.
        public let number: Int
        public let name: String
        public let value: String
    }

    public let lines: [Line]
    /// Lines that are none of the above, and names that come again.
    public let problems: [SettingProblem]

    /// - Parameter bytes: at most `maxBytes` are looked at by any caller; invalid UTF-8 becomes a problem.
    public init(parsing bytes: [UInt8]) {
        var lines: [Line] = []
        var problems: [SettingProblem] = []
        guard bytes.count <= Self.maxBytes else {
            self.lines = []
            self.problems = [.init(.invalid, "larger than \(Self.maxBytes) bytes")]
            return
        }
        let written = bytes.starts(with: Self.byteOrderMark) ? bytes.dropFirst(Self.byteOrderMark.count) : bytes[...]
        guard let text = String(validating: written, as: UTF8.self) else {
            self.lines = []
            self.problems = [.init(.invalid, "not UTF-8")]
            return
        }
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = Self.trimmed(raw)
            guard let first = line.first, first != "#" else { continue }
            guard let equals = line.firstIndex(of: "=") else {
                problems.append(.init(.invalid, "line \(index + 1): no '=' in it"))
                continue
            }
            let name = String(Self.trimmed(line[..<equals]))
            if let earlier = lines.first(where: { $0.name == name }) {
                problems.append(.init(.invalid, "line \(index + 1): \(name) stands in line \(earlier.number) already"))
                continue
            }
            lines.append(
                Line(number: index + 1, name: name, value: String(Self.trimmed(line[line.index(after: equals)...]))))
        }
        self.lines = lines
        self.problems = problems
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...last]
    }
}

/// What is wrong with the settings, each with the code under which it stops a start.
public struct SettingProblem: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// There is no such setting.
        case unknown
        /// Its value, or the line that holds it, cannot be taken.
        case invalid
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    public var refusal: Refusal { Refusal(kind == .unknown ? .settingUnknown : .settingInvalid, description) }
}
