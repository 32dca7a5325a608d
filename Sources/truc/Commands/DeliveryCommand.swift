// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Store

struct DeliveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery", abstract: "What stands where on its way.", subcommands: [List.self, Release.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the deliveries in one state, oldest first.",
            discussion: """
                truc delivery list                   those that are held and wait for you
                truc delivery list --state waiting   those that their recipients have not confirmed

                States: waiting, processing, delivered, held, undeliverable.
                """)

        @Option(help: "The state.") var state = DeliveryState.held
        @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...Database.maxListed).contains(limit) else {
                throw ValidationError("--limit is 1 to \(Database.maxListed).")
            }
        }

        func run() async throws {
            let deliveries = try await Installation.visit(installation) {
                try await $0.deliveries(in: state, limit: limit)
            }
            .map(Shown.init)
            if output.json { return try Console.printJSON(deliveries) }
            Console.printTable(
                [["DELIVERY", "SINCE", "FAILURES", "FROM", "TO", "DOCUMENT"]]
                    + deliveries.map {
                        [
                            $0.docId.description, $0.since.iso8601, String($0.failures), $0.from, $0.to,
                            $0.documentId + ($0.detail.map { " — \($0)" } ?? ""),
                        ]
                    })
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a held delivery back into its recipient's list.",
            discussion: "truc delivery release 0193a5c4-…")

        @Argument(help: "The delivery's docId.") var id: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let id = try Input.read(self.id, DeliveryID.init(parsing:))
            try await Installation.visit(installation) { database in
                try await database.release(id, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(["docId": id.description, "state": "waiting"]) }
            print("Đã trả \(id) về danh sách chờ của nơi nhận.")
        }
    }

    /// A delivery as commands print it.
    struct Shown: Encodable {
        let docId: DeliveryID
        let state: DeliveryState
        let since: Instant
        let from: String
        let to: String
        let documentId: String
        let failures: Int
        /// The recipient's last words on a failure, or the hub's on what it could not deliver.
        let detail: String?

        init(_ delivery: ListedDelivery) {
            docId = delivery.id
            state = delivery.state
            since = delivery.updatedAt
            from = delivery.senderWritten
            to = delivery.recipientWritten
            documentId = delivery.documentID
            failures = delivery.failures
            detail = delivery.detail
        }
    }
}

extension DeliveryState: ExpressibleByArgument {}
