// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

/// Prometheus's conventions for names, held for all that the hub measures.
@Suite struct MetricCatalogueTests {
    @Test(arguments: Metric.allCases)
    func namesSayUnitAndKind(metric: Metric) {
        let entry = metric.entry
        #expect(entry.name.wholeMatch(of: /(truc|process)_[a-z]+(_[a-z]+)*/) != nil)
        #expect((entry.kind == .counter) == entry.name.hasSuffix("_total"))
        #expect(entry.help.hasSuffix("."))
        #expect(entry.labels.isEmpty ? entry.maxSeries == 1 : (2...200).contains(entry.maxSeries))
        for unit in ["milliseconds", "_ms", "kilobytes", "minutes", "hours"] { #expect(!entry.name.contains(unit)) }
        if case .histogram(let bounds) = entry.kind {
            #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count && !bounds.isEmpty)
        }
    }

    @Test func everyNameStandsOnce() {
        let names = Metric.allCases.flatMap(\.entry.seriesNames)
        #expect(Set(names).count == names.count)
    }
}
