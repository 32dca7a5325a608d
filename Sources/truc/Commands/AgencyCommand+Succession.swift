// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Store

/// Agencies that end, and who takes their places.
extension AgencyCommand {
    /// On what a succession rests, and how it is carried out.
    struct SuccessionOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "What becomes of further identifiers, the units below among them: lines of old,new,takes.",
                valueName: "file"))
        var table: String?
        @Option(
            help: ArgumentHelp("Number and notation of the decision that it rests on.", valueName: "number"))
        var decision: String
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String
        @Option(
            help: ArgumentHelp(
                "From when on: yyyy-MM-dd (its beginning), ISO 8601 with an offset, or now.", valueName: "when"))
        var effective: String
        @Option(
            help: ArgumentHelp(
                "Until when packages that still name a closed identifier as their sender are taken; default: not at all.",
                valueName: "when"))
        var tolerateUntil: String?
        @Flag(help: "Show what would happen, and change nothing.") var dryRun = false
        @Flag(help: "Print the table with what is undecided, and change nothing.") var draft = false

        func validate() throws {
            if draft, dryRun { throw ValidationError("Either --dry-run or --draft.") }
        }
    }

    struct Merge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close agencies whose place one other takes.",
            discussion: """
                truc agency merge 000.00.00.H25 000.00.00.H40 --into 000.00.00.H42 --table units.csv \\
                  --decision 123/QĐ-UBND --date 2026-11-20 --effective 2027-01-01 --tolerate-until 2027-04-01 --dry-run

                Every unit below a closed agency needs a line in the table; --draft prints one that you complete. What still
                waits moves to the successors when the time comes, and what is sent to a closed identifier goes to its
                successor. See docs/agencies.md.
                """)

        @Argument(help: "Any written form of the identifiers that are closed.") var ids: [String]
        @Option(help: "The identifier that takes their place.") var into: String
        @OptionGroup var succession: SuccessionOptions
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let into = try Input.read(into, AgencyID.init(parsing:))
            let closings = try ids.map { id in
                Succession.Closing(
                    try Input.read(id, AgencyID.init(parsing:)), successors: [Succession.Successor(into)])
            }
            try await SuccessionRun(closings, succession, installation, output).run()
        }
    }

    struct Split: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close an agency whose place several others take.",
            discussion: """
                truc agency split H52.20 --into H52.30 --into H52.31 --pending H52.30 --default H52.31 \\
                  --decision 123/QĐ-UBND --date 2026-11-20 --effective 2027-01-01

                --pending gets what still waits and what is said of old documents. --default gets what is sent to the
                closed identifier afterwards; without it such packages are refused with the successors named.
                """)

        @Argument(help: "Any written form of the identifier that is closed.") var id: String
        @Option(help: ArgumentHelp("An identifier that takes its place; twice or more.", valueName: "id"))
        var into: [String]
        @Option(help: ArgumentHelp("The one that gets what still waits.", valueName: "id")) var pending: String
        @Option(
            name: .customLong("default"), help: ArgumentHelp("The one that gets what is sent later.", valueName: "id"))
        var byDefault: String?
        @OptionGroup var succession: SuccessionOptions
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if into.count < 2 { throw ValidationError("--into is given for each of at least two successors.") }
            guard into.contains(pending), byDefault.map(into.contains) ?? true else {
                throw ValidationError("--pending and --default are among those of --into.")
            }
        }

        func run() async throws {
            let heirs = try into.map { id in
                Succession.Successor(
                    try Input.read(id, AgencyID.init(parsing:)), takesPending: id == pending, isDefault: id == byDefault
                )
            }
            let closing = Succession.Closing(try Input.read(id, AgencyID.init(parsing:)), successors: heirs)
            try await SuccessionRun([closing], succession, installation, output).run()
        }
    }
}

/// One succession from its options to what is printed.
struct SuccessionRun {
    /// How often it is decided anew because the registry changed in between.
    static let maxDecisions = 5

