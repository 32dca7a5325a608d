// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Delivery
import Dispatch
import Exchange
import Foundation
import NIOCore
import Store

/// One measurement of the way through: packages from one agency to endpoints of others, while they are accepted.
struct DeliverBenchmark: Sendable {
    /// Longest wait, after the last package was accepted, for the last to have entered.
    static let patience = Duration.seconds(600)
    /// Between two looks whether all have entered.
    static let lookInterval = Duration.milliseconds(200)
    /// What a window of the report covers, in seconds.
    static let windowSeconds: Int64 = 60
    /// Longest `/metrics`, in bytes.
    static let maxMetricsBytes = 1 << 20

    let connections: Int
    let packages: Int
    let packageBytes: Int
    /// Packages a second; nil for as many as are answered.
    let rate: Int?
    let endpoints: Int
    /// Packages that wait for one more agency.
    let waiting: Int
    /// Whether that agency has an endpoint, which never answers; else it pulls, and does not come.
    let isSilent: Bool
    /// Whether another session holds a snapshot all the while.
    let holdsSnapshot: Bool
    /// The hub's directory is made in it.
    let parentDirectory: String

    /// - Throws: `Refusal` when anything at all does not go as it must; `ExitCode` after a signal.
    func run() async throws -> DeliverReport {
        try await BenchReceiver.serving { port in
            try await Measurement(
                parentDirectory: parentDirectory, settings: ["push-networks=127.0.0.0/8", "push-plain-http=true"]
            ).run { try await measure($0, receiver: port) }
        }
    }

    private func measure(_ place: Measurement.Place, receiver: Int) async throws -> DeliverReport {
        let (hub, database) = (place.hub, place.database)
        let parties = try BenchParties(recipients: endpoints + 1)
        try await parties.register(in: database)
        let (living, silent) = (parties.recipients.prefix(endpoints), parties.recipients[endpoints])
        for (number, agency) in living.enumerated() {
            _ = try await database.setEndpoint(
                of: agency, url: "http://127.0.0.1:\(receiver)/\(number)", actor: Operator.actor, at: .now())
        }
        let silence = try SilentEndpoint()
        defer { withExtendedLifetime(silence) {} }
        if isSilent {
            _ = try await database.setEndpoint(
                of: silent, url: "http://127.0.0.1:\(silence.port)/", actor: Operator.actor, at: .now())
        }
        if waiting > 0 {
            let waiting = try await BenchPackages.prepare(
                count: waiting, bytes: BenchPackages.minBytes, first: packages, parties: parties.only([silent]),
                address: hub.address)
            _ = try await LoadGenerator(port: hub.port, connections: connections).run(waiting)
        }
        let measured = try await BenchPackages.prepare(
            count: packages, bytes: packageBytes, first: 0, parties: parties.only(living), address: hub.address)
        let agencies = try await database.registry().agencies.filter { living.contains($0.code) }.map(\.key)

        ProcessUsage.resetPeakMemory(of: hub.pid)
        let (before, began) = (try HubUsage(hub), Instant.now())
        let (load, times) = try await whileASnapshotIsHeld(in: database) {
            let load = try await LoadGenerator(port: hub.port, connections: connections, rate: rate).run(measured)
            return (load, try await allEntered(database, at: agencies, since: began))
        }
        let after = try HubUsage(hub)
        return DeliverReport(
            conditions: .init(
                machine: place.machine, postgresVersion: try await database.facts().version, connections: connections,
                packages: packages, packageBytes: measured.packageBytes, rate: rate, endpoints: endpoints,
                waiting: waiting, isSilent: isSilent, holdsSnapshot: holdsSnapshot),
            acceptedPerSecond: Double(packages) * 1e9 / Double(load.elapsed),
            acceptLatency: .init(sorted: load.latencies), times: times,
            claim: try await claimTimes(of: hub), processor: after.processor(since: before),
            memory: .init(
                hubIdle: before.hubMemory, hubPeak: after.hubPeak, hubGrowth: after.hubPeak - before.hubMemory))
    }

    private func whileASnapshotIsHeld<T: Sendable>(
        in database: Database, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        guard holdsSnapshot else { return try await body() }
        let done = DispatchSemaphore(value: 0)
        async let held: Void = database.holdSnapshot(until: done)
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        done.signal()
        try await held
        return try result.get()
    }

    private func allEntered(
        _ database: Database, at agencies: [AgencyKey], since: Instant
    ) async throws -> [DeliveryTimes] {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while true {
            let times = try await database.timesOfEntry(at: agencies, since: since)
            if times.count == packages { return times }
            guard clock.now < deadline else {
                throw Refusal(.internalError, "of \(packages) packages \(times.count) have entered")
            }
            try await clock.sleep(for: Self.lookInterval)
        }
    }

    /// What the hub has measured of its claims since it started.
    private func claimTimes(of hub: BenchHub) async throws -> MeasuredHistogram {
        let request = HTTPClientRequest(url: "http://\(hub.address)/metrics")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let text = String(buffer: try await answer.body.collect(upTo: Self.maxMetricsBytes))
        guard let histogram = MeasuredHistogram(Metric.claimDuration.rawValue, in: text) else {
            throw Refusal(.internalError, "/metrics has no \(Metric.claimDuration.rawValue)")
        }
        return histogram
    }
}

/// A histogram as `/metrics` shows it.
struct MeasuredHistogram {
    /// Upper bounds in rising order, and how many were not above each.
    let buckets: [(bound: Double, count: Double)]

    /// Nil when the text has none of this name that counted anything.
    init?(_ name: String, in text: String) {
        var buckets: [(Double, Double)] = []
        for line in text.split(separator: "\n") where line.hasPrefix("\(name)_bucket{le=\"") {
            let parts = line.split(separator: "\"")
            guard parts.count == 3, let count = Double(parts[2].dropFirst(2)) else { return nil }
            buckets.append((parts[1] == "+Inf" ? .infinity : Double(parts[1]) ?? .nan, count))
        }
        guard let last = buckets.last, last.1 > 0 else { return nil }
        self.buckets = buckets
    }

    /// Within its bucket as if all were equally far apart, as Prometheus's `histogram_quantile` does.
    func quantile(_ part: Double) -> Double {
        let rank = part * (buckets.last?.count ?? 0)
        var below = (bound: 0.0, count: 0.0)
        for bucket in buckets {
            if bucket.count >= rank, bucket.bound.isFinite {
                return below.bound + (bucket.bound - below.bound) * (rank - below.count) / (bucket.count - below.count)
            }
            below = bucket
        }
        return .infinity
    }
}
