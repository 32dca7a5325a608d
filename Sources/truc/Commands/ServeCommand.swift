// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Couriers
import Exchange
import Foundation
import Hub
import Logging
import Prometheus
import ServiceLifecycle
import Store
import Surfaces
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the hub until SIGTERM or Ctrl-C.",
        discussion: """
            Without TRUC_DATABASE_URL the hub starts and owns a private PostgreSQL below the data directory. Logs go to
            standard error, one JSON object a line. GET /healthz tells that the process answers, GET /readyz that it can
            take packages: it really writes and reads.

            Settings: a file (--config, else \(SettingsLoading.fileName) in the data directory) is overruled by environment
            variables TRUC_…, and these by flags. truc config explain lists them all, with ranges and effects;
            truc config check finds mistakes before a start does.
            """)

    @OptionGroup var installation: InstallationOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Address to serve on (default: 127.0.0.1:8080); [::1]:8080 for IPv6, port 0 for any free one.",
            valueName: "host:port"))
    var listen: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The hub's own identifier, sender of its messages. Used at the first start.", valueName: "id"))
    var hubID: String?

    @Option(name: .long, help: "The hub's own name. Used at the first start.")
    var hubName: String?

    @OptionGroup var further: SettingFlags

    func run() async throws {
        let named = [("listen", listen), ("hub-id", hubID), ("hub-name", hubName)]
        let flags = try further.flags() + named.compactMap { name, value in value.map { (name, $0) } }
        var loaded = try installation.resolved(flags)
        _ = try loaded.checked()
        if FirstStart.ask(loaded) { loaded = try installation.resolved(flags) }
        let settings = try loaded.checked()
        var logger = Logger(label: "truc", factory: { _ in StructuredLog() })
        logger.logLevel = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        // A reader of our log that goes away must not take the hub with it.
        signal(SIGPIPE, SIG_IGN)
        FileLimit.raise(for: settings, logger: logger)
        if FirstStart.isUndecided(loaded) {
            logger.warning("\(FirstStart.notice)", metadata: ["setting": "\(FirstStart.setting)"])
        }
        try await Daemon(settings: settings, logger: logger).run()
    }
}

/// Any setting as a flag.
struct SettingFlags: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Any setting of truc config explain; may be repeated.", valueName: "name=value"))
    var assignments: [String] = []

    func flags() throws(Refusal) -> [(name: String, value: String)] {
        var flags: [(name: String, value: String)] = []
        for assignment in assignments {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw Refusal(.settingInvalid, "--set \(assignment): no '=' in it")
            }
            flags.append((String(assignment[..<equals]), String(assignment[assignment.index(after: equals)...])))
        }
        return flags
    }
}

/// The hub as a running service.
struct Daemon {
    let settings: Settings
    let logger: Logger

    /// Serves until the process is told to stop, then ends what is under way.
    func run() async throws {
        // Before anything that measures is made.
        let metrics = Measuring.registry
        let tls = try StartCheck.run(settings)
        let courier = try await PushRules.courier(settings)
        let opened = try await Installation.open(settings, mode: .serve, logger: logger)
        do {
            try await serve(opened, tls, courier, metrics)
        } catch {
            await opened.close()
            throw error
        }
        await opened.close()
    }

    private func serve(
        _ opened: Installation, _ tls: TLSGuard?, _ courier: PushCourier, _ metrics: PrometheusRegistry
    ) async throws {
        try await introduceHub(to: opened.database)
        // In force without an activation, it must be found by its digest, too, when the program has become another.
        try await opened.database.keep(KnownPolicies.national, at: .now())
        let store = try await Store.open(
            database: opened.database, contentDirectory: opened.contentDirectory,
            contentBackend: settings.contentBackend, logger: logger)
        let hub = Hub(store: store, settings: settings)
        let logger = logger
        let lock = LockWatch(dataDirectory: settings.directory, logger: logger)
        let edge = HTTPEdge(
            surface: HubSurface(
                hub, metrics: MetricsPage(metrics, readers: Settings.peers(settings.metricsReaders)),
                warnings: { [tls?.problem(at: .now())?.description, lock.problem()].compactMap(\.self) }),
            address: settings.listen, limits: HubSurface.limits(for: hub, settings: settings), tls: tls, logger: logger
        ) { address in
            logger.notice("listening", metadata: ["address": "\(address)"])
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: edge), .init(service: TLSRenewal(tls: tls, courier: courier, logger: logger)),
                .init(service: LifeSigns(sign: hub.lifeSign(logger: logger))),
                .init(service: Successions(keeper: hub.successions(logger: logger))),
                .init(service: AuditSequencing(auditing: hub.auditing(logger: logger))),
                .init(
                    service: Pushing(
                        delivering: hub.delivering(
                            by: courier, maxInFlight: settings.pushConcurrent,
                            name: "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)",
                            logger: logger))),
                .init(service: Scanning(scanning: hub.scanning(by: ClamdScanner(), logger: logger))),
                .init(
                    service: Sampling(
                        sampler: hub.sampler(interval: .seconds(settings.metricsIntervalSeconds), logger: logger))),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(settings.shutdownSeconds)
        let group = ServiceGroup(configuration: configuration)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await group.run())
        } catch {
            outcome = .failure(error)
        }
        await store.stop()
        logger.notice("stopped")
        try outcome.get()
    }

    /// Gives the hub an agency entry to speak with, once.
    private func introduceHub(to database: Database) async throws {
        guard try await database.registry().agencies.contains(where: \.isHub) == false else { return }
        let code: AgencyID
        do { code = try AgencyID(parsing: settings.hubID) } catch { throw Refusal(.settingInvalid, "hub-id: \(error)") }
        try await database.addAgency(NewAgency(code: code, name: settings.hubName), isHub: true, actor: "hub")
    }
}
