// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Hub
import Store

/// What recipients owe for good, for whoever has to remind: cancellations, and reasons of returns.
struct DutiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duties",
        abstract: "List the recalls that recipients have not answered and the returns without a reason, oldest first.",
        discussion: """
            truc delivery duties

            A recipient that has seen a recalled document must cancel it and say so (QĐ 28/2018/QĐ-TTg Điều 9.2): it stands
            here until it answers 15, also when it has answered 16 (declined). One that returned a document must say why (Điều
            5.4): it stands here until it has, or 30 days. Behind one that has closed since stands who answers for it: its
            successors; without one its own system, or when that is disabled the agency above it.
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
            let recalls = try await database.recallDuties(limit: limit).map(DutyText.Duty.init)
            let returns = try await database.returnDuties(limit: limit).map(DutyText.Duty.init)
            return (recalls + returns, RegistrySnapshot(try await database.registry()))
        }
        let now = Instant.now()
        let lines = duties.sorted { $0.since < $1.since }.prefix(limit).map { duty in
            let agency = registry.agency(named: duty.recipient)
            return (duty, agency.map { registry.answering(for: $0, at: now).map(\.code.text) } ?? [])
        }
        if output.json { return try Console.printJSON(lines.map { DutyText.Shown($0, answering: $1) }) }
        Console.printTable(DutyText.table(lines))
    }
}

/// Duties as people and programs read them.
enum DutyText {
    /// One of either kind.
    struct Duty {
        let kind: CollectionAlert.Duty
        let since: Instant
        /// How far it has come: `owed`, `declined`, or `no-reason`.
        let outcome: String
        let recipient: String
        let recipientName: String
        let sender: String
        let documentID: String
        let document: PackageID
        let recall: PackageID?
        let returned: PackageID?
        let answeredAt: Instant?
        let answer: String?

        init(_ duty: RecallDuty) {
            kind = .cancellation
            since = duty.since
            outcome = duty.outcome.rawValue
            recipient = duty.recipient
            recipientName = duty.recipientName
            sender = duty.sender
            documentID = duty.documentID
            document = duty.document
            recall = duty.recall
            returned = nil
            answeredAt = duty.answeredAt
            answer = duty.answer
        }

        init(_ duty: ReturnDuty) {
            kind = .reason
            since = duty.since
            outcome = "no-reason"
            recipient = duty.recipient
            recipientName = duty.recipientName
            sender = duty.sender
            documentID = duty.documentID
            document = duty.document
            recall = nil
            returned = duty.returned
            answeredAt = nil
            answer = nil
        }
    }

    /// A duty in JSON.
    struct Shown: Encodable {
        /// What is owed: cancellation, reason.
        let duty: CollectionAlert.Duty
        let since: Instant
        let outcome: String
        let to: String
        let toName: String
        /// Who answers for it now: itself, unless it has closed.
        let answering: [String]
        let from: String
        let documentId: String
        /// The receipts of the document, and of its recall or return.
        let docId: PackageID
        let recallDocId: PackageID?
        let returnDocId: PackageID?
        let answeredAt: Instant?
        let answer: String?

        init(_ duty: Duty, answering: [String]) {
            self.answering = answering
            self.duty = duty.kind
            since = duty.since
            outcome = duty.outcome
            to = duty.recipient
            toName = duty.recipientName
            from = duty.sender
            documentId = duty.documentID
            docId = duty.document
            recallDocId = duty.recall
            returnDocId = duty.returned
            answeredAt = duty.answeredAt
            answer = duty.answer
        }
    }

    static func table(_ duties: [(duty: Duty, answering: [String])]) -> [[String]] {
        [["SINCE", "OUTCOME", "OWES", "TO SENDER", "DOCUMENT"]]
            + duties.map { duty, answering in
                let heirs = answering == [duty.recipient] ? "" : " → \(answering.joined(separator: ", "))"
                return [
                    duty.since.iso8601, duty.outcome, "\(duty.recipient) (\(duty.recipientName))\(heirs)", duty.sender,
                    duty.documentID + (duty.answer.map { " — \($0)" } ?? ""),
                ]
            }
    }
}
