// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Store

/// Documents that recipients have not dealt with by the day that their senders named.
struct OverdueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overdue", abstract: "List the documents whose due day is over and that are not dealt with.",
        discussion: """
            truc delivery overdue

            The longest overdue first, of the last \(Database.overdueDays) days. A recipient ends it with 06 (completed) or 02
            (returned), a sender with a recall; 05 (in progress) ends nothing.
            """)

    @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    /// A document as printed.
    struct Shown: Encodable {
        let dueDate: String
        let docId: DeliveryID
        let packageDocId: PackageID
        let documentId: String
        let from: String
        let to: String
        let state: DeliveryState
        let status: DocumentStatus?

        init(_ document: OverdueDocument) {
            dueDate = document.due.iso8601
            docId = document.delivery
            packageDocId = document.package
            documentId = document.documentID
            from = document.senderWritten
            to = document.recipientWritten
            state = document.state
            status = document.status
        }
    }

    func validate() throws {
        guard (1...Database.maxOverdueListed).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Database.maxOverdueListed).")
        }
    }

    func run() async throws {
        let documents = try await Installation.visit(installation) {
            try await $0.overdueDocuments(today: Instant.now().vietnamDate, limit: limit)
        }.map(Shown.init)
        if output.json { return try Console.printJSON(documents) }
        Console.printTable(
            [["DUE", "STATUS", "FROM", "TO", "DOCUMENT"]]
                + documents.map {
                    [$0.dueDate, $0.status?.state.vietnamese ?? $0.state.rawValue, $0.from, $0.to, $0.documentId]
                })
    }
}

extension PackageCommand {
    struct Repeated: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List documents whose number and notation their sender had used before.",
            discussion: """
                truc package repeated

                The latest first. Both documents were delivered; the sender was told by a message from the hub.
                """)

        @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// A pair as printed.
        struct Shown: Encodable {
            let from: String
            let code: String
            let docId: PackageID
            let documentId: String
            let acceptedAt: Instant
            let otherDocId: PackageID
            let otherDocumentId: String
            let foundAt: Instant
        }

        func validate() throws {
            guard (1...Database.maxRepeatedCodes).contains(limit) else {
                throw ValidationError("--limit is 1 to \(Database.maxRepeatedCodes).")
            }
        }

        func run() async throws {
            let codes = try await Installation.visit(installation) { try await $0.repeatedCodes(limit: limit) }.map {
                Shown(
                    from: $0.sender, code: $0.code, docId: $0.package, documentId: $0.documentID,
                    acceptedAt: $0.acceptedAt, otherDocId: $0.other, otherDocumentId: $0.otherDocumentID,
                    foundAt: $0.foundAt)
            }
            if output.json { return try Console.printJSON(codes) }
            Console.printTable(
                [["ACCEPTED", "FROM", "CODE", "DOCUMENT", "AND BEFORE"]]
                    + codes.map { [$0.acceptedAt.iso8601, $0.from, $0.code, $0.documentId, $0.otherDocumentId] })
        }
    }
}
