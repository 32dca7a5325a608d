// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store
import Trust

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Prove what the hub did, and find out whether anybody altered its record.",
        subcommands: [Status.self, Check.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how far the audit log has come.")

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        private struct Printed: Encodable {
            let size: Int
            let root: String
            let waiting: Int
            let waitingSince: String?
        }

        func run() async throws {
            let state = try await Installation.visit(installation) { try await $0.auditState() }
            if output.json {
                return try Console.printJSON(
                    Printed(
                        size: state.size, root: state.root.hex, waiting: state.waiting,
                        waitingSince: state.waitingSince?.iso8601))
            }
            print("Cây có (leaves): \(state.size)\nGốc (root):      \(state.root.hex)")
            guard let since = state.waitingSince else { return print("Không sự kiện nào chờ vào cây.") }
            print("Chờ vào cây (waiting): \(state.waiting), từ \(since.iso8601)")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the tables with the audit log, and the log with its tree.",
            discussion: """
                truc audit check          names rows that were changed, removed or inserted behind the hub's back
                truc audit check --json   one JSON object a line: the findings, then the sums

                Changes nothing and may run beside the daemon; what comes in meanwhile is the next check's. Which tables and
                columns are compared: docs/audit.md. The bytes of packages: truc content check.

                Exit status 0 when nothing was found, 2 when something was.
                """)

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let printer = AuditCheckPrinter(isJSON: output.json)
            let summary = try await Installation.visit(installation) { database in
                try await database.checkAuditLog { try printer.show($0) }
            }
            try printer.show(summary)
            if !summary.isWhole { throw ExitCode(Console.operatorStatus) }
        }
    }
}

/// Prints what a check finds as soon as it is found: there may be more than memory holds.
private struct AuditCheckPrinter: Sendable {
    let isJSON: Bool

    /// A line of `--json`.
    private struct Line: Encodable {
        let finding: String
        let table: String
        /// What the row is known by, as JSON in a text.
        let row: String
        let columns: [String]
    }

    /// The last line of `--json`.
    private struct Sums: Encodable {
        let finding = "summary"
        let leaves: Int
        let root: String
        let rows: Int64
        let waiting: Int64
        let withoutSalt: Int64
        let findings: Int64
    }

    func show(_ finding: AuditFinding) throws {
        if isJSON {
            return try printLine(
                Line(
                    finding: finding.kind.rawValue, table: finding.table, row: finding.row, columns: finding.columns))
        }
        let columns = finding.columns.isEmpty ? "" : ": \(finding.columns.joined(separator: ", "))"
        print("\(name(finding.kind)): \(finding.table) \(finding.row)\(columns)")
    }

    func show(_ summary: AuditCheckSummary) throws {
        let findings = summary.findings.values.reduce(0, +)
        if isJSON {
            return try printLine(
                Sums(
                    leaves: summary.size, root: summary.root.hex, rows: summary.rows, waiting: summary.waiting,
                    withoutSalt: summary.withoutSalt, findings: findings))
        }
        print("Đã đối chiếu \(summary.size) lá và \(summary.rows) dòng dữ liệu; gốc (root) \(summary.root.hex).")
        if summary.waiting > 0 { print("Cuối nhật ký, chưa vào cây (not yet in the tree): \(summary.waiting).") }
        if summary.withoutSalt > 0 {
            print("Nội dung đã hủy, chỉ đối chiếu một phần (content destroyed): \(summary.withoutSalt) gói tin.")
        }
        print(
            summary.isWhole
                ? "Không có gì bị sửa (nothing altered)."
                : "Có \(findings) chỗ bị sửa; giữ nguyên cơ sở dữ liệu để điều tra (altered; keep the database as it is)."
        )
    }

    private func name(_ kind: AuditFinding.Kind) -> String {
        switch kind {
        case .changed: "bị sửa (changed)"
        case .removed: "bị xóa (removed)"
        case .inserted: "bị chèn (inserted)"
        case .brokenTree: "cây băm sai (broken tree)"
        }
    }

    private func printLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
