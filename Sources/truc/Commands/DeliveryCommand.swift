// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Store

struct DeliveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery", abstract: "What stands where on its way, and what is done about it.",
        subcommands: [
            List.self, Show.self, Shape.self, DutiesCommand.self, AlertsCommand.self, OverdueCommand.self,
            ActCommand<Retry>.self,
            ActCommand<Hold>.self,
            ActCommand<Release>.self,
            ActCommand<Expire>.self, ActCommand<Replay>.self, RedirectCommand.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the deliveries in one state, oldest first.",
            discussion: """
                truc delivery list                   those that are held and wait for you
                truc delivery list --state waiting   those that their recipients have not confirmed

                States: \(DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")).
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

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell all about one delivery: its state, its place in the queue, every attempt.",
            discussion: "truc delivery show 0193a5c4-…")

        @Argument(help: "The delivery's docId.") var id: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let id = try Input.read(self.id, DeliveryID.init(parsing:))
            let report = try await Installation.visit(installation) { try await $0.report(on: id) }
            let shown = ShownReport(report)
            if output.json { return try Console.printJSON(shown) }
            let agency = report.agency.flatMap { $0 == shown.to ? nil : " (\($0))" } ?? ""
            Console.line(
                "\(shown.state)  \(shown.from) → \(shown.to)\(agency)  \(shown.documentId)  "
                    + "(\(report.urgency.vietnamese))")
            if let refusal = report.refusal { Console.line("  \(refusal.entry.vietnamese) [\(refusal.rawValue)]") }
            if let detail = shown.detail, !detail.isEmpty { Console.line("  \(detail)") }
            if let queued = report.queued {
                let next =
                    queued.isParked
                    ? "tạm dừng"
                    : queued.isCarried ? "đang chuyển" : queued.dueAt.map { "thử lại lúc \($0)" } ?? "chờ đến lượt"
                Console.line("  \(queued.url): \(next); đã thử \(queued.attempts) lần")
            }
            for attempt in shown.attempts {
                let status = attempt.httpStatus.map { " HTTP \($0)" } ?? ""
                let late = attempt.isLate ? " (đến muộn, không tính)" : ""
                Console.line(
                    "  #\(attempt.number) \(attempt.beganAt) → \(attempt.endedAt) \(attempt.outcome)\(late)\(status)"
                        + [attempt.code, attempt.detail].compactMap { $0.map { " \($0)" } }.joined())
            }
        }
    }

    struct Shape: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what waits, by recipient and age.",
            discussion: """
                truc delivery shape

                One line for each recipient, those first for which most waits; one column for each age, as Postfix's qshape.
                """)

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// What waits for one recipient, as printed.
        struct Line: Encodable {
            let recipient: String
            let channel: String
            let total: Int
            let byAge: [String: Int]
        }

        func run() async throws {
            let ages = Metric.backlogAges
            let shapes = try await Installation.visit(installation) {
                try await $0.shape(ages: ages.map { .seconds($0.seconds) }, at: .now())
            }
            let labels = ages.map(\.label) + [">\(ages.last?.label ?? "")"]
            if output.json {
                return try Console.printJSON(
                    shapes.map { shape in
                        Line(
                            recipient: shape.recipient, channel: Self.channel(shape), total: shape.total,
                            byAge: Dictionary(zip(labels, shape.counts), uniquingKeysWith: +))
                    })
            }
            Console.printTable(
                [["TO", "BY", "TOTAL"] + labels]
                    + shapes.map {
                        [$0.recipient, Self.channel($0), String($0.total)] + $0.counts.map { String($0) }
                    })
        }

        private static func channel(_ shape: DeliveryShape) -> String { shape.hasEndpoint ? "push" : "pull" }
    }

    /// A delivery as lists print it.
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

    /// A delivery with its way.
    struct ShownReport: Encodable {
        struct Queued: Encodable {
            let url: String
            let dueAt: Instant?
            let parked: Bool
            let carried: Bool
            let attempts: Int
        }

        struct Attempt: Encodable {
            let number: Int
            let beganAt: Instant
            let endedAt: Instant
            let outcome: String
            let isLate: Bool
            let code: String?
            let httpStatus: Int?
            let detail: String?
        }

        let docId: DeliveryID
        let packageId: PackageID
        let state: DeliveryState
        let from: String
        let to: String
        /// Who gets it: another than the one addressed after a merger or a redirect.
        let agency: String?
        let documentId: String
        let urgency: Int
        let refusal: String?
        let detail: String?
        let createdAt: Instant
        let fetchedAt: Instant?
        let enteredAt: Instant?
        let queue: Queued?
        let attempts: [Attempt]

        init(_ report: DeliveryReport) {
            docId = report.id
            packageId = report.packageID
            state = report.state
            from = report.sender
            to = report.recipient
            agency = report.agency
            documentId = report.documentID
            urgency = report.urgency.rawValue
            refusal = report.refusal?.rawValue
            detail = report.detail
            createdAt = report.createdAt
            fetchedAt = report.fetchedAt
            enteredAt = report.enteredAt
            queue = report.queued.map {
                Queued(
                    url: $0.url, dueAt: $0.dueAt, parked: $0.isParked, carried: $0.isCarried, attempts: $0.attempts)
            }
            attempts = report.attempts.map {
                Attempt(
                    number: $0.number, beganAt: $0.beganAt, endedAt: $0.endedAt, outcome: $0.outcome, isLate: $0.isLate,
                    code: $0.code, httpStatus: $0.httpStatus, detail: $0.detail)
            }
        }
    }
}

extension DeliveryState: ExpressibleByArgument {}
