// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Hub
import Store

struct EndpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoint", abstract: "Where packages are carried to, instead of waiting to be pulled.",
        subcommands: [Set.self, List.self, Test.self, Suspend.self, Resume.self, Remove.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Carry an agency's packages to an address from now on.",
            discussion: """
                truc endpoint set 000.00.13.H52 https://qlvb.soxd.example/truc

                Requests are signed with the present secret of the agency's system (docs/push.md). What waits for the agency is
                carried there too; an earlier endpoint of the agency is removed. The agency may go on pulling.
                """)

        @Argument(help: "The agency's identifier.") var agency: String
        @Argument(help: "The address: https://host[:port]/path.") var url: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// An endpoint just set, as printed.
        struct Shown: Encodable {
            let agency: AgencyID
            let url: String
            let waiting: Int
        }

        func run() async throws {
            let agency = try Input.read(self.agency, AgencyID.init(parsing:))
            let url = try Input.read(self.url, EndpointURL.init(parsing:))
            try PushRules.require(url, installation.settings())
            let waiting = try await Installation.visit(installation) { database in
                try await database.setEndpoint(of: agency, url: url.text, actor: Operator.actor, at: .now()).waiting
            }
            if output.json { return try Console.printJSON(Shown(agency: agency, url: url.text, waiting: waiting)) }
            print("Văn bản đến \(agency) được chuyển tới \(url.text); \(waiting) đang chờ.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the endpoints, how they do and what waits for them.")
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// An endpoint as printed.
        struct Shown: Encodable {
            let agency: String
            let url: String
            let state: String
            let reason: String?
            let failingAt: Instant?
            let waiting: Int
            let oldest: Instant?

            init(_ endpoint: ListedEndpoint) {
                agency = endpoint.agency
                url = endpoint.url
                state = endpoint.isSuspended ? "suspended" : endpoint.failingAt == nil ? "open" : "failing"
                reason = endpoint.reason
                failingAt = endpoint.failingAt
                waiting = endpoint.waiting
                oldest = endpoint.oldest
            }
        }

        func run() async throws {
            let endpoints = try await Installation.visit(installation) { try await $0.endpoints() }.map(Shown.init)
            if output.json { return try Console.printJSON(endpoints) }
            Console.printTable(
                [["AGENCY", "STATE", "WAITING", "OLDEST", "URL"]]
                    + endpoints.map {
                        let since = $0.failingAt.map { " — từ \($0.iso8601)" } ?? ""
                        return [
                            $0.agency, $0.state, String($0.waiting), $0.oldest?.iso8601 ?? "-",
                            $0.url + ($0.reason.map { " — \($0)" } ?? since),
                        ]
                    })
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Carry a small test package to an agency's endpoint, from this machine and now.",
            discussion: """
                truc endpoint test 000.00.13.H52

                The real thing: name, connection, certificate, signature, receipt, by the settings of this installation. The
                package says in truc-message-type that it is a test. A suspended endpoint is tried too, and stays suspended.
                """)

        @Argument(help: "The agency's identifier.") var agency: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// How the trial ended, as printed.
        struct Shown: Encodable {
            let agency: AgencyID
            let url: String
            let outcome: String
            let code: String?
            let httpStatus: Int?
            let detail: String?
        }

        func run() async throws {
            let agency = try Input.read(self.agency, AgencyID.init(parsing:))
            let courier = try await PushRules.courier(installation.settings())
            let registry = RegistrySnapshot(try await Installation.visit(installation) { try await $0.registry() })
            let trial = try await EndpointTrial(of: agency, in: registry, by: courier, at: .now())
            let failure = trial.outcome.failure
            if output.json {
                try Console.printJSON(
                    Shown(
                        agency: agency, url: trial.url, outcome: trial.outcome.name, code: failure?.code.rawValue,
                        httpStatus: failure?.httpStatus, detail: failure?.detail))
            }
            if let failure {
                let status = failure.httpStatus.map { "HTTP \($0) " } ?? ""
                throw Refusal(failure.code, "\(trial.url): \(status)\(failure.detail)")
            }
            if !output.json { print("\(trial.url): đã nhận gói thử và trả lời đúng biên nhận.") }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop carrying packages to an agency's endpoint; they wait.",
            discussion: "truc endpoint suspend 000.00.13.H52 --reason \"Bảo trì đến 17:00\"")
        @OptionGroup var change: EndpointChange

        func run() async throws {
            try await change.run("Đã tạm dừng chuyển văn bản tới điểm nhận của") { database, agency, reason in
                _ = try await database.setSuspended(
                    true, endpointOf: agency, reason: reason, actor: Operator.actor, at: .now())
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Carry packages to an agency's endpoint again.",
            discussion: "truc endpoint resume 000.00.13.H52 --reason \"Đã bảo trì xong\"")
        @OptionGroup var change: EndpointChange

        func run() async throws {
            try await change.run("Tiếp tục chuyển văn bản tới điểm nhận của") { database, agency, reason in
                _ = try await database.setSuspended(
                    false, endpointOf: agency, reason: reason, actor: Operator.actor, at: .now())
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an agency pull again.",
            discussion: "truc endpoint remove 000.00.13.H52 --reason \"Đơn vị chuyển sang kéo\"")
        @OptionGroup var change: EndpointChange

        func run() async throws {
            try await change.run("Đã gỡ điểm nhận của") { database, agency, reason in
                try await database.removeEndpoint(of: agency, reason: reason, actor: Operator.actor, at: .now())
            }
        }
    }
}

/// Which endpoint is changed, and why.
struct EndpointChange: ParsableArguments {
    @Argument(help: "The agency's identifier.") var agency: String
    @Option(help: "Why, for the history.") var reason: String
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    /// Does the change, and says that it was done.
    func run(
        _ sentence: String, _ change: @escaping @Sendable (Database, AgencyID, String) async throws -> Void
    ) async throws {
        let agency = try Input.read(self.agency, AgencyID.init(parsing:))
        let reason = try Input.text(self.reason, "--reason")
        try await Installation.visit(installation) { try await change($0, agency, reason) }
        if output.json { return try Console.printJSON(["agency": agency.text, "reason": reason]) }
        print("\(sentence) \(agency).")
    }
}
