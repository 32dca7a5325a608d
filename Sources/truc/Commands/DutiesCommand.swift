// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Store

/// Recalls that wait for an answer, for whoever has to remind.
struct DutiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duties", abstract: "List the recalls that recipients have not answered, oldest first.",
        discussion: """
            truc delivery duties

            A recipient that has seen a recalled document must cancel it and say so (QĐ 28/2018/QĐ-TTg Điều 9.2): it stands
            here until it answers 15, also when it has answered 16 (declined).
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
        let duties = try await Installation.visit(installation) { try await $0.recallDuties(limit: limit) }
        if output.json { return try Console.printJSON(duties.map(DutyText.Shown.init)) }
        Console.printTable(DutyText.table(duties))
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
        let from: String
        let documentId: String
        /// The receipts of the document and of its recall.
        let docId: PackageID
        let recallDocId: PackageID
        let answeredAt: Instant?
        let answer: String?

        init(_ duty: RecallDuty) {
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

    static func table(_ duties: [RecallDuty]) -> [[String]] {
        [["SINCE", "OUTCOME", "OWES", "TO SENDER", "DOCUMENT"]]
            + duties.map { duty in
                [
                    duty.since.iso8601, duty.outcome.rawValue, "\(duty.recipient) (\(duty.recipientName))", duty.sender,
                    duty.documentID + (duty.answer.map { " — \($0)" } ?? ""),
                ]
            }
    }
}
