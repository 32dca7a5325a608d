// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Logging
import Store

/// The use cases of the exchange, for whatever surface asks: taking packages, the lists of a system, tracking.
public struct Hub: Sendable {
    public let registry: Registry
    public let mailbox: Mailbox
    /// Counts what each connected system asks for.
    public let systems: SystemGate
    private let store: Store
    private let limits: PackageLimits

    /// - Parameters:
    ///   - settings: of which the largest package and the failures before a delivery is held are taken.
    ///   - bounds: nil for those of `settings`.
    public init(store: Store, settings: Settings = Settings(), bounds: HubLimits? = nil) {
        let bounds = bounds ?? HubLimits(settings)
        var limits = PackageLimits.standard
        limits.totalBytes = settings.packageMaxBytes
        let registry = Registry(store.database)
        self.registry = registry
        self.store = store
        self.limits = limits
        mailbox = Mailbox(store: store, maxFailures: settings.deliveryMaxFailures)
        systems = SystemGate(limits: bounds.system)
    }

    /// The largest package that is taken, in bytes.
    public var maxPackageBytes: Int { limits.totalBytes }

    /// Begins to take a package. The session belongs to one task.
    public func receive(_ submission: Submission) -> IntakeSession {
        IntakeSession(submission, store: store, registry: registry, limits: limits)
    }

    /// Proves that the hub can do its work now. See `Store.probe`.
    public func probe() async throws { try await store.probe() }
}
