// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Hub
import Store

/// Recalls that wait for an answer, for whoever has to remind.
struct DutiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duties", abstract: "List the recalls that recipients have not answered, oldest first.",
        discussion: """
            truc delivery duties

            A recipient that has seen a recalled document must cancel it and say so (QĐ 28/2018/QĐ-TTg Điều 9.2): it stands
            here until it answers 15, also when it has answered 16 (declined). Behind one that has closed since stands who
            answers for it: its successors; without one its own system, or when that is disabled the agency above it.
            """)

    @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...Database.maxDuties).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Database.maxDuties).")
        }
    }

    func run() async throws {
        let (duties, registry) = try await Installation.visit(installation) { database in
            (try await database.recallDuties(limit: limit), RegistrySnapshot(try await database.registry()))
        }
        let now = Instant.now()
        let lines = duties.map { duty in
            let agency = registry.agency(named: duty.recipient)
            return (duty, agency.map { registry.answering(for: $0, at: now).map(\.code.text) } ?? [])
        }
        if output.json { return try Console.printJSON(lines.map { DutyText.Shown($0, answering: $1) }) }
        Console.printTable(DutyText.table(lines))
    }
}

/// Duties as people and programs read them.
enum DutyText {
    /// A duty in JSON.
    struct Shown: Encodable {
        let since: Instant
        let outcome: RecallOutcome
        let to: String
        let toName: String
        /// Who answers for it now: itself, unless it has closed.
        let answering: [String]
        let from: String
        let documentId: String
        /// The receipts of the document and of its recall.
        let docId: PackageID
        let recallDocId: PackageID
        let answeredAt: Instant?
        let answer: String?

        init(_ duty: RecallDuty, answering: [String]) {
            self.answering = answering
            since = duty.since
            outcome = duty.outcome
            to = duty.recipient
            toName = duty.recipientName
            from = duty.sender
            documentId = duty.documentID
            docId = duty.document
            recallDocId = duty.recall
            answeredAt = duty.answeredAt
            answer = duty.answer
        }
    }

    static func table(_ duties: [(duty: RecallDuty, answering: [String])]) -> [[String]] {
        [["SINCE", "OUTCOME", "OWES", "TO SENDER", "DOCUMENT"]]
            + duties.map { duty, answering in
                let heirs = answering == [duty.recipient] ? "" : " → \(answering.joined(separator: ", "))"
                return [
                    duty.since.iso8601, duty.outcome.rawValue, "\(duty.recipient) (\(duty.recipientName))\(heirs)",
                    duty.sender,
                    duty.documentID + (duty.answer.map { " — \($0)" } ?? ""),
                ]
            }
    }
}
