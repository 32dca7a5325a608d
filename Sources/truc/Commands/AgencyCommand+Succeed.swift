// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Hub
import Store

extension AgencyCommand {
    struct Succeed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Name who takes the places of agencies that are closed already.",
            discussion: """
                truc agency succeed 000.00.20.H52 --successor 000.00.30.H52 --decision 123/QĐ-UBND --date 2026-11-20 --dry-run

                For agencies that were closed without anybody. It holds from the moment at which it is written: what still
                waits for them goes to the successor, which reads their documents and answers for them, and what is sent to
                the closed identifier goes there. Of several successors --pending gets what still waits and what is said of
                old documents, --default what is sent later.
                """)

        @Argument(help: "Any written form of the closed identifiers.") var ids: [String]
        @Option(help: ArgumentHelp("An identifier that takes their place; once or more.", valueName: "id"))
        var successor: [String]
        @Option(help: ArgumentHelp("Of several, the one that gets what still waits.", valueName: "id"))
        var pending: String?
        @Option(
            name: .customLong("default"),
            help: ArgumentHelp("Of several, the one that gets what is sent later.", valueName: "id"))
        var byDefault: String?
        @Option(help: ArgumentHelp("Number and notation of the decision that it rests on.", valueName: "number"))
        var decision: String
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String
        @Flag(help: "Show what would happen, and change nothing.") var dryRun = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard pending.map(successor.contains) ?? (successor.count == 1), byDefault.map(successor.contains) ?? true
            else { throw ValidationError("Of several --successor, --pending names one, and --default one or none.") }
        }

        func run() async throws {
            let decision = try Input.decision(decision, date)
            let heirs = try successor.map { id in
                Succession.Successor(
                    try Input.read(id, AgencyID.init(parsing:)), takesPending: id == pending, isDefault: id == byDefault
                )
            }
            let closings = try ids.map { id in
                Succession.Closing(try Input.read(id, AgencyID.init(parsing:)), successors: heirs)
            }
            let report = try await Installation.visit(installation) { database in
                let outcome = try await database.nameSuccessors(
                    closings, decision: decision, actor: Operator.actor, at: .now(), isTrial: dryRun)
                let moved = dryRun ? 0 : try await database.moveToSuccessors(at: .now()).count
                return SuccessionReport(
                    outcome, RegistrySnapshot(try await database.registry()), decision, isDryRun: dryRun, moved: moved)
            }
            try report.show(output)
        }
    }
}
