// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong or odd about a package, and where.
public struct Finding: Hashable, Sendable {
    public enum Severity: String, CaseIterable, Sendable, Codable {
        /// The package is refused.
        case error
        /// The package is taken; somebody should know.
        case warning
    }

    /// Longest detail kept, in characters.
    public static let maxDetailLength = 200

    public let code: Code
    /// Line of the package, counted from 1; 0 when the finding is about the whole.
    public let line: Int
    /// Names of the elements from the outside in, joined by `/`.
    public let element: String
    /// What exactly was met: English, one line, at most `maxDetailLength` characters.
    public let detail: String

    public var severity: Severity { code.severity }

    public init(_ code: Code, line: Int, element: String, detail: String = "") {
        self.code = code
        self.line = line
        self.element = element
        self.detail = Self.oneLine(detail)
    }

    /// Text of a stranger goes into logs and terminals: no control characters, no unbounded length.
    private static func oneLine(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maxDetailLength) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: kept.append(" ")
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }
}

/// Collects findings up to a bound, and remembers that there were errors even when they no longer fit.
struct FindingLog {
    private(set) var findings: [Finding] = []
    private(set) var omitted = 0
    private(set) var hasErrors = false
    private(set) var hasWarnings = false
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(_ code: Finding.Code, line: Int, element: String, _ detail: String) {
        switch code.severity {
        case .error: hasErrors = true
        case .warning: hasWarnings = true
        }
        if findings.count < limit {
            findings.append(Finding(code, line: line, element: element, detail: detail))
        } else if code.severity == .error, let last = findings.lastIndex(where: { $0.severity == .warning }) {
            // A flood of warnings must not hide why a package is refused.
            findings.remove(at: last)
            findings.append(Finding(code, line: line, element: element, detail: detail))
            omitted += 1
        } else {
            omitted += 1
        }
    }
}
