// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Delivery
import Exchange
import Logging
import Store

/// Keeps the gauges of `/metrics` that somebody has to look at: what the database knows, and what the system knows of
/// the process. At an interval of its own, so that no scrape, however often, costs the database anything.
public struct GaugeSampler: Sendable {
    /// After a reading it rests at least this many times as long as the reading took: it never takes more than a tenth
    /// of one connection's time.
    static let restFactor = 9

    private let database: Database
    private let disk: DiskReserve
    private let clocks: any ClockSource
    private let interval: Duration
    private let logger: Logger

    /// - Parameter interval: between two readings, at least.
    init(database: Database, disk: DiskReserve, clocks: any ClockSource, interval: Duration, logger: Logger) {
        self.database = database
        self.disk = disk
        self.clocks = clocks
        self.interval = interval
        self.logger = logger
    }

    /// Samples until its task is cancelled.
    public func run() async {
        let gauges = SampledGauges()
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let took = await clock.measure {
                gauges.process()
                gauges.set(isSynchronised: clocks.isSynchronised())
                // It sets its gauge itself; a disk that does not tell is told of by whoever needs it.
                try? await disk.look()
                await read(into: gauges)
                await count(into: gauges)
            }
            try? await clock.sleep(for: max(interval, took * Self.restFactor))
        }
    }

    private func read(into gauges: SampledGauges) async {
        let now = clocks.now()
        do {
            let reading = try await database.reading(ages: Metric.backlogAges.map(\.seconds), now: now)
            gauges.set(reading, at: now)
            gauges.set(try await database.clockOffset { [clocks] in clocks.now() })
        } catch is CancellationError {
            return
        } catch {
            // The old values stay; `readingTime` tells how old they are.
            logger.warning("metrics: the database could not be read", metadata: ["error": "\(error)"])
        }
    }
}

extension GaugeSampler {
    /// What takes its time in a long table, each by itself: none of them keeps another, or the reading, from being shown.
    private func count(into gauges: SampledGauges) async {
        await counted { gauges.set(try await database.countOpenAlerts()) }
        await counted {
            gauges.set(.overdueDocuments, Double(try await database.countOverdue(today: clocks.now().vietnamDate)))
        }
    }

    private func counted(_ count: () async throws -> Void) async {
        do { try await count() } catch is CancellationError {} catch {
            logger.warning("metrics: something could not be counted", metadata: ["error": "\(error)"])
        }
    }
}

/// The gauges that the sampler sets.
///
/// Each is made when it has a value for the first time: a gauge that nobody has set would be shown as 0.
private final class SampledGauges {
    private var agencies: [String: Gauge] = [:]

    func process() {
        guard let facts = ProcessFacts.read() else { return }
        set(.residentMemory, Double(facts.residentBytes))
        set(.openFiles, Double(facts.openFiles))
        set(.maxFiles, Double(facts.maxFiles))
        set(.processorTime, facts.processorSeconds)
        set(.startTime, facts.startSeconds)
    }

    func set(isSynchronised: Bool?) {
        if let isSynchronised { set(.clockSynchronised, isSynchronised ? 1 : 0) }
    }

    func set(_ clock: ClockOffset) { set(.clockOffset, clock.offset / .seconds(1)) }

    func set(_ reading: DatabaseReading, at now: Instant) {
        let labels = Metric.backlogAges.map(\.label) + [Metric.oldestBacklogAge]
        for (label, count) in zip(labels, reading.backlog) {
            Gauge(label: Metric.backlog.rawValue, dimensions: [("age", label)]).record(count)
        }
        setOldest(reading.oldest)
        set(.held, Double(reading.held))
        set(.scansWaiting, Double(reading.scansWaiting))
        set(.scanWait, reading.scanWaitSince.map { max(now.duration(since: $0) / .seconds(1), 0) } ?? 0)
        set(.scansImpossible, Double(reading.scansImpossible))
        set(.walPosition, Double(reading.walPosition))
        set(.walRetained, Double(reading.walRetained))
        set(.readingTime, now.seconds)
    }

    func set(_ alerts: AlertCount) {
        for step in CollectionAlert.Step.allCases where step != .watched {
            Gauge(label: Metric.collectionAlerts.rawValue, dimensions: [("step", step.rawValue)])
                .record(alerts[.word, step])
        }
        set(.urgentCollectionAlerts, Double(alerts.urgentSilences))
        for duty in CollectionAlert.Duty.allCases where duty != .word {
            Gauge(label: Metric.owedDuties.rawValue, dimensions: [("duty", duty.rawValue)]).record(alerts[duty, .hub])
        }
    }

    /// An agency that has everything is no longer told of.
    private func setOldest(_ oldest: [(agency: String, since: Instant)]) {
        let waiting = Set(oldest.map(\.agency))
        for (agency, gauge) in agencies where !waiting.contains(agency) {
            gauge.destroy()
            agencies[agency] = nil
        }
        for (agency, since) in oldest {
            let gauge =
                agencies[agency]
                ?? Gauge(label: Metric.oldestUndelivered.rawValue, dimensions: [("agency", agency)])
            agencies[agency] = gauge
            gauge.record(since.seconds)
        }
    }

    func set(_ metric: Metric, _ value: Double) { Gauge(label: metric.rawValue).record(value) }
}

extension Instant {
    /// Since 1970, as Prometheus tells time.
    fileprivate var seconds: Double { Double(microseconds) / 1e6 }
}
