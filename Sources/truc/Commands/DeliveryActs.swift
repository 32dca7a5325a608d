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

    /// Most deliveries of one call.
    static var maxDeliveries: Int { 1_000 }

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

    func validate() throws {
        guard ids.count <= Self.maxDeliveries else {
            throw ValidationError("At most \(Self.maxDeliveries) deliveries at once.")
        }
    }

    func run() async throws {
        let ids = try ids.map { id in try Input.read(id, DeliveryID.init(parsing:)) }
        let reason = try Input.text(reason, "--reason")
        let (outcomes, refusal) = try await Installation.visit(installation) { database in
            var outcomes: [Outcome] = []
            for id in ids {
                do {
                    let (before, after) = try await database.order(
                        Verb.act, id, reason: reason, actor: Operator.actor, at: .now(), isTrial: dryRun)
                    outcomes.append(Outcome(docId: id, before: before, after: after, dryRun: dryRun))
                } catch let refusal as Refusal {
                    return (outcomes, refusal as Refusal?)
                }
            }
            return (outcomes, nil)
        }
        if output.json {
            try Console.printJSON(outcomes)
        } else {
            for outcome in outcomes {
                print(
                    "\(outcome.docId): \(outcome.before.rawValue) → \(outcome.after.rawValue)"
                        + (dryRun ? " (chạy thử, chưa đổi)" : ""))
            }
        }
        if let refusal { throw refusal }
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
