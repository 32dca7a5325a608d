// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Store
import UnixSignals

/// One measurement of the way in: a hub, two agencies, and packages from one to the other.
struct AcceptBenchmark: Sendable {
    /// Most packages sent before the clock starts: caches are filled, statements prepared.
    static let maxWarmUp = 500
    /// Bytes of the longest package of which some are sent before the clock starts; longer ones are sent for the memory
    /// that they take, which is measured from a hub that is idle.
    static let maxWarmUpBytes = 1_000_000

    let connections: Int
    let packages: Int
    let warmUp: Int
    let packageBytes: Int
    /// The hub's directory is made in it.
    let parentDirectory: String

    /// - Throws: `Refusal` when anything at all does not go as it must; `ExitCode` after a signal.
    func run() async throws -> BenchReport {
        let machine = Machine()
        // From here on a signal is an event, so that no hub stays behind.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let hub = try await blocking { [parentDirectory] in try BenchHub(below: parentDirectory) }
        let outcome = await withTaskGroup(of: Result<BenchReport, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await measure(hub, machine)) } catch { return .failure(error) }
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

    private func measure(_ hub: BenchHub, _ machine: Machine) async throws -> BenchReport {
        let parties = try BenchParties()
        var settings = Settings()
        settings.dataDirectory = hub.directory
        let installation = try await Installation.open(settings, mode: .visit, logger: Log.quiet)
        do {
            let report = try await measure(hub, machine, parties, installation.database)
            await installation.close()
            return report
        } catch {
            await installation.close()
            throw error
        }
    }

    private func measure(
        _ hub: BenchHub, _ machine: Machine, _ parties: BenchParties, _ database: Database
    ) async throws -> BenchReport {
        try await register(parties, in: database)
        let address = "127.0.0.1:\(hub.port)"
        let warmUpPackages = try await BenchPackages.prepare(
            count: warmUp, bytes: packageBytes, first: 0, parties: parties, address: address)
        let measured = try await BenchPackages.prepare(
            count: packages, bytes: packageBytes, first: warmUp, parties: parties, address: address)
        let generator = LoadGenerator(port: hub.port, connections: connections)
        var expected: Set<String> = []
        if warmUp > 0 { expected.formUnion(try await generator.run(warmUpPackages).docIDs) }

        let facts = try await database.facts()
        ProcessUsage.resetPeakMemory(of: hub.pid)
        let before = try Usage(hub)
        let load = try await generator.run(measured)
        let after = try Usage(hub)
        let walBytes = try await database.facts().walBytes - facts.walBytes
        let batches = try await database.packagesPerCommit()

        expected.formUnion(load.docIDs)
        guard expected.count == warmUp + packages else {
            throw Refusal(.internalError, "\(warmUp + packages) packages got \(expected.count) DocIds")
        }
        try await verify(expected, parties, database)
        let seconds = Double(load.elapsed) / 1e9
        return BenchReport(
            conditions: .init(
                machine: machine, disk: DiskPlace(of: hub.directory), postgresVersion: facts.version,
                postgresSettings: facts.settings, connections: connections, packages: packages,
                warmUpPackages: warmUp, packageBytes: measured.packageBytes),
            seconds: seconds, packagesPerSecond: Double(packages) / seconds,
            megabytesPerSecond: Double(packages * measured.packageBytes) / seconds / 1e6,
            latency: .init(sorted: load.latencies),
            processor: .init(
                generator: after.generator - before.generator, hub: after.hub - before.hub,
                postgres: after.postgres - before.postgres),
            memory: .init(
                hubIdle: before.hubMemory, hubPeak: after.hubPeak, hubGrowth: after.hubPeak - before.hubMemory),
            walBytesPerPackage: Int(walBytes) / packages, batches: .init(batches), verified: expected.count)
    }

    private func register(_ parties: BenchParties, in database: Database) async throws {
        let secret = Array(parties.secret.utf8)
        for (system, agency) in [
            (parties.senderSystem, parties.sender), (parties.recipientSystem, parties.recipient),
        ] {
            try await database.addSystem(
                SystemRecord(id: system, name: system.text, secrets: [SystemSecret(secret)]), actor: Operator.actor)
            try await database.addAgency(
                NewAgency(code: agency, name: agency.text, system: system), actor: Operator.actor)
        }
    }

    /// Reads the recipient's list and the sender's to their ends: each answered `DocId` once, nothing else.
    private func verify(_ expected: Set<String>, _ parties: BenchParties, _ database: Database) async throws {
        let registry = try await database.registry()
        func filter(_ agency: AgencyID) -> ListFilter {
            ListFilter(agencies: registry.agencies.filter { $0.code == agency }.map(\.key), messageType: .edoc)
        }
        var waiting: Set<DeliveryID> = []
        var last: DeliveryID?
        while case let page = try await database.pending(filter(parties.recipient), after: last), !page.isEmpty {
            waiting.formUnion(page.map(\.id))
            last = page.last?.id
        }
        var sent: [DeliveryID: String] = [:]
        last = nil
        while case let page = try await database.sent(filter(parties.sender), package: nil, after: last), !page.isEmpty
        {
            for line in page { sent[line.id] = line.packageID.description }
            last = page.last?.id
        }
        guard waiting.count == expected.count, Set(sent.keys) == waiting, Set(sent.values) == expected else {
            throw Refusal(
                .internalError,
                "\(expected.count) packages were answered, \(waiting.count) wait for the recipient, \(sent.count) "
                    + "stand in the sender's list")
        }
    }

    /// Readings of one moment.
    private struct Usage {
        let generator: Double
        let hub: Double
        let postgres: Double
        let hubMemory: Int
        let hubPeak: Int

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
    }
}

/// Runs what blocks on a thread of its own.
private func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    let thread = DedicatedThread(name: "bench", capacity: 1)
    defer { thread.stop() }
    return try await thread.run(work)
}
