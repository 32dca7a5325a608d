// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import UnixSignals

/// A hub that is there for one measurement, and goes with it.
struct Measurement: Sendable {
    /// Where something is measured.
    struct Place: Sendable {
        let hub: BenchHub
        /// As it was before the hub started.
        let machine: Machine
        /// The hub's own, beside it.
        let database: Database
    }

    /// The hub's directory is made in it.
    let parentDirectory: String
    /// Settings of the hub, as `serve --set` takes them.
    var settings: [String] = []

    /// - Throws: `Refusal` when anything at all does not go as it must; `ExitCode` after a signal.
    func run<Report: Sendable>(_ measure: @escaping @Sendable (Place) async throws -> Report) async throws -> Report {
        let machine = Machine()
        // From here on a signal is an event, so that no hub stays behind.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let hub = try await blocking { [self] in try BenchHub(below: parentDirectory, settings: settings) }
        let outcome = await withTaskGroup(of: Result<Report, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await visit(hub, machine, measure)) } catch { return .failure(error) }
            }
            group.addTask {
                // The hub ends, and with it the measurement, for want of answers.
                for await _ in signals { kill(hub.pid, SIGTERM) }
                return nil
            }
            let first = await group.first { $0 != nil } ?? nil
            group.cancelAll()
            return first
        }
        try await blocking { hub.remove() }
        guard let outcome else { throw Refusal(.internalError, "the measurement has no result") }
        return try outcome.get()
    }

    private func visit<Report: Sendable>(
        _ hub: BenchHub, _ machine: Machine, _ measure: @Sendable (Place) async throws -> Report
    ) async throws -> Report {
        var settings = Settings()
        settings.dataDirectory = hub.directory
        let installation = try await Installation.open(settings, mode: .visit, logger: Log.quiet)
        do {
            let report = try await measure(Place(hub: hub, machine: machine, database: installation.database))
            await installation.close()
            return report
        } catch {
            await installation.close()
            throw error
        }
    }
}

/// What everybody has used up to one moment.
struct HubUsage {
    let hubMemory: Int
    let hubPeak: Int
    private let generator: Double
    private let hub: Double
    private let postgres: Double

    init(_ hub: BenchHub) throws {
        let pidFile = try String(contentsOfFile: hub.directory + "/postgresql/data/postmaster.pid", encoding: .utf8)
        guard let server = pidFile.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Refusal(.internalError, "postmaster.pid has no process id")
        }
        generator = ProcessUsage.ownCPUSeconds()
        self.hub = ProcessUsage.cpuSeconds(hub.pid)
        postgres = ProcessUsage.cpuSecondsWithChildren(server)
        hubMemory = ProcessUsage.memory("VmRSS", of: hub.pid)
        hubPeak = ProcessUsage.memory("VmHWM", of: hub.pid)
    }

    func processor(since before: HubUsage) -> BenchReport.Processor {
        BenchReport.Processor(
            generator: generator - before.generator, hub: hub - before.hub, postgres: postgres - before.postgres)
    }
}

/// Runs what blocks on a thread of its own.
private func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    let thread = DedicatedThread(name: "bench", capacity: 1)
    defer { thread.stop() }
    return try await thread.run(work)
}
