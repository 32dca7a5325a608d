// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Hub
import Store

/// Documents of which their recipients say nothing, for whoever has to call.
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "List what recipients owe of documents: an acknowledgement, a cancellation, a reason.",
        discussion: """
            truc delivery alerts

            The most urgent first. Fetched, or confirmed by a program, is not received: a document stands here until its
            recipient says a status of it. A document that was recalled stands here until its recipient has cancelled it (15), and one
            that was returned without a reason until the reason is given. STEP is who was alerted last: agency (and the sender), superior, operator. CALL is the
            duty post of that step, and in JSON all three (truc agency contact set).
            """)

    @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...Database.maxListedAlerts).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Database.maxListedAlerts).")
        }
    }

    func run() async throws {
        let lines = try await Installation.visit(installation) { database in
            let contacts = DutyContacts(
                try await database.dutyContacts(), in: RegistrySnapshot(try await database.registry()))
            return try await database.openAlerts(limit: limit).map { AlertText.Shown($0, contacts) }
        }
        if output.json { return try Console.printJSON(lines) }
        Console.printTable(AlertText.table(lines))
    }
}

/// Alerts as people and programs read them.
enum AlertText {
    /// A duty post as printed.
    struct Contact: Encodable {
        let name: String
        let phone: String
        let mail: String?

        init(_ contact: DutyContact) {
            name = contact.name
            phone = contact.phone.text
            mail = contact.mail
        }
    }

    /// An alert in JSON.
    struct Shown: Encodable {
        let docId: DeliveryID
        let packageDocId: PackageID
        let documentId: String
        let from: String
        let to: String
        let urgency: Int
        /// What is owed: word, cancellation, reason; and since when.
        let duty: CollectionAlert.Duty
        let since: Instant
        let raisedAt: Instant
        let step: CollectionAlert.Step
        let stage: CollectionAlert.Stage
        /// By step: agency, superior, operator.
        let contacts: [String: Contact]

        init(_ alert: OpenAlert, _ contacts: DutyContacts) {
            docId = alert.delivery
            packageDocId = alert.package
            documentId = alert.documentID
            from = alert.senderWritten
            to = alert.recipientWritten
            urgency = alert.urgency.rawValue
            duty = alert.duty
            since = alert.since
            raisedAt = alert.raisedAt
            step = alert.step
            stage = alert.stage
            var found: [String: Contact] = [:]
            for step in CollectionAlert.Step.allCases where step != .watched {
                if let contact = contacts.contact(step, of: alert.recipient) { found[step.rawValue] = Contact(contact) }
            }
            self.contacts = found
        }
    }

    static func table(_ alerts: [Shown]) -> [[String]] {
        [["SINCE", "URGENCY", "STEP", "STAGE", "TO", "CALL", "DOCUMENT"]]
            + alerts.map { alert in
                [
                    alert.since.iso8601, Urgency(rawValue: alert.urgency)?.vietnamese ?? "-", alert.step.rawValue,
                    alert.stage.rawValue, alert.to,
                    alert.contacts[alert.step.rawValue].map { "\($0.name), \($0.phone)" } ?? "-", alert.documentId,
                ]
            }
    }
}
