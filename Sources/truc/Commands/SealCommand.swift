// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Store
import Trust

extension PackageCommand {
    struct Seal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop everything that would hand a document out, and tell who has it already.",
            discussion: """
                truc package seal "000.00.13.H52,2026/11/20,15/SXD-VP" --reason "Báo cáo 12/STTTT" --dry-run
                truc package seal 0193a5c4-… --reason "Gửi nhầm văn bản mật" --record bien-ban.md

                For what must not be where it is: a state secret that was sent by mistake. From then on, at every node, nobody
                fetches it, its sender neither; it is in no list, is not pushed, takes no update and no further recipient. What
                is being pushed at this moment may still arrive: the same command again tells so. Takes a document id, or the
                DocId or docId of any package or delivery; a recall or status is sealed alone.

                --record writes the draft of the record (biên bản) for those who sign it; it does not repeat the subject.
                """)

        @OptionGroup var change: SealOptions
        @Option(help: ArgumentHelp("Write the record to this new file.", valueName: "file")) var record: String?

        func validate() throws {
            guard record == nil || !change.dryRun else {
                throw ValidationError("--record belongs to a seal, not to --dry-run.")
            }
        }

        func run() async throws {
            if let record, FileManager.default.fileExists(atPath: record) {
                throw Refusal(.fileUnwritable, "\(record): exists")
            }
            let now = Instant.now()
            let report = try await change.run { database, reason in
                try await database.seal(
                    change.id, reason: reason, actor: Operator.actor, at: now, isTrial: change.dryRun)
            }
            if let record {
                let text = SealRecord.text(report, writtenAt: now, by: Operator.actor)
                guard
                    FileManager.default.createFile(
                        atPath: record, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
                else { throw Refusal(.fileUnwritable, record) }
            }
            if change.output.json { return try Console.printJSON(SealText.Shown(report, isTrial: change.dryRun)) }
            for line in SealText.sealed(report, isTrial: change.dryRun) { Console.line(line) }
            Console.printTable(SealText.table(report))
            if let record { print("Dự thảo biên bản: \(record)") }
        }
    }

    struct Unseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the seal off a document: what it had stopped goes on.",
            discussion: """
                truc package unseal 0193a5c4-… --reason "Công văn 7/CAT: không phải bí mật nhà nước"

                What was recalled meanwhile stays held, and so does what is under another seal. Where a scan has found malware
                while it was sealed for something else, the hub's own seal follows, and is taken off by the same command
                again. A document whose content was destroyed stays sealed.
                """)

        @OptionGroup var change: SealOptions

        func run() async throws {
            let report = try await change.run { database, reason in
                try await database.unseal(
                    change.id, reason: reason, actor: Operator.actor, at: .now(), isTrial: change.dryRun)
            }
            if change.output.json { return try Console.printJSON(SealText.Shown(report, isTrial: change.dryRun)) }
            for line in SealText.unsealed(report, isTrial: change.dryRun) { Console.line(line) }
            Console.printTable(SealText.table(report))
        }
    }

    struct Sealed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what is sealed, the oldest seal first.")

        @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// A seal as printed.
        struct Shown: Encodable {
            let docId: PackageID
            let documentId: String
            let from: String
            let sealedAt: Instant
            let sealedBy: String
            let reason: String
        }

        func validate() throws {
            guard (1...Database.maxListedSeals).contains(limit) else {
                throw ValidationError("--limit is 1 to \(Database.maxListedSeals).")
            }
        }

        func run() async throws {
            let seals = try await Installation.visit(installation) { try await $0.seals(limit: limit) }.map {
                Shown(
                    docId: $0.document, documentId: $0.documentID, from: $0.sender, sealedAt: $0.at,
                    sealedBy: $0.actor, reason: $0.reason)
            }
            if output.json { return try Console.printJSON(seals) }
            Console.printTable(
                [["SEALED", "BY", "FROM", "DOCUMENT"]]
                    + seals.map {
                        [$0.sealedAt.iso8601, $0.sealedBy, $0.from, "\($0.documentId) — \($0.reason) (\($0.docId))"]
                    })
        }
    }
}

