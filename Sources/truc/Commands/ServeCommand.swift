// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Logging
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
            """)

    @OptionGroup var installation: InstallationOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Address to serve on; [::1]:8080 for IPv6, port 0 for any free one.", valueName: "host:port")
    )
    var listen = "127.0.0.1:8080"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The hub's own identifier, sender of its messages. Used at the first start.", valueName: "id"))
    var hubID = "00.00.W00"

    @Option(name: .long, help: "The hub's own name. Used at the first start.")
    var hubName = "Trục liên thông văn bản"

    func run() async throws {
        let logger = Logger(label: "truc", factory: { _ in StructuredLog() })
        // A reader of our log that goes away must not take the hub with it.
        signal(SIGPIPE, SIG_IGN)
        let address: ListenAddress
        do { address = try ListenAddress(parsing: listen) } catch {
            throw Refusal(.settingInvalid, "--listen: \(error)")
        }
        try await Daemon(installation: installation, hubID: hubID, hubName: hubName, logger: logger)
            .run(listen: address)
    }
}

/// The hub as a running service.
struct Daemon {
    let installation: InstallationOptions
    let hubID: String
    let hubName: String
    let logger: Logger

    /// How long requests that are under way may go on after SIGTERM; then they are cut off.
    static let longestGoodbye: Duration = .seconds(20)

    /// Serves until the process is told to stop, then ends what is under way.
    func run(listen: ListenAddress, onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in })
        async throws
    {
        let opened = try await Installation.open(installation, mode: .serve, logger: logger)
        do {
            try await serve(opened, listen: listen, onListening: onListening)
        } catch {
            await opened.close()
            throw error
        }
        await opened.close()
    }

    private func serve(
        _ opened: Installation, listen: ListenAddress, onListening: @escaping @Sendable (ListenAddress) async -> Void
    ) async throws {
        try await introduceHub(to: opened.database)
        let store = try await Store.open(
            database: opened.database, contentDirectory: opened.contentDirectory, logger: logger)
        let hub = Hub(store: store)
        let logger = logger
        let edge = HTTPEdge(
            surface: HubSurface(hub), address: listen, limits: HubSurface.limits(for: hub), logger: logger
        ) { address in
            logger.notice("listening", metadata: ["address": "\(address)"])
            await onListening(address)
        }
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: edge)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.longestGoodbye
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
        do { code = try AgencyID(parsing: hubID) } catch { throw Refusal(.settingInvalid, "--hub-id: \(error)") }
        try await database.addAgency(NewAgency(code: code, name: hubName), isHub: true, actor: "hub")
    }
}
