// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Store

extension PackageCommand {
    /// Which scans are listed.
    enum ScanState: String, CaseIterable, ExpressibleByArgument {
        case waiting
        case found
        case impossible
        case passed

        var outcome: ScanOutcome? {
            switch self {
            case .waiting: nil
            case .found: .found
            case .impossible: .impossible
            case .passed: .passed
            }
        }
    }

    struct Scans: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List packages that wait for their malware scan, or did not end it clean.",
            discussion: """
                truc package scans                     those that wait
                truc package scans --state found       those in quarantine (truc package unseal releases one)
                truc package scans --state impossible  those that cannot be scanned, and why
                truc package scans --state passed      those that went on unscanned
                """)

        @Option(help: ArgumentHelp("waiting, found, impossible or passed.", valueName: "state"))
        var state = ScanState.waiting
        @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// A scan as printed.
        struct Shown: Encodable {
            let docId: PackageID
            let documentId: String
            let from: String
            let acceptedAt: Instant
            let state: String
            let detail: String?
            let failures: Int
            let endedAt: Instant?
        }

        func validate() throws {
            guard (1...Database.maxListedScans).contains(limit) else {
                throw ValidationError("--limit is 1 to \(Database.maxListedScans).")
            }
        }

        func run() async throws {
            let scans = try await Installation.visit(installation) {
                try await $0.scans(state.outcome, limit: limit)
            }.map {
                Shown(
                    docId: $0.package, documentId: $0.documentID, from: $0.sender, acceptedAt: $0.acceptedAt,
                    state: state.rawValue, detail: $0.detail, failures: $0.failures, endedAt: $0.endedAt)
            }
            if output.json { return try Console.printJSON(scans) }
            Console.printTable(
                [["ACCEPTED", "STATE", "FROM", "DOCUMENT"]]
                    + scans.map {
                        [
                            $0.acceptedAt.iso8601, $0.state, $0.from,
                            "\($0.documentId) (\($0.docId))\($0.detail.map { " — \($0)" } ?? "")",
                        ]
                    })
        }
    }

    struct ScanAgain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a package scanned now, or once more.",
            discussion: "truc package scan-again 0193a5c4-… --reason \"Đã nâng StreamMaxLength\"")

        @OptionGroup var change: ScanOptions

        func run() async throws { try await change.run(.again, "Đã yêu cầu quét lại") }
    }

    struct PassUnscanned: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a package go on although its files were not scanned.",
            discussion: """
                truc package pass-unscanned 0193a5c4-… --reason "Đã quét thủ công, công văn 9/STTTT"

                Recorded, and shown in its trace for ever. What a scan has found is not let go by this: see truc package unseal.
                """)

        @OptionGroup var change: ScanOptions

        func run() async throws { try await change.run(.pass, "Đã cho đi không quét") }
    }
}

/// Which scan, and why.
struct ScanOptions: ParsableArguments {
    @Argument(help: "The DocId of a package, or the docId of a delivery of it.") var id: String
    @Option(help: "Why, for the history.") var reason: String
    @Flag(help: "Tell whether it would be done, and change nothing.") var dryRun = false
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    /// What became of a scan, as printed: `waiting`, or a `ScanOutcome`.
    struct Outcome: Encodable {
        let docId: PackageID
        let before: String
        let after: String
        let dryRun: Bool
    }

    func run(_ act: ScanAct, _ said: String) async throws {
        let reason = try Input.text(self.reason, "--reason")
        guard let id = try? PackageID(parsing: id) else { throw Refusal(.malwareScanNotFound, id) }
        let (package, before) = try await Installation.visit(installation) {
            try await $0.order(
                act, scanOf: id, reason: reason, actor: Operator.actor, at: .now(), isTrial: dryRun)
        }
        let waiting = PackageCommand.ScanState.waiting.rawValue
        let outcome = Outcome(
            docId: package, before: before?.rawValue ?? waiting,
            after: act == .pass ? ScanOutcome.passed.rawValue : waiting, dryRun: dryRun)
        if output.json { return try Console.printJSON(outcome) }
        print(dryRun ? "\(said) (chạy thử, chưa đổi): \(package)." : "\(said): \(package).")
    }
}