/// Which document, and why.
struct SealOptions: ParsableArguments {
    @Argument(help: "A document id, or the DocId or docId of a package or delivery.") var id: String
    @Option(help: "Why, for the history.") var reason: String
    @Flag(help: "Tell who has it, and change nothing.") var dryRun = false
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    func run(_ act: (Database, String) async throws -> SealReport) async throws -> SealReport {
        let reason = try Input.text(self.reason, "--reason")
        return try await Installation.visit(installation) { try await act($0, reason) }
    }
}

/// A seal as people and programs read it.
enum SealText {
    /// A seal in JSON.
    struct Shown: Encodable {
        struct Read: Encodable {
            let system: String
            let first: Instant
            let last: Instant
            let count: Int

            init(_ read: SealReport.Read) {
                system = read.system
                first = read.first
                last = read.last
                count = read.count
            }
        }

        struct Recipient: Encodable {
            let docId: DeliveryID
            let packageDocId: PackageID
            let to: String
            let toName: String?
            let state: DeliveryState
            let possession: Possession
            let enteredAt: Instant?
            let endpoint: String?
            let status: DocumentStatus?
            let statusAt: Instant?
            let reads: [Read]
        }

        let docId: PackageID
        let documentId: String
        let code: String
        let from: String
        let fromName: String
        let acceptedAt: Instant
        let sha256: String
        let sealedAt: Instant?
        let sealedBy: String?
        let reason: String?
        /// It was sealed before this call.
        let wasSealed: Bool
        let dryRun: Bool
        let recipients: [Recipient]
        let senderReads: [Read]

        init(_ report: SealReport, isTrial: Bool) {
            docId = report.document.package
            documentId = report.document.documentID
            code = report.document.code
            from = report.document.sender
            fromName = report.document.senderName
            acceptedAt = report.document.acceptedAt
            sha256 = report.document.sha256.hex
            sealedAt = report.seal?.at
            sealedBy = report.seal?.actor
            reason = report.seal?.reason
            wasSealed = report.seal?.isOld ?? false
            dryRun = isTrial
            recipients = report.recipients.map {
                Recipient(
                    docId: $0.delivery, packageDocId: $0.package, to: $0.written, toName: $0.name, state: $0.state,
                    possession: $0.possession, enteredAt: $0.enteredAt, endpoint: $0.endpoint, status: $0.status,
                    statusAt: $0.statusAt, reads: $0.reads.map(Read.init))
            }
            senderReads = report.senderReads.map(Read.init)
        }
    }

    static func sealed(_ report: SealReport, isTrial: Bool) -> [String] {
        let document = report.document.documentID
        guard let seal = report.seal else { return ["Văn bản \(document) chưa bị niêm phong (chạy thử, chưa đổi)."] }
        return seal.isOld
            ? ["Văn bản \(document) đã bị niêm phong từ \(seal.at.iso8601), \(seal.actor): \(seal.reason)."]
            : ["Đã niêm phong văn bản \(document) lúc \(seal.at.iso8601)."]
    }

    /// A seal that follows was made by this call, or would be.
    static func unsealed(_ report: SealReport, isTrial: Bool) -> [String] {
        let trial = isTrial ? " (chạy thử, chưa đổi)" : ""
        let lines = ["Bỏ niêm phong văn bản \(report.document.documentID)\(trial)."]
        guard let seal = report.seal, !seal.isOld else { return lines }
        return lines + [
            "Trục niêm phong tiếp: \(seal.reason). Nếu là nhầm, truc package unseal lần nữa (sealed again for what the scan "
                + "found; unseal once more if that is a mistake)."
        ]
    }

    /// Those who have it first.
    static func table(_ report: SealReport) -> [[String]] {
        let order = Possession.allCases
        let sorted = order.flatMap { possession in report.recipients.filter { $0.possession == possession } }
        return [["HAS IT", "STATE", "ENTERED", "READ", "TO"]]
            + sorted.map { recipient in
                [
                    recipient.possession.rawValue, recipient.state.rawValue, recipient.enteredAt?.iso8601 ?? "-",
                    recipient.reads.isEmpty
                        ? "-" : recipient.reads.map { "\($0.system) \($0.first.iso8601)" }.joined(separator: ", "),
                    recipient.written + (recipient.name.map { " (\($0))" } ?? ""),
                ]
            }
    }
}
