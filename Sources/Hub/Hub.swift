// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Logging
import Store

/// The use cases of the exchange, for whatever surface asks: taking packages, the lists of a system, tracking.
public struct Hub: Sendable {
    public let registry: Registry
    public let mailbox: Mailbox
    private let store: Store
    private let limits: PackageLimits

    /// - Parameter settings: of which the largest package and the failures before a delivery is held are taken.
    public init(store: Store, settings: Settings = Settings()) {
        var limits = PackageLimits.standard
        limits.totalBytes = settings.packageMaxBytes
        let registry = Registry(store.database)
        self.registry = registry
        self.store = store
        self.limits = limits
        mailbox = Mailbox(store: store, maxFailures: settings.deliveryMaxFailures)
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
