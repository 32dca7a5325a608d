// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Logging
import Store

/// The use cases of the exchange, for whatever surface asks: taking packages, the lists of a system, tracking.
public struct Hub: Sendable {
    public let registry: Registry
    public let mailbox: Mailbox
    /// What systems ask of the registry.
    public let agencyRequests: AgencyRequests
    /// Counts what each connected system asks for.
    public let systems: SystemGate
    private let store: Store
    private let limits: PackageLimits
    private let counters = IntakeCounters()
    private let check: ReadinessCheck
    private let clocks: any ClockSource
    private let intakes: IntakeGate
    private let disk: DiskReserve
    /// What senders should know of every agency: found out once at a time, whoever and however many ask.
    private let directory: CoalescedCheck<Result<[AgencyKey: DirectoryEntry], Refusal>>

    /// - Parameters:
    ///   - settings: of which the largest package and the failures before a delivery is held are taken.
    ///   - bounds: nil for those of `settings`.
    ///   - clocks: those of the machine.
    public init(
        store: Store, settings: Settings = Settings(), bounds: HubLimits? = nil,
        clocks: any ClockSource = SystemClocks()
    ) {
        let bounds = bounds ?? HubLimits(settings)
        var limits = PackageLimits.standard
        limits.totalBytes = settings.packageMaxBytes
        let registry = Registry(store.database)
        self.registry = registry
        self.store = store
        self.limits = limits
        mailbox = Mailbox(store: store, maxFailures: settings.deliveryMaxFailures)
        agencyRequests = AgencyRequests(database: store.database)
        systems = SystemGate(limits: bounds.system)
        intakes = IntakeGate(limit: bounds.intakes)
        let disk = DiskReserve(reserve: bounds.diskReserve, content: store.content)
        self.disk = disk
        self.clocks = clocks
        check = ReadinessCheck(
            store: store, disk: disk, clocks: clocks, maxDrift: .seconds(settings.clockMaxDriftSeconds))
        directory = CoalescedCheck(reuse: .zero, now: { .zero }) {
            do {
                let snapshot = try await registry.current()
                var entries: [AgencyKey: DirectoryEntry] = [:]
                for (agency, entry) in try await DirectoryEntry.all(
                    of: snapshot.agencyRecords.filter { !$0.isHub }, in: snapshot, store.database,
                    maxPackageBytes: settings.packageMaxBytes, at: .now())
                {
                    entries[agency.key] = entry
                }
                return .success(entries)
            } catch {
                return .failure(error as? Refusal ?? Refusal(.internalError, "\(error)"))
            }
        }
    }

    /// The largest package that is taken, in bytes.
    public var maxPackageBytes: Int { limits.totalBytes }

    /// What senders should know of agencies before they send. Who asks for several shares one look at all of them with
    /// whoever asks meanwhile: a province has thousands, and the database other things to do.
    public func directory(
        of agencies: [AgencyRecord], in registry: RegistrySnapshot, at now: Instant
    ) async throws -> [(agency: AgencyRecord, entry: DirectoryEntry)] {
        guard agencies.count > 1 else {
            return try await DirectoryEntry.all(
                of: agencies, in: registry, store.database, maxPackageBytes: maxPackageBytes, at: now)
        }
        let entries = try await directory.newFinding().get()
        var found: [(agency: AgencyRecord, entry: DirectoryEntry)] = []
        for agency in agencies {
            if let entry = entries[agency.key] { found.append((agency, entry)) }
        }
        return found
    }

    /// Begins to take a package, where there is a place and space for it. The session belongs to one task.
    ///
    /// - Parameter announced: its length in bytes as its sender says; unknown, it counts as the largest that is taken.
    /// - Throws: `Refusal`, `.overloaded` or `.storageFull` among others.
    public func receive(
        _ submission: Submission, announced: Int? = nil
    ) async throws(Refusal) -> sending IntakeSession {
        let place = try intakes.admit(submission.system)
        let space = try await disk.admit(
            min(announced ?? maxPackageBytes, maxPackageBytes), of: submission.system)
        return IntakeSession(
            submission, store: store, registry: registry, limits: limits, counters: counters, passes: [place, space])
    }

    /// What carries packages to endpoints.
    ///
    /// - Parameter name: of this node, for whoever looks into the table `node`.
    public func delivering(by courier: any Courier, maxInFlight: Int, name: String, logger: Logger) -> Delivering {
        Delivering(
            store: store, registry: registry, courier: courier, maxInFlight: maxInFlight, name: name, logger: logger)
    }

    /// What has files scanned before they are delivered.
    public func scanning(by scanner: any MalwareScanner, logger: Logger) -> MalwareScanning {
        MalwareScanning(store: store, registry: registry, scanner: scanner, logger: logger)
    }

    /// What keeps the gauges of `/metrics`.
    public func sampler(interval: Duration, logger: Logger) -> GaugeSampler {
        GaugeSampler(database: store.database, disk: disk, clocks: clocks, interval: interval, logger: logger)
    }

    /// What moves deliveries to the successors of agencies that have ended.
    public func successions(logger: Logger) -> SuccessionKeeper {
        SuccessionKeeper(store: store, clocks: clocks, logger: logger)
    }

    /// What gives the leaves of the audit log their places.
    public func auditing(logger: Logger) -> Auditing { Auditing(database: store.database, logger: logger) }

    /// What shows others that this hub serves.
    public func lifeSign(logger: Logger) -> LifeSign {
        LifeSign(database: store.database, clocks: clocks, logger: logger)
    }

    /// Proves that the hub can do its work now (see `Store.probe`), and looks at the clocks. What was found is told for
    /// `ReadinessCheck.reuse` again.
    ///
    /// - Throws: `Refusal` naming the part that fails.
    public func readiness() async throws(Refusal) -> Readiness { try await check.readiness() }
}
