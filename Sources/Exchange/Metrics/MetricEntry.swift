// SPDX-License-Identifier: Apache-2.0

/// What one family of series on `/metrics` is. Names and units follow Prometheus's conventions: base units in the name
/// (`_seconds`, `_bytes`), `_total` on what only grows.
public struct MetricEntry: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// Only grows, until the process ends.
        case counter
        case gauge
        /// Upper bounds of the buckets, growing; one more without a bound follows by itself.
        case histogram([Double])
    }

    public let name: String
    public let kind: Kind
    /// One sentence, shown on `/metrics`.
    public let help: String
    /// Names of the labels, in the order in which they are shown.
    public let labels: [String]
    /// Series of the family at one time, at most: what a label says must not be able to fill a monitoring's memory.
    public let maxSeries: Int

    public init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = [], maxSeries: Int = 1) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.maxSeries = maxSeries
    }

    /// The names under which Prometheus stores the family.
    public var seriesNames: [String] {
        if case .histogram = kind { return ["_bucket", "_sum", "_count"].map { name + $0 } }
        return [name]
    }
}
