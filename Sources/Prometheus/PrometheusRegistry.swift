// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Synchronization

/// A backend of swift-metrics that shows what was measured in Prometheus's text format.
///
/// It knows its families beforehand: a label that is not declared, is used as another kind, or has more series than it
/// may, measures nothing, so that no caller and no dependency can make the page grow.
public final class PrometheusRegistry: MetricsFactory {
    /// Of `render`'s page.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// Longest label value, in Unicode scalars; the rest is cut off.
    static let maxValueLength = 200

    private struct Family: Sendable {
        let entry: MetricEntry
        /// By the values of its labels, in the order of `entry.labels`.
        var series: [[String]: any Series] = [:]
    }

    private let families: Mutex<[String: Family]>
    private let order: [String]

    /// - Parameter entries: in the order of the page; of entries with the same name the first counts.
    public init(_ entries: [MetricEntry] = Metric.allCases.map(\.entry)) {
        order = entries.map(\.name)
        families = Mutex(Dictionary(entries.map { ($0.name, Family(entry: $0)) }) { first, _ in first })
    }

    // MARK: What measures

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let counter: CounterSeries? = series(label, dimensions) { $0 == .counter ? CounterSeries() : nil }
        return counter ?? NOOPMetricsHandler.instance
    }

    /// A gauge where the values are not to be aggregated, else a histogram.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard !aggregate else { return histogram(label, dimensions) ?? NOOPMetricsHandler.instance }
        let gauge: GaugeSeries? = series(label, dimensions) { kind in
            switch kind {
            // A counter that somebody else keeps (the kernel, say) is told as what it has become.
            case .gauge, .counter: GaugeSeries()
            case .histogram: nil
            }
        }
        return gauge ?? NOOPMetricsHandler.instance
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries? {
        series(label, dimensions) { HistogramSeries(of: $0) }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// The series of these label values, made when it is not there.
    private func series<S: Series>(
        _ name: String, _ dimensions: [(String, String)], _ make: (MetricEntry.Kind) -> S?
    ) -> S? {
        families.withLock { families in
            guard let family = families[name], let values = Self.values(dimensions, of: family.entry) else {
                return nil
            }
            if let known = family.series[values] { return known as? S }
            guard family.series.count < family.entry.maxSeries, let fresh = make(family.entry.kind) else { return nil }
            families[name]?.series[values] = fresh
            return fresh
        }
    }

    private static func values(_ dimensions: [(String, String)], of entry: MetricEntry) -> [String]? {
        guard dimensions.count == entry.labels.count else { return nil }
        let values = entry.labels.compactMap { label in
            dimensions.first { $0.0 == label }.map { String($0.1.unicodeScalars.prefix(maxValueLength)) }
        }
        return values.count == entry.labels.count ? values : nil
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                guard let found = family.series.first(where: { $0.value === handler }) else { continue }
                families[name]?.series[found.key] = nil
                return
            }
        }
    }

    // MARK: What shows

    /// The page: families in the order in which they were declared, those without a series left out.
    public func render() -> String {
        // Taken out first: who measures must not wait for who shows.
        let taken = families.withLock { families in order.compactMap { families[$0] } }
        var page = ""
        for family in taken where !family.series.isEmpty {
            let entry = family.entry
            page += "# HELP \(entry.name) \(Exposition.escapedHelp(entry.help))\n"
            page += "# TYPE \(entry.name) \(Exposition.type(entry.kind))\n"
            for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                for sample in series.samples {
                    let labels = Array(zip(entry.labels, values)) + sample.labels
                    page += Exposition.line(entry.name + sample.suffix, labels, sample.value)
                }
            }
        }
        return page
    }
}
