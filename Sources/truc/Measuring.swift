// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Hub
import Prometheus
import ServiceLifecycle

/// Where this process's measurements go.
enum Measuring {
    /// Made once: swift-metrics takes one backend in the life of a process.
    static let registry: PrometheusRegistry = {
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }()
}

/// The signs of life, for as long as the hub serves.
struct LifeSigns: Service {
    let sign: LifeSign

    func run() async throws {
        await cancelWhenGracefulShutdown { await sign.run() }
    }
}

/// The moving to successors, for as long as the hub serves.
struct Successions: Service {
    let keeper: SuccessionKeeper

    func run() async throws {
        await cancelWhenGracefulShutdown { await keeper.run() }
    }
}

/// The audit log's sequencer, for as long as the hub serves. What waits when it ends is placed by the next.
struct AuditSequencing: Service {
    let auditing: Auditing

    func run() async throws {
        await cancelWhenGracefulShutdown { await auditing.run() }
    }
}

/// The sampler, for as long as the hub serves.
struct Sampling: Service {
    let sampler: GaugeSampler

    func run() async throws {
        await cancelWhenGracefulShutdown { await sampler.run() }
    }
}
