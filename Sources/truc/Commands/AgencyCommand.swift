// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Store

struct AgencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agency", abstract: "The agencies that documents go to and come from.",
        subcommands: [
            Add.self, List.self, Show.self, Tree.self, Close.self, Merge.self, Split.self, Succeed.self, Import.self,
            Export.self,
            Requests.self, Approve.self, Reject.self,
            AgencyContactCommand.self,
        ])

    /// An agency as commands print it.
    struct Shown: Encodable {
        let code: AgencyID
        let name: String
        let aliases: [String]
        /// The system that speaks for it.
        let system: SystemID?
        let parent: AgencyID?
        let mail: String?
        let validFrom: Instant
        /// Closed from then on.
        let validUntil: Instant?
        /// Until then packages that name it as their sender are taken though it is closed.
        let toleratedUntil: Instant?
        let successors: [SuccessionReport.Successor]
        /// What senders are told of it; only where it is asked for, and while the agency is open.
        let directory: DirectoryEntry?

        init(_ agency: AgencyRecord, in registry: RegistrySnapshot, _ directory: DirectoryEntry? = nil) {
            self.directory = directory
            code = agency.code
            name = agency.name
            aliases = agency.aliases
            system = agency.system
            parent = agency.parent.flatMap { registry.agency($0)?.code }
            mail = agency.mail
            validFrom = agency.validFrom
            validUntil = agency.validUntil
            toleratedUntil = agency.toleratedUntil
            successors = agency.successors.map { SuccessionReport.Successor($0, in: registry) }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register an agency.",
            discussion: """
                truc agency add 000.00.13.H52 --name "Sở Xây dựng" --system qlvb.soxd --alias H52.13

                Two identifiers mean the same agency only when they are registered as aliases of one. It holds from the
                next request on.
                """)

        @Argument(help: "The agency's identifier.") var id: String
        @Option(help: "The agency's name.") var name: String
        @Option(help: "The system that sends and receives for it.") var system: String?
        @Option(
            help: ArgumentHelp("Another written form of the identifier; may be given several times.", valueName: "id"))
        var alias: [String] = []
        @Option(
            help: ArgumentHelp("Identifier of the agency above; default: by the form of the identifier, if registered.")
        )
        var parent: String?
        @Option(help: "Mail address shown in the agencies' list.") var mail: String?
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let code = try Input.read(id, AgencyID.init(parsing:))
            let aliases = try alias.map { alias in try Input.read(alias, AgencyID.init(parsing:)).text }
            let system = try system.map { system in try Input.read(system, SystemID.init(parsing:)) }
            let parent = try parent.map { parent in try Input.read(parent, AgencyID.init(parsing:)) }
            let name = try Input.text(name, "--name")
            let mail = try mail.map { try Input.text($0, "--mail") }
            let shown = try await Installation.visit(installation) { database in
                let before = RegistrySnapshot(try await database.registry())
                let above = parent ?? code.ancestors.first { before.agency(named: $0.text) != nil }
                try await database.addAgency(
                    NewAgency(
                        code: code, name: name, mail: mail, parent: above, system: system,
                        aliases: aliases.filter { $0 != code.text }),
                    actor: Operator.actor)
                let after = RegistrySnapshot(try await database.registry())
                return after.agency(named: code.text).map { Shown($0, in: after) }
            }
            if output.json { return try Console.printJSON(shown) }
            print("Đã đăng ký đơn vị \(code) (\(name)).")
            if code.form == .unlisted {
                print("Lưu ý: mã không theo QCVN 102 hay QĐ 20; chỉ dùng khi có trong thực tế.")
            }
            if let other = code.reversed, !aliases.contains(other.text) {
                print("Gợi ý: dạng kia của mã có thể là \(other); nếu đúng, đăng ký bằng --alias.")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the agencies.")
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let agencies = try await AgencyCommand.shown(installation) { $0.agencyRecords.filter { !$0.isHub } }
            if output.json { return try Console.printJSON(agencies) }
            Console.printTable(
                [["AGENCY", "SYSTEM", "ALIASES", "NAME"]]
                    + agencies.map {
                        [$0.code.text, $0.system?.text ?? "-", $0.aliases.joined(separator: " "), $0.name]
                    })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one agency, by any of its written forms.")
        @Argument(help: "Any written form of the identifier.") var id: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let found = try await AgencyCommand.shown(installation) { registry in
                guard let agency = registry.agency(named: id) else { throw Refusal(.agencyNotFound, id) }
                return [agency]
            }
            guard let shown = found.first else { throw Refusal(.agencyNotFound, id) }
            if output.json { return try Console.printJSON(shown) }
            Console.printTable(shown.lines)
        }
    }

    /// Agencies as they are printed, with what senders are told of those that are open.
    private static func shown(
        _ installation: InstallationOptions, _ choose: (RegistrySnapshot) throws -> [AgencyRecord]
    ) async throws -> [Shown] {
        let maxPackageBytes = try installation.settings().packageMaxBytes
        return try await Installation.visit(installation) { database in
            let registry = RegistrySnapshot(try await database.registry())
            let now = Instant.now()
            let entries = try await DirectoryEntry.all(
                of: try choose(registry), in: registry, database, maxPackageBytes: maxPackageBytes, at: now)
            return entries.map { agency, entry in
                Shown(agency, in: registry, agency.isOpen(at: now) && !agency.isHub ? entry : nil)
            }
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close an agency's identifier, after a merger for example.",
            discussion: """
                truc agency close 000.00.13.H52 --last-day 2026-12-31 --successor 000.00.40.H52

                From the day after, documents for it go to the successor, or are refused when there is none; statuses about
                its old documents still reach it. A closed identifier is never given to anybody else (QĐ 09/2025 Điều 2).
                Its units must be closed before; truc agency merge and split close several at once, from an instant on.
                """)

        @Argument(help: "Any written form of the identifier.") var id: String
        @Option(help: ArgumentHelp("Last valid day, yyyy-MM-dd.", valueName: "day")) var lastDay: String
        @Option(help: "The identifier that takes its place.") var successor: String?
        @Option(
            help: ArgumentHelp("Number and notation of the decision that it rests on.", valueName: "number"))
        var decision: String?
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String?
        @Flag(help: "Show what would happen, and change nothing.") var dryRun = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (decision == nil) == (date == nil) else {
                throw ValidationError("--decision and --date go together.")
            }
        }

        func run() async throws {
            let id = try Input.read(self.id, AgencyID.init(parsing:))
            let day = try Input.read(lastDay, CalendarDate.init(iso8601:))
            let successor = try successor.map { try Input.read($0, AgencyID.init(parsing:)) }
            var founding: Decision?
            if let decision, let date { founding = try Input.decision(decision, date) }
            let closing = Succession.Closing(id, successors: successor.map { [Succession.Successor($0)] } ?? [])
            let succession = Succession([closing], effective: day.end, decision: founding)
            let report = try await Installation.visit(installation) { database in
                let outcome = try await database.close(
                    succession, actor: Operator.actor, at: .now(), isTrial: dryRun)
                let moved = dryRun ? 0 : try await database.moveToSuccessors(at: .now()).count
                let registry = RegistrySnapshot(try await database.registry())
                return outcome.map {
                    SuccessionReport($0, registry, founding, isDryRun: dryRun, moved: moved)
                }
            }
            if output.json { return try Console.printJSON(report) }
            let heir = successor.map { ", kế thừa bởi \($0)" } ?? ""
            let waiting = report?.agencies.first?.waiting ?? 0
            print(
                dryRun
                    ? "Chưa đổi gì (dry run): mã \(id) sẽ đóng sau ngày \(day.iso8601)\(heir); đang chờ: \(waiting)."
                    : "Mã \(id) đóng sau ngày \(day.iso8601)\(heir).")
        }
    }
}
