// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Prometheus's text format, version 0.0.4.
enum Exposition {
    static func line(_ name: String, _ labels: [(String, String)], _ value: Double) -> String {
        let shown = labels.map { "\($0)=\"\(escapedValue($1))\"" }.joined(separator: ",")
        return "\(name)\(shown.isEmpty ? "" : "{\(shown)}") \(number(value))\n"
    }

    static func type(_ kind: MetricEntry.Kind) -> String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    /// Whole numbers as such up to what a Double holds exactly.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }

    static func escapedHelp(_ text: String) -> String { escaped(text, quotes: false) }

    static func escapedValue(_ text: String) -> String { escaped(text, quotes: true) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": kept.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": kept.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: kept.append(contentsOf: "\\\"".unicodeScalars)
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }
}
