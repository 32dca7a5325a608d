// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Store

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
        try await Measurement(parentDirectory: parentDirectory).run { try await measure($0) }
    }

    private func measure(_ place: Measurement.Place) async throws -> BenchReport {
        let (hub, database) = (place.hub, place.database)
        let parties = try BenchParties(recipients: 1)
        try await parties.register(in: database)
        let warmUpPackages = try await BenchPackages.prepare(
            count: warmUp, bytes: packageBytes, first: 0, parties: parties, address: hub.address)
        let measured = try await BenchPackages.prepare(
            count: packages, bytes: packageBytes, first: warmUp, parties: parties, address: hub.address)
        let generator = LoadGenerator(port: hub.port, connections: connections)
        var expected: Set<String> = []
        if warmUp > 0 { expected.formUnion(try await generator.run(warmUpPackages).docIDs) }

        let facts = try await database.facts()
        ProcessUsage.resetPeakMemory(of: hub.pid)
        let before = try HubUsage(hub)
        let load = try await generator.run(measured)
        let after = try HubUsage(hub)
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
                machine: place.machine, disk: DiskPlace(of: hub.directory), postgresVersion: facts.version,
                postgresSettings: facts.settings, connections: connections, packages: packages,
                warmUpPackages: warmUp, packageBytes: measured.packageBytes),
            seconds: seconds, packagesPerSecond: Double(packages) / seconds,
            megabytesPerSecond: Double(packages * measured.packageBytes) / seconds / 1e6,
            latency: .init(sorted: load.latencies),
            processor: after.processor(since: before),
            memory: .init(
                hubIdle: before.hubMemory, hubPeak: after.hubPeak, hubGrowth: after.hubPeak - before.hubMemory),
            walBytesPerPackage: Int(walBytes) / packages, batches: .init(batches), verified: expected.count)
    }

    /// Reads the recipient's list and the sender's to their ends: each answered `DocId` once, nothing else.
    private func verify(_ expected: Set<String>, _ parties: BenchParties, _ database: Database) async throws {
        let registry = try await database.registry()
        func filter(_ agency: AgencyID) -> ListFilter {
            ListFilter(agencies: registry.agencies.filter { $0.code == agency }.map(\.key), messageType: .edoc)
        }
        var waiting: Set<DeliveryID> = []
        var last: DeliveryID?
        while case let page = try await database.pending(filter(parties.recipients[0]), after: last), !page.isEmpty {
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
}