    let closings: [Succession.Closing]
    let options: AgencyCommand.SuccessionOptions
    let installation: InstallationOptions
    let output: OutputOptions

    init(
        _ closings: [Succession.Closing], _ options: AgencyCommand.SuccessionOptions,
        _ installation: InstallationOptions, _ output: OutputOptions
    ) {
        self.closings = closings
        self.options = options
        self.installation = installation
        self.output = output
    }

    func run() async throws {
        let all = try closings + table()
        let succession = Succession(
            all, effective: try Input.instant(options.effective, "--effective"),
            toleratedUntil: try options.tolerateUntil.flatMap { try Input.instant($0, "--tolerate-until") },
            decision: try Input.decision(options.decision, options.date))
        try await Installation.visit(installation) { database in
            for _ in 0..<Self.maxDecisions {
                let registry = RegistrySnapshot(try await database.registry())
                let plan = SuccessionPlan(all, in: registry, at: succession.effective ?? .now())
                if options.draft { return printDraft(plan) }
                guard plan.undecided.isEmpty else { throw try undecided(plan) }
                let outcome = try await database.close(
                    succession, basedOn: registry.version, actor: Operator.actor, at: .now(), isTrial: options.dryRun)
                guard let outcome else { continue }
                let isDone = !options.dryRun && outcome.effective <= .now()
                let moved = isDone ? try await database.moveToSuccessors(at: .now()).count : 0
                return try show(outcome, registry, moved: moved)
            }
            throw Refusal(.overloaded, "the registry changed \(Self.maxDecisions) times meanwhile")
        }
    }

    private func table() throws -> [Succession.Closing] {
        guard let path = options.table else { return [] }
        let table = SuccessionTable(reading: try Input.bytes(of: path, max: TableText.maxBytes))
        guard table.findings.isEmpty else { throw TableReport.refusal(table.findings, path, output) }
        var order: [String] = []
        var heirs: [String: [Succession.Successor]] = [:]
        for line in table.lines {
            if heirs[line.old.text] == nil { order.append(line.old.text) }
            heirs[line.old.text, default: []] +=
                line.new.map {
                    [Succession.Successor($0, takesPending: line.takesPending, isDefault: line.isDefault)]
                } ?? []
        }
        return try order.map { old in
            Succession.Closing(try Input.read(old, AgencyID.init(parsing:)), successors: heirs[old] ?? [])
        }
    }

    /// The table as far as it is decided, and a line for each unit that is not: behind `#` where somebody must choose.
    private func printDraft(_ plan: SuccessionPlan) {
        print("# old,new,takes")
        for closing in plan.closings {
            if closing.successors.isEmpty { print(SuccessionTable.text(closing.agency, nil), terminator: "") }
            for heir in closing.successors {
                let words =
                    closing.successors.count == 1
                    ? []
                    : [
                        heir.takesPending ? "pending" : "", heir.isDefault ? "default" : "",
                    ]
                print(
                    SuccessionTable.text(
                        closing.agency, heir.agency, takes: words.filter { !$0.isEmpty }.joined(separator: " ")),
                    terminator: "")
            }
        }
        for unit in plan.undecided {
            let line = SuccessionTable.text(unit.agency.code, unit.proposal)
            guard unit.isCollision || unit.holder == nil else {
                print(line, terminator: "")
                continue
            }
            print("# \(Self.why(unit))")
            print("#\(line)", terminator: "")
        }
    }

    private static func why(_ unit: SuccessionPlan.Undecided) -> String {
        var reasons = ["\(unit.agency.code) \(unit.agency.name)"]
        if let holder = unit.holder {
            reasons.append("\(holder.code) là \(holder.name)")
        } else {
            reasons.append("chưa có đơn vị mang mã kế thừa")
        }
        if !unit.rivals.isEmpty {
            reasons.append("trùng mã với \(unit.rivals.map(\.text).joined(separator: ", "))")
        }
        return reasons.joined(separator: "; ")
    }

