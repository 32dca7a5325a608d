// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Hub
import Store

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Tell what became of a document.",
        discussion: """
            truc trace "000.00.13.H52,2026/11/20,15/SXD-VP"
            truc trace 15/SXD-VP
            truc trace 0193a5c4-…        a DocId from sendEdoc, a docId from a list, or a request id

            Shows every package of the document, its statuses among them, where each stands at each recipient, and the
            history.
            """)

    @Argument(help: "A document id, number/notation, DocId, docId or request id.") var anyID: String
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await Installation.visit(installation) { database in
            guard let records = try await database.trace(anyID) else { throw Refusal(.traceNotFound, anyID) }
            return TraceReport(
                query: anyID, records: records, registry: RegistrySnapshot(try await database.registry()))
        }
        if output.json { return try Console.printJSON(report) }
        for line in TraceText.lines(report) { print(line) }
    }
}

/// A trace as people read it.
enum TraceText {
    static func lines(_ report: TraceReport) -> [String] {
        var lines: [String] = []
        for package in report.packages {
            lines += header(package)
            for delivery in package.deliveries { lines += self.delivery(delivery) }
            lines.append("")
        }
        lines.append("Lịch sử (history)")
        for event in report.history {
            let target = event.deliveryId.map { " docId \($0)" } ?? ""
            lines.append("  \(event.at.iso8601)  \(event.event)  \(event.actor)\(target)")
            // Of what else happened all that matters stands above.
            if event.isDestruction { lines.append("    \(event.detail)") }
        }
        if report.isCut { lines.append("  … còn nữa (cut: there is more)") }
        return lines
    }

    private static func header(_ package: TraceReport.Package) -> [String] {
        let kind =
            package.status.map { "trạng thái \($0.rawValue) \(package.statusName ?? "")" }
            ?? name(package.kind.rawValue)
        var lines = ["\(kind): \(package.documentId)\(package.subject.map { " — \($0)" } ?? "")"]
        let sender = package.sender.name.map { "\(package.sender.written) (\($0))" } ?? package.sender.written
        lines.append("  từ \(sender), nhận lúc \(package.acceptedAt.iso8601), DocId \(package.docId)")
        lines.append(
            "  \(package.bytes) byte, SHA-256 \(package.sha256), độ khẩn: \(package.urgency), chữ ký: \(signature(package.signature))"
        )
        if let first = package.addsRecipientsTo { lines.append("  bổ sung nơi nhận cho \(first)") }
        if let effect = package.statusEffect, effect != .applied {
            lines.append("  trạng thái không áp dụng: \(effect.rawValue)")
        }
        if let said = package.statusDescription { lines.append("  \"\(said)\"") }
        return lines
    }

    private static func delivery(_ delivery: TraceReport.Delivery) -> [String] {
        let name = delivery.recipient.name.map { "\(delivery.recipient.written) (\($0))" } ?? delivery.recipient.written
        var lines = ["  → \(name): \(state(delivery))"]
        var instants: [String] = []
        if let fetched = delivery.fetchedAt { instants.append("lấy lúc \(fetched.iso8601)") }
        if let entered = delivery.enteredAt { instants.append("vào hệ thống nơi nhận lúc \(entered.iso8601)") }
        if let said = delivery.latestStatus, let at = delivery.latestStatusAt {
            let furthest =
                delivery.furthestStatus.flatMap { $0 == said ? nil : " (xa nhất: \($0.state.vietnamese))" } ?? ""
            instants.append("\(said.rawValue) \(said.state.vietnamese)\(furthest) lúc \(at.iso8601)")
        }
        if let asked = delivery.asked, let at = delivery.askedAt {
            instants.append("nơi gửi: \(asked.rawValue) \(asked.state.vietnamese) lúc \(at.iso8601)")
        }
        if let detail = delivery.detail, !detail.isEmpty { lines.append("    \"\(detail)\"") }
        if !instants.isEmpty { lines.append("    " + instants.joined(separator: "; ")) }
        if let refusal = delivery.refusal {
            lines.append("    \(refusal.entry.vietnamese) [\(refusal.rawValue)] \(refusal.entry.remedyVietnamese)")
        }
        return lines
    }

    private static func state(_ delivery: TraceReport.Delivery) -> String {
        let name =
            switch delivery.state {
            case .waiting: "đang chờ nơi nhận lấy"
            case .processing: "nơi nhận đang lấy"
            case .delivered: "đã giao"
            case .held: "tạm giữ, chờ đơn vị vận hành"
            case .undeliverable: "chưa giao được"
            }
        return delivery.failures > 0 ? "\(name) (báo lỗi \(delivery.failures) lần)" : name
    }

    private static func signature(_ verdict: String) -> String {
        switch verdict {
        case "absent": "không có"
        case "dummy": "giá trị mẫu"
        default: "có, chưa kiểm tra"
        }
    }

    private static func name(_ kind: String) -> String {
        switch kind {
        case "recall": "thu hồi"
        case "update": "cập nhật"
        case "replacement": "thay thế"
        default: "văn bản"
        }
    }
}
