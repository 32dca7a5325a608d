// SPDX-License-Identifier: Apache-2.0

/// Rules for the text of every Swift file, each a function from a source to what offends in it.
enum SourceRules {
    static let licence = "SPDX-License-Identifier: Apache-2.0"
    /// Longest file, in lines.
    static let maxLines = 600

    static func licence(_ source: SwiftSource) -> [Violation] {
        source.lines.first == "// \(licence)"
            ? [] : [Violation(path: source.path, line: 1, what: "the first line is not the licence")]
    }

    static func length(_ source: SwiftSource) -> [Violation] {
        // A last line break ends a line and begins none.
        let count = source.lines.count - (source.lines.last == "" ? 1 : 0)
        return count > maxLines
            ? [
                Violation(
                    path: source.path, line: count, what: "more than \(maxLines) lines: is there a second thing inside?"
                )
            ]
            : []
    }

    /// Ends the process for a state that can occur.
    static func traps(_ source: SwiftSource) -> [Violation] {
        find(#/\btry!|\bas!|\bfatalError\s*\(/#, in: source)
    }

    /// Waits for time instead of for the thing.
    static func sleeps(_ source: SwiftSource) -> [Violation] {
        find(#/\b(?:Task\.sleep|Thread\.sleep|usleep|nanosleep|sleep)\s*\(/#, in: source)
    }

    /// State machines get the time and the answers as values.
    static func impurity(_ source: SwiftSource) -> [Violation] {
        find(
            #/\.now\b|\bDate\s*\(\s*\)|\b(?:Task|Mutex|NSLock|actor|Process|FileManager)\b|\bclock_gettime\b/#,
            in: source)
    }

    /// An unchecked promise to the compiler without a comment on it or in the three lines above.
    static func unprovenPromises(_ source: SwiftSource) -> [Violation] {
        find(#/@unchecked\s+Sendable|\bnonisolated\s*\(\s*unsafe\s*\)/#, in: source).filter { violation in
            !source.commentedLines.contains { (violation.line - 3...violation.line).contains($0) }
        }
    }

    /// SQL in a string literal.
    static func sql(_ source: SwiftSource) -> [Violation] {
        // In capitals anywhere; in small letters, which English has too, only as a statement's beginning.
        let capitals =
            #/\bINSERT\s+INTO\b|\bUPDATE\s+\S+\s+SET\b|\bDELETE\s+FROM\b|\bSELECT\b[\s\S]*\bFROM\b|\b(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|ROLE)\b/#
        let small = #/^\s*(?:insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|select\s[\s\S]*\sfrom\s)/#
        return source.literals.compactMap { line, text in
            guard text.firstMatch(of: capitals) != nil || text.firstMatch(of: small) != nil else { return nil }
            return Violation(path: source.path, line: line, what: "SQL outside Store")
        }
    }

    private static func find(_ pattern: some RegexComponent, in source: SwiftSource) -> [Violation] {
        source.code.enumerated().flatMap { index, line in
            line.matches(of: pattern).map { match in
                Violation(path: source.path, line: index + 1, what: "has \(line[match.range])")
            }
        }
    }
}
