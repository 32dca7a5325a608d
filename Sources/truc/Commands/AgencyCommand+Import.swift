// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Store
import Trust

/// The registry as a file.
extension AgencyCommand {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every agency as a table that can be imported.",
            discussion: """
                truc agency export > agencies.csv

                Closed agencies are in it, with those that have taken their places. What is imported unchanged changes
                nothing.
                """)

        @OptionGroup var installation: InstallationOptions

        func run() async throws {
            let registry = RegistrySnapshot(try await Installation.visit(installation) { try await $0.registry() })
            print(AgencyTable.text(AgencyImport.table(of: registry)), terminator: "")
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register and correct agencies from a table.",
            discussion: """
                truc agency import agencies.csv --dry-run
                truc agency import agencies.csv --decision 123/QĐ-UBND --date 2026-11-20
                truc agency import --aliases old-codes.csv

                Lines as truc agency export prints them. It registers what is new and corrects name, parent, system, mail and
                further written forms of what is there; it closes nothing, takes no written form away, and leaves alone what
                the table does not name. With --aliases, lines of written,code. Every wrong line is named, and one is
                enough that nothing is imported.
                """)

        @Argument(help: ArgumentHelp("The table.", valueName: "file")) var file: String
        @Flag(help: "The lines are written,code: further written forms of agencies that are there.") var aliases = false
        @Option(
            help: ArgumentHelp("Number and notation of the decision that it rests on.", valueName: "number"))
        var decision: String?
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String?
        @Flag(help: "Show what would change, and change nothing.") var dryRun = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (decision == nil) == (date == nil) else {
                throw ValidationError("--decision and --date go together.")
            }
        }

        func run() async throws {
            let bytes = try Input.bytes(of: file, max: TableText.maxBytes)
            var founding: Decision?
            if let decision, let date { founding = try Input.decision(decision, date) }
            let changes = try await Installation.visit(installation) { database in
                try await change(database, bytes, founding)
            }
            try show(changes)
        }

        private func change(
            _ database: Database, _ bytes: [UInt8], _ decision: Decision?
        ) async throws -> [AgencyChange] {
            for _ in 0..<SuccessionRun.maxDecisions {
                let registry = RegistrySnapshot(try await database.registry())
                let plan = plan(bytes, registry)
                guard plan.findings.isEmpty else { throw TableReport.refusal(plan.findings, file, output) }
                if dryRun || plan.changes.isEmpty { return plan.changes }
                let isDone = try await database.importAgencies(
                    plan.changes, basedOn: registry.version, file: SHA256Digest(of: bytes), decision: decision,
                    actor: Operator.actor, at: .now())
                if isDone { return plan.changes }
            }
            throw Refusal(.overloaded, "the registry changed \(SuccessionRun.maxDecisions) times meanwhile")
        }

        private func plan(_ bytes: [UInt8], _ registry: RegistrySnapshot) -> AgencyImport {
            if aliases { return AgencyImport(AliasTable(reading: bytes), in: registry) }
            return AgencyImport(AgencyTable(reading: bytes), in: registry, at: .now())
        }

        private func show(_ changes: [AgencyChange]) throws {
            if output.json { return try Console.printJSON(ImportReport(changes, isDryRun: dryRun)) }
            for change in changes {
                switch change.kind {
                case .added: print("+ \(change.code) \(change.name ?? "")")
                case .changed: print("~ \(change.code) \(change.differences.joined(separator: "; "))")
                }
            }
            let counts =
                "\(changes.count { $0.kind == .added }) đơn vị mới, \(changes.count { $0.kind == .changed }) thay đổi"
            print(dryRun ? "Chưa nhập gì (dry run): \(counts)." : "Đã nhập: \(counts).")
        }
    }

    /// What an import changed, as commands print it. The keys are stable.
    struct ImportReport: Encodable {
        let isDryRun: Bool
        let changes: [Change]

        struct Change: Encodable {
            let code: AgencyID
            let kind: AgencyChange.Kind
            let name: String?
            let aliases: [String]
            let differences: [String]
        }

        init(_ changes: [AgencyChange], isDryRun: Bool) {
            self.isDryRun = isDryRun
            self.changes = changes.map { change in
                Change(
                    code: change.code, kind: change.kind, name: change.name, aliases: change.aliases,
                    differences: change.differences)
            }
        }
    }
}
