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
        check = ReadinessCheck(
            store: store, clocks: clocks, maxDrift: .seconds(settings.clockMaxDriftSeconds))
    }

    /// The largest package that is taken, in bytes.
    public var maxPackageBytes: Int { limits.totalBytes }

    /// Begins to take a package. The session belongs to one task.
    public func receive(_ submission: Submission) -> IntakeSession {
        IntakeSession(submission, store: store, registry: registry, limits: limits, counters: counters)
    }

    /// Proves that the hub can do its work now (see `Store.probe`), and looks at the clocks. What was found is told for
    /// `ReadinessCheck.reuse` again.
    ///
    /// - Throws: `Refusal` naming the part that fails.
    public func readiness() async throws(Refusal) -> Readiness { try await check.readiness() }
}
