// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Store

/// One of the operator's verbs on deliveries.
protocol DeliveryVerb: Sendable {
    static var act: DeliveryLife.Act { get }
    static var abstract: String { get }
    static var discussion: String { get }
}

/// Does a verb to deliveries, one after the other: each is its own change with its own row in the history.
struct ActCommand<Verb: DeliveryVerb>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Verb.act.rawValue, abstract: Verb.abstract,
            discussion: """
                \(Verb.discussion)

                The reason stands in the history. --dry-run tells what would become of each and changes nothing. When one
                is refused, those before it are done, and the exit status tells.
                """)
    }

    @Argument(help: "The deliveries' docIds.") var ids: [String]
    @Option(help: "Why, for the history.") var reason: String
    @Flag(help: "Tell what would become of them, and change nothing.") var dryRun = false
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    /// What became of one, as printed.
    struct Outcome: Encodable {
        let docId: DeliveryID
        let before: DeliveryState
        let after: DeliveryState
        let dryRun: Bool
    }

    func validate() throws { try DeliveryVisit.check(ids) }

    func run() async throws {
        let reason = try Input.text(reason, "--reason")
        try await DeliveryVisit.run(ids, installation, output) { database, id in
            let (before, after) = try await database.order(
                Verb.act, id, reason: reason, actor: Operator.actor, at: .now(), isTrial: dryRun)
            return Outcome(docId: id, before: before, after: after, dryRun: dryRun)
        } line: { outcome in
            "\(outcome.docId): \(outcome.before.rawValue) → \(outcome.after.rawValue)"
                + (dryRun ? " (chạy thử, chưa đổi)" : "")
        }
    }
}

extension DeliveryCommand {
    enum Retry: DeliveryVerb {
        static let act = DeliveryLife.Act.retry
        static let abstract = "Try now, from the beginning: also what was refused or has expired."
        static let discussion = "truc delivery retry 0193a5c4-… --reason \"Nơi nhận đã sửa hệ thống\""
    }

    enum Hold: DeliveryVerb {
        static let act = DeliveryLife.Act.hold
        static let abstract = "Stop a delivery, until it is released."
        static let discussion = """
            truc delivery hold 0193a5c4-… --reason "Nơi gửi báo gửi nhầm"

            It leaves its recipient's list and is not carried any more. What is on its way at this moment may still arrive;
            then it counts as delivered.
            """
    }

    enum Release: DeliveryVerb {
        static let act = DeliveryLife.Act.release
        static let abstract = "Put a held delivery back, with its failures forgotten."
        static let discussion = "truc delivery release 0193a5c4-… --reason \"Đã xác minh\""
    }

    enum Expire: DeliveryVerb {
        static let act = DeliveryLife.Act.expire
        static let abstract = "Give a delivery up."
        static let discussion = "truc delivery expire 0193a5c4-… --reason \"Nơi nhận đã nhận bản giấy\""
    }

    enum Replay: DeliveryVerb {
        static let act = DeliveryLife.Act.replay
        static let abstract = "Deliver once more what was delivered, under the same id."
        static let discussion = "truc delivery replay 0193a5c4-… --reason \"Nơi nhận mất dữ liệu, công văn 12/STC\""
    }
}
