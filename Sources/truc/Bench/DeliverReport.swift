// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// What a measurement of the way through found: stable names, for scripts. Durations in milliseconds, sizes in bytes.
struct DeliverReport: Encodable {
    struct Conditions: Encodable {
        let machine: Machine
        let postgresVersion: String
        let connections: Int
        let packages: Int
        let packageBytes: Int
        /// Packages a second that were to be sent; nil for as many as were answered.
        let rate: Int?
        let endpoints: Int
        let waiting: Int
        let isSilent: Bool
        let holdsSnapshot: Bool
    }

    /// The packages that were accepted in one window of time.
    struct Window: Encodable {
        let second: Int64
        let packages: Int
        /// From accepted to entered.
        let latency: BenchReport.Latency
    }

    let conditions: Conditions
    let acceptedPerSecond: Double
    /// From the moment at which a package was to be sent to its receipt.
    let acceptLatency: BenchReport.Latency
    /// From the first acceptance to the last entry.
    let enteredPerSecond: Double
    /// From accepted to entered.
    let enteredLatency: BenchReport.Latency
    let windows: [Window]
    /// 95 of 100 claims took no longer.
    let claimP95: Double
    let processor: BenchReport.Processor
    let memory: BenchReport.Memory

    /// - Parameter times: by when they were accepted; not empty.
    init(
        conditions: Conditions, acceptedPerSecond: Double, acceptLatency: BenchReport.Latency, times: [DeliveryTimes],
        claim: MeasuredHistogram, processor: BenchReport.Processor, memory: BenchReport.Memory
    ) {
        self.conditions = conditions
        self.acceptedPerSecond = acceptedPerSecond
        self.acceptLatency = acceptLatency
        let began = times[0].accepted
        let ended = times.map(\.entered).max() ?? began
        enteredPerSecond = Double(times.count) * 1e6 / Double(Self.microseconds(from: began, to: ended))
        enteredLatency = Self.latency(times[...])
        windows = Self.windows(times, since: began)
        claimP95 = claim.quantile(0.95) * 1_000
        self.processor = processor
        self.memory = memory
    }

    private static func windows(_ times: [DeliveryTimes], since began: Instant) -> [Window] {
        let length = DeliverBenchmark.windowSeconds * 1_000_000
        var windows: [Window] = []
        var rest = times[...]
        while let first = rest.first {
            let number = microseconds(from: began, to: first.accepted) / length
            let window = rest.prefix { microseconds(from: began, to: $0.accepted) / length == number }
            windows.append(
                Window(
                    second: number * DeliverBenchmark.windowSeconds, packages: window.count, latency: latency(window)))
            rest = rest.dropFirst(window.count)
        }
        return windows
    }

    private static func latency(_ times: ArraySlice<DeliveryTimes>) -> BenchReport.Latency {
        BenchReport.Latency(
            sorted: times.map { UInt64(max(0, microseconds(from: $0.accepted, to: $0.entered))) * 1_000 }.sorted())
    }

    private static func microseconds(from start: Instant, to end: Instant) -> Int64 {
        end.microseconds - start.microseconds
    }

    /// Rows of the text form.
    var rows: [[String]] {
        let rate = conditions.rate.map { "\($0) packages/s" } ?? "as fast as they are answered"
        let seconds = "\(DeliverBenchmark.windowSeconds) s"
        return conditions.machine.rows + [
            ["PostgreSQL", conditions.postgresVersion],
            [
                "load",
                "\(conditions.packages) packages of \(conditions.packageBytes) bytes to \(conditions.endpoints) endpoints, "
                    + "\(rate), over \(conditions.connections) connections",
            ],
            ["beside it", beside],
            [],
            ["accepted", "\(decimal(acceptedPerSecond, 0)) packages/s"],
            ["until the receipt", acceptLatency.text],
            ["entered", "\(decimal(enteredPerSecond, 0)) packages/s"],
            ["accepted to entered", enteredLatency.text],
            ["claims", "p95 \(decimal(claimP95, 1)) ms"],
        ] + processor.rows(packages: conditions.packages)
            + (windows.count < 2
                ? []
                : windows.map { window in
                    ["\(seconds) from \(window.second)", "\(window.packages) packages, \(window.latency.text)"]
                })
    }

    private var beside: String {
        let whom = conditions.isSilent ? "an endpoint that never answers" : "an agency that does not pull"
        let parts = [
            conditions.waiting > 0 ? "\(conditions.waiting) packages wait for \(whom)" : nil,
            conditions.holdsSnapshot ? "another session holds a snapshot" : nil,
        ]
        let text = parts.compactMap { $0 }.joined(separator: "; ")
        return text.isEmpty ? "nothing" : text
    }
}
