// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A regulation that docs/compliance.md answers: how many clauses (khoản) each of its articles (điều) has.
struct Regulation {
    /// As the heading of its table begins.
    let title: String
    /// Clauses of the articles of the decision itself, where a statute comes with it; 0 is an article without any.
    let decision: [Int]
    /// Clauses of the articles of the statute, or of a decision that is one text.
    let articles: [Int]

    var articleCount: Int { decision.count + articles.count }

    /// Counted in the texts as promulgated.
    static let all: [Regulation] = [
        Regulation(
            title: "Quyết định 28/2018/QĐ-TTg", decision: [],
            articles: [2, 2, 5, 2, 4, 5, 3, 2, 2, 2, 3, 2, 2, 4, 2, 3, 3, 3, 5, 0, 3, 3]),
        Regulation(
            title: "Quyết định 50/2020/QĐ-UBND", decision: [0, 0, 0], articles: [2, 3, 4, 3, 2, 7, 3, 6, 9, 3]),
        Regulation(
            title: "Quyết định 09/2016/QĐ-UBND", decision: [0, 0, 0],
            articles: [2, 4, 3, 0, 0, 2, 2, 0, 3, 3, 4, 3, 2, 3, 4]),
        Regulation(
            title: "Quyết định 480/QĐ-UBND", decision: [0, 0],
            articles: [2, 9, 2, 3, 2, 0, 0, 2, 2, 0, 0, 5, 2, 6, 0, 6, 2, 8, 2, 3, 6]),
        Regulation(
            title: "Quyết định 161/2025/QĐ-UBND", decision: [0, 2, 0],
            articles: [2, 3, 3, 4, 2, 0, 4, 4, 3, 2, 2, 0, 3, 3, 0, 4, 2, 2, 2, 3, 11, 0, 4, 3, 3, 0]),
        // The last article numbers its clauses 1 and 3.
        Regulation(
            title: "Quyết định 2588/QĐ-UBND", decision: [0, 0, 0],
            articles: [2, 0, 9, 2, 5, 5, 3, 3, 4, 4, 4, 2, 2, 4, 6, 3, 0, 3, 2, 0]),
    ]
}

/// What a row of docs/compliance.md says of its articles.
enum ComplianceVerdict: String, CaseIterable {
    case held = "có"
    case missing = "chưa"
    case notTheHubs = "không thuộc trục"
}

/// The articles that a row is about, as its first cell names them: `Điều 5`, `Điều 2–4`, `Điều 5.1–3`, `Điều 5.1.b–d`; with
/// `QĐ` before it those of the decision that promulgates a statute.
struct ComplianceArticles: Equatable {
    let isOfDecision: Bool
    let articles: ClosedRange<Int>
    /// Nil: each article whole.
    let clauses: ClosedRange<Int>?
    /// Whether the row is about single points of its clauses.
    let isPart: Bool

    init?(parsing text: some StringProtocol) {
        let shape =
            #/(?<decision>QĐ )?Điều (?<first>\d{1,3})(?:–(?<last>\d{1,3})|\.(?<from>\d{1,3})(?:–(?<to>\d{1,3})|(?<part>\.[a-zđ](?:–[a-zđ])?))?)?/#
        guard let match = String(text).wholeMatch(of: shape) else { return nil }
        func range(_ lower: Substring, _ upper: Substring?) -> ClosedRange<Int>? {
            guard let lower = Int(lower), let upper = upper.map({ Int($0) }) ?? lower, lower <= upper else {
                return nil
            }
            return lower...upper
        }
        guard let articles = range(match.first, match.last) else { return nil }
        var clauses: ClosedRange<Int>?
        if let from = match.from {
            guard let named = range(from, match.to) else { return nil }
            clauses = named
        }
        self.isOfDecision = match.decision != nil
        self.articles = articles
        self.clauses = clauses
        self.isPart = match.part != nil
    }
}

/// docs/compliance.md, read from its Markdown: a heading for each regulation, and below it a table.
struct ComplianceDocument {
    struct Row {
        let line: Int
        let label: String
        let demand: String
        let verdict: ComplianceVerdict?
        let explanation: String
        /// As written, without backticks.
        let tests: [String]
    }

    static let path = "docs/compliance.md"
    static let columns = 5

    private(set) var rows: [(regulation: String, row: Row)] = []
    private(set) var violations: [Violation] = []
    private(set) var head = ""
    private(set) var headings: [String] = []