    private func undecided(_ plan: SuccessionPlan) throws -> Refusal {
        let units = plan.undecided.map(Undecided.init)
        if output.json {
            try Console.printJSON(["undecided": units])
        } else {
            for unit in plan.undecided {
                let mark = unit.isCollision ? "trùng (collision)" : "chưa quyết định"
                print("  \(unit.agency.code) → \(unit.proposal?.text ?? "?"): \(mark): \(Self.why(unit))")
            }
        }
        let collisions = plan.undecided.count(where: \.isCollision)
        return Refusal(.successionUndecided, "\(units.count) units, \(collisions) of them collide")
    }

    /// A unit of which nothing is said. The keys are stable.
    struct Undecided: Encodable {
        let code: AgencyID
        let name: String
        let proposal: AgencyID?
        let proposalName: String?
        let rivals: [AgencyID]
        let isCollision: Bool

        init(_ unit: SuccessionPlan.Undecided) {
            code = unit.agency.code
            name = unit.agency.name
            proposal = unit.proposal
            proposalName = unit.holder?.name
            rivals = unit.rivals
            isCollision = unit.isCollision
        }
    }

    private func show(_ outcome: SuccessionOutcome, _ registry: RegistrySnapshot, moved: Int) throws {
        var report = SuccessionReport(
            outcome, registry, try Input.decision(options.decision, options.date), isDryRun: options.dryRun,
            moved: moved)
        report.toleratedUntil = try options.tolerateUntil.flatMap { try Input.instant($0, "--tolerate-until") }
        try report.show(output)
    }
}

/// A succession as commands print it. The keys are stable.
struct SuccessionReport: Encodable {
    let effective: Instant
    var toleratedUntil: Instant?
    /// Absent where one agency was closed on none.
    let decision: String?
    let decisionDate: String?
    let isDryRun: Bool
    /// Deliveries that went to a successor at once.
    let moved: Int
    let agencies: [Agency]

    struct Agency: Encodable {
        let code: AgencyID
        let name: String
        let successors: [Successor]
        /// Deliveries that wait for it.
        let waiting: Int
    }

    struct Successor: Encodable {
        let code: String
        let takesPending: Bool
        let isDefault: Bool

        init(_ heir: AgencySuccessor, in registry: RegistrySnapshot) {
            code = registry.agency(heir.agency)?.code.text ?? ""
            takesPending = heir.takesPending
            isDefault = heir.isDefault
        }
    }

    /// - Parameter registry: in which its successors are.
    init(
        _ outcome: SuccessionOutcome, _ registry: RegistrySnapshot, _ decision: Decision?, isDryRun: Bool, moved: Int
    ) {
        effective = outcome.effective
        self.decision = decision?.number
        decisionDate = decision?.date.iso8601
        self.isDryRun = isDryRun
        self.moved = moved
        agencies = outcome.agencies.map { agency in
            Agency(
                code: agency.code, name: registry.agency(agency.key)?.name ?? "",
                successors: agency.successors.map { Successor($0, in: registry) },
                waiting: agency.waiting)
        }
    }

    func show(_ output: OutputOptions) throws {
        if output.json { return try Console.printJSON(self) }
        for agency in agencies {
            let heirs = agency.successors.map { heir in
                let takes = [heir.takesPending ? "đang chờ" : nil, heir.isDefault ? "gửi mới" : nil].compactMap(\.self)
                return agency.successors.count == 1 ? heir.code : "\(heir.code) (\(takes.joined(separator: ", ")))"
            }
            let target = heirs.isEmpty ? "không có đơn vị kế thừa" : heirs.joined(separator: ", ")
            print("  \(agency.code) \(agency.name) → \(target); đang chờ: \(agency.waiting)")
        }
        let when = "hiệu lực \(effective.iso8601)" + (decision.map { ", theo \($0)" } ?? "")
        print(
            isDryRun
                ? "Chưa đổi gì (dry run): \(when)."
                : "Đã ghi: \(when). Đã chuyển \(moved) văn bản đang chờ.")
    }
}
