// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Testing

@testable import Prometheus

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry([
        MetricEntry("a_total", .counter, "Things.", labels: ["code"], maxSeries: 2),
        MetricEntry("b", .gauge, "A \\ and\na line."),
        MetricEntry("c_seconds", .histogram([0.5, 1]), "Times."),
        MetricEntry("d", .gauge, "Two labels.", labels: ["x", "y"], maxSeries: 9),
    ])

    @Test func countersGaugesAndHistogramsAreShown() {
        let counter = Counter(label: "a_total", dimensions: [("code", "x\"\\\n")], factory: registry)
        counter.increment(by: 3)
        Gauge(label: "b", factory: registry).record(1.5)
        let timer = CoreMetrics.Timer(label: "c_seconds", dimensions: [], factory: registry)
        timer.recordMilliseconds(500)
        timer.recordMilliseconds(700)
        timer.recordSeconds(2)
        #expect(
            registry.render() == #"""
                # HELP a_total Things.
                # TYPE a_total counter
                a_total{code="x\"\\\n"} 3
                # HELP b A \\ and\na line.
                # TYPE b gauge
                b 1.5
                # HELP c_seconds Times.
                # TYPE c_seconds histogram
                c_seconds_bucket{le="0.5"} 1
                c_seconds_bucket{le="1"} 2
                c_seconds_bucket{le="+Inf"} 3
                c_seconds_sum 3.2
                c_seconds_count 3

                """#)
    }

    @Test func labelsStandInTheirOrderHoweverTheyAreGiven() {
        Gauge(label: "d", dimensions: [("y", "2"), ("x", "1")], factory: registry).record(7)
        #expect(registry.render().contains(#"d{x="1",y="2"} 7"#))
    }

    @Test func theSameLabelsAreTheSameSeries() {
        for _ in 0..<5 { Counter(label: "a_total", dimensions: [("code", "x")], factory: registry).increment() }
        #expect(registry.render().contains("a_total{code=\"x\"} 5\n"))
    }

    @Test func whatIsNotDeclaredMeasuresNothing() {
        Counter(label: "e_total", factory: registry).increment()
        Counter(label: "b", factory: registry).increment()
        Counter(label: "a_total", factory: registry).increment()
        Counter(label: "a_total", dimensions: [("kode", "x")], factory: registry).increment()
        CoreMetrics.Timer(label: "b", dimensions: [], factory: registry).recordSeconds(1)
        Recorder(label: "b", factory: registry).record(1)
        Gauge(label: "c_seconds", factory: registry).record(1)
        #expect(registry.render() == "")
        // A kind that does not fit does not take the place of the one that does.
        Gauge(label: "b", factory: registry).record(1)
        #expect(registry.render().contains("b 1\n"))
    }

    @Test func aFamilyHasNoMoreSeriesThanItMay() {
        let first = Counter(label: "a_total", dimensions: [("code", "1")], factory: registry)
        for code in 1...3 {
            Counter(label: "a_total", dimensions: [("code", "\(code)")], factory: registry).increment()
        }
        let page = registry.render()
        #expect(page.contains("\"1\"") && page.contains("\"2\"") && !page.contains("\"3\""))
        first.destroy()
        Counter(label: "a_total", dimensions: [("code", "3")], factory: registry).increment()
        #expect(registry.render().contains("a_total{code=\"3\"} 1\n"))
        #expect(!registry.render().contains("\"1\""))
    }

    @Test func aLongValueIsCut() {
        let value = String(repeating: "é", count: PrometheusRegistry.maxValueLength)
        Gauge(label: "d", dimensions: [("x", value), ("y", "whole")], factory: registry).record(1)
        Gauge(label: "d", dimensions: [("x", value + "é"), ("y", "")], factory: registry).record(1)
        #expect(registry.render().contains("x=\"\(value)\",y=\"whole\""))
        #expect(registry.render().contains("x=\"\(value)\",y=\"\""))
    }

    @Test func aCounterOnlyGrowsAndStaysAtItsEnd() {
        let counter = CounterSeries()
        counter.increment(by: -5)
        #expect(counter.samples.map(\.value) == [0])
        counter.increment(by: .max)
        counter.increment(by: 1)
        #expect(counter.samples.map(\.value) == [Double(Int64.max)])
    }

    @Test(arguments: [
        (0.0, "0"), (-3, "-3"), (0.25, "0.25"), (1e15, "1000000000000000"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        (.nan, "NaN"), (1.7e9 + 0.5, "1700000000.5"),
    ])
    func numbersAsPrometheusReadsThem(value: Double, text: String) { #expect(Exposition.number(value) == text) }

    @Test func manyAtOnceLoseNothing() async {
        let timer = CoreMetrics.Timer(label: "c_seconds", dimensions: [], factory: registry)
        await withTaskGroup(of: Void.self) { tasks in
            for task in 0..<8 {
                tasks.addTask { [registry] in
                    let counter = Counter(label: "a_total", dimensions: [("code", "\(task % 2)")], factory: registry)
                    for _ in 0..<1_000 {
                        counter.increment()
                        timer.recordSeconds(1)
                    }
                }
            }
        }
        let page = registry.render()
        #expect(page.contains("a_total{code=\"0\"} 4000\n") && page.contains("a_total{code=\"1\"} 4000\n"))
        #expect(page.contains("c_seconds_count 8000\n") && page.contains("c_seconds_bucket{le=\"0.5\"} 0\n"))
    }
}
