// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Store

struct SystemCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system", abstract: "The systems that connect: each has a name and a secret.",
        subcommands: [
            Add.self, List.self, Show.self, RotateSecret.self, Disable.self, Enable.self, Bind.self, Unbind.self,
        ])

    /// A system as commands print it: everything but the secret.
    struct Shown: Encodable {
        let id: SystemID
        let name: String
        let disabled: Bool
        /// Seconds; absent for any age.
        let timestampPast: Int?
        let timestampFuture: Int
        let agencies: [AgencyID]
        /// SHA-256 of the public keys of client certificates; absent for a system that needs none.
        let clientKeys: [String]?
        /// Until when the secret before the present one is taken; absent when it is not.
        let previousSecretUntil: Instant?
        /// Only after it was generated, and never again.
        var secret: String?

        init(_ system: SystemRecord, in registry: RegistrySnapshot, secret: String? = nil) {
            let now = Instant.now()
            previousSecretUntil = system.secrets.compactMap(\.validUntil).first { $0 > now }
            id = system.id
            name = system.name
            disabled = system.isDisabled
            timestampPast = system.timestampPastSeconds
            timestampFuture = system.timestampFutureSeconds
            agencies = registry.agencies(of: system.id).compactMap { registry.agency($0)?.code }
            let keys = registry.clientKeys(of: system.id).map(\.text)
            clientKeys = keys.isEmpty ? nil : keys
            self.secret = secret
        }

        /// - Throws: `Refusal(.systemNotFound)`.
        static func read(_ id: SystemID, from database: Database, secret: String? = nil) async throws -> Shown {
            let registry = RegistrySnapshot(try await database.registry())
            guard let system = registry.system(id) else { throw Refusal(.systemNotFound, id.text) }
            return Shown(system, in: registry, secret: secret)
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a system.",
            discussion: """
                truc system add qlvb.soxd --name "QLVB Sở Xây dựng" --secret-file secret.txt
                truc system add qlvb.soxd --name "QLVB Sở Xây dựng" --generate-secret

                The secret is the HMAC key of the VXP protocol. One from a file is taken without a line feed at its end; a
                generated one is printed once and cannot be shown again.
                """)

        @Argument(help: "The system's name on the wire (systemid).") var id: String
        @Option(help: "What people call it.") var name: String
        @OptionGroup var source: SecretSource
        @Option(
            help: ArgumentHelp(
                "Oldest request timestamp taken, in seconds. Default: timestamp-past-seconds of truc config explain.",
                valueName: "seconds"))
        var timestampPast: Int?
        @Option(
            help: ArgumentHelp(
                "How far a timestamp may lie ahead, in seconds. Default: timestamp-future-seconds, likewise.",
                valueName: "seconds"))
        var timestampFuture: Int?
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            try source.requireOne()
            let seconds = 1...Int(Int32.max)
            guard timestampFuture.map(seconds.contains) ?? true, timestampPast.map(seconds.contains) ?? true else {
                throw ValidationError("Seconds are 1 to \(Int32.max).")
            }
        }

        func run() async throws {
            let settings = try installation.settings()
            let past = timestampPast ?? settings.timestampPastSeconds
            let secret = try source.make()
            let system = SystemRecord(
                id: try Input.read(id, SystemID.init(parsing:)), name: try Input.text(name, "--name"),
                secrets: [SystemSecret(secret.bytes)],
                timestampPastSeconds: past > 0 ? past : nil,
                timestampFutureSeconds: timestampFuture ?? settings.timestampFutureSeconds)
            let shown = try await Installation.visit(installation) { database in
                try await database.addSystem(system, actor: Operator.actor)
                return try await Shown.read(system.id, from: database, secret: secret.generated)
            }
            if output.json { return try Console.printJSON(shown) }
            print("Đã đăng ký hệ thống \(system.id) (\(system.name)).")
            secret.printGenerated()
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the systems.")
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let registry = RegistrySnapshot(try await Installation.visit(installation) { try await $0.registry() })
            let systems = registry.systemRecords.map { Shown($0, in: registry) }
            if output.json { return try Console.printJSON(systems) }
            Console.printTable(
                [["SYSTEM", "STATE", "AGENCIES", "NAME"]]
                    + systems.map {
                        [$0.id.text, $0.disabled ? "disabled" : "enabled", String($0.agencies.count), $0.name]
                    })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one system and the agencies that it speaks for.")
        @Argument(help: "The system's name.") var id: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let id = try Input.read(self.id, SystemID.init(parsing:))
            let shown = try await Installation.visit(installation) { try await Shown.read(id, from: $0) }
            if output.json { return try Console.printJSON(shown) }
            Console.printTable([
                ["system", shown.id.text], ["name", shown.name], ["state", shown.disabled ? "disabled" : "enabled"],
                ["timestamp past", shown.timestampPast.map { "\($0) s" } ?? "any age"],
                ["timestamp future", "\(shown.timestampFuture) s"],
                ["old secret until", shown.previousSecretUntil?.iso8601 ?? "none"],
                ["agencies", shown.agencies.map(\.text).joined(separator: " ")],
                ["client keys", shown.clientKeys?.joined(separator: " ") ?? "none needed"],
            ])
        }
    }
}