    init(parsing text: String) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("## ") {
                headings.append(String(line.dropFirst(3)))
            } else if line.hasPrefix("|") {
                guard let heading = headings.last else { continue }
                readRow(line, at: index + 1, below: heading)
            } else if headings.isEmpty {
                head += line + "\n"
            }
        }
    }

    private mutating func readRow(_ line: Substring, at number: Int, below heading: String) {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard cells.count == Self.columns else {
            violations.append(violation(number, "\(cells.count) cells, not \(Self.columns)"))
            return
        }
        // The table's own head, and the line below it.
        if cells[0] == "Điều" || cells[0].hasPrefix("---") { return }
        var tests: [String] = []
        for name in cells[4].components(separatedBy: "<br>") where name != "–" {
            let bare = name.trimmingCharacters(in: ["`"])
            if name != "`\(bare)`" || !bare.contains("/") { violations.append(violation(number, "no test: \(name)")) }
            tests.append(bare)
        }
        rows.append(
            (
                heading,
                Row(
                    line: number, label: cells[0], demand: cells[1], verdict: ComplianceVerdict(rawValue: cells[2]),
                    explanation: cells[3], tests: tests)
            ))
    }

    private func violation(_ line: Int, _ what: String) -> Violation {
        Violation(path: Self.path, line: line, what: what)
    }

    /// All that is wrong: rows that do not say what a row must, tests that are not there, articles that are missing or told
    /// twice, and a head whose numbers are not those of the tables.
    func check(tests: Set<String>, regulations: [Regulation]) -> [Violation] {
        var found = violations
        for (_, row) in rows { found += check(row, tests: tests) }
        for regulation in regulations { found += check(regulation) }
        let known = regulations.map(\.title)
        for heading in headings where !known.contains(where: { Self.begins(heading, with: $0) }) {
            found.append(violation(1, "an unknown regulation: \(heading)"))
        }
        let sum = summary(of: regulations)
        if !head.contains(sum) { found.append(violation(1, "the head does not say: \(sum)")) }
        return found
    }

    /// The sentence that the head must hold.
    func summary(of regulations: [Regulation]) -> String {
        let counts = ComplianceVerdict.allCases.map { verdict in
            "\(rows.filter { $0.row.verdict == verdict }.count) \(verdict.rawValue)"
        }
        let articles = regulations.map(\.articleCount).reduce(0, +)
        return "\(regulations.count) văn bản, \(articles) điều, \(rows.count) dòng: \(counts.joined(separator: ", "))"
    }

    private func check(_ row: Row, tests: Set<String>) -> [Violation] {
        var found: [String] = []
        if row.demand.isEmpty { found.append("does not say what is asked") }
        if row.explanation.isEmpty || row.explanation == "–" { found.append("gives no reason") }
        switch row.verdict {
        case nil: found.append("has no verdict")
        case .held: if row.tests.isEmpty { found.append("names no test") }
        case .missing: if !row.explanation.contains("Thiếu:") { found.append("does not say what is missing") }
        case .notTheHubs: if !row.tests.isEmpty { found.append("names tests for what is not the hub's") }
        }
        found += row.tests.filter { !tests.contains($0) }.map { "there is no test \($0)" }
        return found.map { violation(row.line, "\(row.label) \($0)") }
    }

    private func check(_ regulation: Regulation) -> [Violation] {
        var found: [Violation] = []
        var whole: Set<String> = []
        var parts: Set<String> = []
        var labels: Set<String> = []
        for (heading, row) in rows where Self.begins(heading, with: regulation.title) {
            guard let named = ComplianceArticles(parsing: row.label),
                let places = Self.places(of: named, in: regulation)
            else {
                found.append(violation(row.line, "there is no \(row.label) in \(regulation.title)"))
                continue
            }
            for place in places {
                let isTwice = whole.contains(place) || (!named.isPart && parts.contains(place))
                if isTwice || !labels.insert("\(row.label) \(place)").inserted {
                    found.append(violation(row.line, "\(place) of \(regulation.title) is told twice"))
                }
                if named.isPart { parts.insert(place) } else { whole.insert(place) }
            }
        }
        for place in Self.places(of: regulation) where !whole.contains(place) && !parts.contains(place) {
            found.append(violation(1, "\(place) of \(regulation.title) is missing"))
        }
        return found
    }

    /// Every clause of a regulation, and every article without clauses.
    private static func places(of regulation: Regulation) -> [String] {
        var places: [String] = []
        for (prefix, counts) in [("QĐ ", regulation.decision), ("", regulation.articles)] {
            for (index, clauses) in counts.enumerated() {
                places += self.places(prefix, index + 1, clauses, nil) ?? []
            }
        }
        return places
    }

    /// The clauses that a row is about; nil when the regulation has none of that number.
    private static func places(of named: ComplianceArticles, in regulation: Regulation) -> [String]? {
        let counts = named.isOfDecision ? regulation.decision : regulation.articles
        guard named.articles.lowerBound >= 1, named.articles.upperBound <= counts.count else { return nil }
        var places: [String] = []
        for article in named.articles {
            guard
                let own = self.places(
                    named.isOfDecision ? "QĐ " : "", article, counts[article - 1], named.clauses)
            else { return nil }
            places += own
        }
        return places
    }

    private static func places(
        _ prefix: String, _ article: Int, _ clauses: Int, _ wanted: ClosedRange<Int>?
    ) -> [String]? {
        guard let wanted else {
            return clauses == 0 ? ["\(prefix)Điều \(article)"] : (1...clauses).map { "\(prefix)Điều \(article).\($0)" }
        }
        guard wanted.lowerBound >= 1, wanted.upperBound <= clauses else { return nil }
        return wanted.map { "\(prefix)Điều \(article).\($0)" }
    }

    private static func begins(_ heading: String, with title: String) -> Bool {
        heading == title || heading.hasPrefix(title + " ")
    }
}
