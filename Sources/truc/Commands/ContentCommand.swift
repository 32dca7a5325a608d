// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store

struct ContentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "content", abstract: "Look after the stored packages.", subcommands: [Check.self, Destroy.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read every byte of every package and compare it with what was accepted.",
            discussion: """
                truc content check          names packages that are damaged or missing, and what is unreferenced
                truc content check --json   one JSON object a line: the findings, then the sums

                Changes nothing and may run beside the daemon; what comes in meanwhile may be told as unreferenced. Bytes to
                which no package points harm nobody.

                Exit status 0 when every package is whole, 2 when one is not.
                """)

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let printer = ContentCheckPrinter(isJSON: output.json)
            let summary = try await Installation.visitWhole(installation) { installation in
                try await installation.database.checkContent(in: installation.contentDirectory) { finding in
                    try printer.show(finding)
                }
            }
            try printer.show(summary)
            if !summary.isWhole { throw ExitCode(Console.operatorStatus) }
        }
    }
}

extension ContentCommand {
    struct Destroy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the content of a document unreadable for ever, in every copy.",
            discussion: """
                truc content destroy 0193a5c4-… --decision 45/QĐ-VP --date 2026-11-20

                Destroys the keys under which the document's packages are stored; envelope, history and digests stay. Refused
                while a recipient still awaits it. Backups of the database from before still hold the keys, wrapped: docs/data.md
                says what it takes that these do not open either.

                Cannot be undone.
                """)

        @Argument(help: "The id of a package of the document.") var id: String
        @Option(help: ArgumentHelp("Number and notation of the decision to destroy it.", valueName: "number"))
        var decision: String
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let id = try Input.read(self.id, PackageID.init(parsing:))
            let decision = try Input.decision(self.decision, date)
            let destroyed = try await Installation.visit(installation) { database in
                try await database.destroyContent(of: id, on: decision, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(["destroyed": destroyed]) }
            guard !destroyed.isEmpty else { return print("Nội dung của \(id) đã bị hủy từ trước.") }
            for package in destroyed { print("Đã hủy nội dung gói tin \(package) theo \(decision.number).") }
        }
    }
}

/// Prints what a check finds as soon as it is found: there may be more than memory holds.
private struct ContentCheckPrinter: Sendable {
    let isJSON: Bool

    /// A line of `--json`.
    private struct Line: Encodable {
        let finding: String
        var packageId: PackageID?
        var documentId: String?
        var detail: String?
        var place: String?
        var offset: Int64?
        var bytes: Int64?
    }

    /// The last line of `--json`.
    private struct Sums: Encodable {
        let finding = "summary"
        let packages: Int64
        let bytes: Int64
        let damaged: Int64
        let missing: Int64
        let unreadable: Int64
        let destroyed: Int64
        let unreferencedBytes: Int64
    }

    func show(_ finding: ContentFinding) throws {
        switch finding {
        case .faulty(let package, let document, let fault):
            if isJSON {
                return try printLine(
                    Line(
                        finding: fault.kind.rawValue, packageId: package, documentId: document, detail: fault.detail))
            }
            print("\(name(fault.kind)): gói tin \(package), văn bản \(document)\n  \(fault.detail)")
        case .unreferenced(let place, let bytes):
            if isJSON {
                return try printLine(
                    Line(
                        finding: "unreferenced", place: place, offset: bytes.lowerBound, bytes: Int64(bytes.count)))
            }
            print("không gói tin nào dùng (unreferenced): \(place), \(bytes.count) byte từ byte \(bytes.lowerBound)")
        }
    }

    func show(_ summary: ContentCheckSummary) throws {
        func count(_ kind: ContentFault.Kind) -> Int64 { summary.faults[kind] ?? 0 }
        if isJSON {
            return try printLine(
                Sums(
                    packages: summary.packages, bytes: summary.bytes, damaged: count(.damaged),
                    missing: count(.missing), unreadable: count(.unreadable),
                    destroyed: summary.destroyed, unreferencedBytes: summary.unreferencedBytes))
        }
        print("Đã kiểm tra \(summary.packages) gói tin; \(summary.bytes) byte nguyên vẹn.")
        if summary.isWhole {
            print("Mọi gói tin đều nguyên vẹn (all whole).")
        } else {
            let faults = ContentFault.Kind.allCases.map { "\(name($0)): \(count($0))" }
            print("\(faults.joined(separator: "; ")).\nPhục hồi nội dung từ bản sao lưu (restore from the backup).")
        }
        if summary.destroyed > 0 {
            print("Nội dung đã hủy theo quyết định (destroyed): \(summary.destroyed) gói tin.")
        }
        if summary.unreferencedBytes > 0 {
            print("\(summary.unreferencedBytes) byte không gói tin nào dùng; vô hại.")
        }
    }

    private func name(_ kind: ContentFault.Kind) -> String {
        switch kind {
        case .damaged: "hỏng (damaged)"
        case .missing: "mất (missing)"
        case .unreadable: "không đọc được (unreadable)"
        }
    }

    private func printLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
