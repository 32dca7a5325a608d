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

            Shows every package of the document, its statuses among them, where each stands at each recipient, whether
            it was sent and confirmed in time, and the history. What enters a system outside of working hours counts as
            received when they begin next (truc calendar show YEAR).
            """)

    @Argument(help: "A document id, number/notation, DocId, docId or request id.") var anyID: String
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await Installation.visit(installation) { database in
            guard let records = try await database.trace(anyID) else { throw Refusal(.traceNotFound, anyID) }
            let now = Instant.now()
            let timeliness = Timeliness(
                calendar: WorkingCalendar(imported: try await database.calendarYears()),
                downtimes: try await database.downtimes(since: records.earliest, now: now))
            return TraceReport(
                query: anyID, records: records, registry: RegistrySnapshot(try await database.registry()),
                timeliness: timeliness, now: now)
        }
        if output.json { return try Console.printJSON(report) }
        for line in TraceText.lines(report) { print(line) }
    }
}

/// A trace as people read it.
enum TraceText {
    /// Each is one line, whatever its sender has written into it.
    static func lines(_ report: TraceReport) -> [String] { unchecked(report).map(Console.plain) }

    private static func unchecked(_ report: TraceReport) -> [String] {
        var lines: [String] = []
        for package in report.packages {
            lines += header(package)
            for delivery in package.deliveries { lines += self.delivery(delivery, of: package) }
            lines.append("")
        }
        lines.append("Lịch sử (history)")
        for event in report.history {
            let target = event.deliveryId.map { " docId \($0)" } ?? ""
            lines.append("  \(event.at.iso8601)  \(event.event)  \(event.actor)\(target)")
            // Of what else happened all that matters stands above.
            if event.isTold { lines.append("    \(event.detail)") }
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
        if let due = package.dueDate { lines.append("  hạn trả lời (DueDate): \(due)") }
        if let policy = package.policy {
            lines.append("  theo quy định \(policy.name) (SHA-256 \(policy.sha256.prefix(16))…)")
        }
        if let scan = package.malwareScan { lines.append("  " + self.scan(scan)) }
        if !package.warnings.isEmpty { lines.append("  cảnh báo: \(package.warnings.joined(separator: ", "))") }
        if let first = package.addsRecipientsTo { lines.append("  bổ sung nơi nhận cho \(first)") }
        if let effect = package.statusEffect, effect != .applied {
            lines.append("  không áp dụng: \(effect.rawValue)")
        }
        if let said = package.statusDescription {
            lines.append("  \"\(said)\"")
        } else if package.status == .returned {
            lines.append("  không nêu lý do trả lại")
        }
        for verdict in package.timeliness ?? [] { lines.append("  " + timeliness(verdict)) }
        return lines
    }

    private static func delivery(_ delivery: TraceReport.Delivery, of package: TraceReport.Package) -> [String] {
        let recipient = delivery.recipient
        let code = recipient.isElsewhere ? recipient.code.map { ", nay là \($0)" } ?? "" : ""
        let name = recipient.written + code + (recipient.name.map { " (\($0))" } ?? "")
        var lines = ["  → \(name): \(state(delivery, of: package))"]
        var instants: [String] = []
        if let fetched = delivery.fetchedAt { instants.append("lấy lúc \(fetched.iso8601)") }
        instants += received(delivery)
        if let said = delivery.latestStatus, let at = delivery.latestStatusAt {
            let furthest =
                delivery.furthestStatus.flatMap { $0 == said ? nil : " (xa nhất: \($0.state.vietnamese))" } ?? ""
            instants.append("\(said.rawValue) \(said.state.vietnamese)\(furthest) lúc \(at.iso8601)")
        }
        if let detail = delivery.detail, !detail.isEmpty { lines.append("    \"\(detail)\"") }
        if !instants.isEmpty { lines.append("    " + instants.joined(separator: "; ")) }
        if delivery.documentState == .deleted { lines.append("    văn bản: xóa") }
        if delivery.due == .overdue { lines.append("    quá hạn trả lời") }
        if let recall = delivery.recall { lines.append("    " + self.recall(recall)) }
        if let verdict = delivery.timeliness { lines.append("    " + timeliness(verdict)) }
        if let refusal = delivery.refusal {
            lines.append("    \(refusal.entry.vietnamese) [\(refusal.rawValue)] \(refusal.entry.remedyVietnamese)")
        }
        return lines
    }

    private static func scan(_ scan: TraceReport.MalwareScan) -> String {
        let outcome =
            switch scan.outcome {
            case ScanOutcome.clean.rawValue: "sạch"
            case ScanOutcome.found.rawValue: "có mã độc, đã cách ly"
            case ScanOutcome.impossible.rawValue: "không quét được, chờ đơn vị vận hành"
            case ScanOutcome.passed.rawValue: "CHƯA QUÉT, vẫn được giao"
            default: "đang chờ"
            }
        return "quét mã độc: \(outcome)\(scan.detail.map { " (\($0))" } ?? "")"
    }

    private static func recall(_ recall: TraceReport.Recall) -> String {
        let answered = recall.answeredAt.map { " lúc \($0.iso8601)" } ?? ""
        let outcome =
            switch recall.outcome {
            case .withdrawn: "đã rút, nơi nhận chưa lấy"
            case .owed: "nơi nhận chưa trả lời"
            case .declined: "nơi nhận từ chối (16)\(answered), vẫn phải hủy"
            case .cancelled: "nơi nhận đã hủy (15)\(answered)"
            }
        return "thu hồi lúc \(recall.askedAt.iso8601): \(outcome)"
    }

    /// When it came, in fact and in law; of an urgent document the fact first.
    private static func received(_ delivery: TraceReport.Delivery) -> [String] {
        guard let entered = delivery.enteredAt else { return [] }
        let fact = "vào hệ thống nơi nhận lúc \(entered.iso8601)"
        guard let legal = delivery.legalAt else { return [fact] }
        if legal == entered { return [fact + ", trong giờ hành chính"] }
        let law = "tính là nhận lúc \(legal.iso8601)"
        return delivery.shownFirst == .legal ? [law, fact] : [fact, law]
    }

    private static func timeliness(_ found: TraceReport.Timeliness) -> String {
        let duty =
            switch found.rule {
            case .sending: "gửi"
            case .issuing: "phát hành"
            case .confirming: "báo đã nhận"
            }
        let verdict =
            switch found.verdict {
            case .sameDay: "trong ngày"
            case .inTime: "đúng hạn"
            case .late: "trễ hạn"
            case .awaited: "chưa có, còn hạn"
            case .undecided: "không xác định"
            }
        var text = "\(duty): \(verdict)"
        switch found.reason {
        case .noPromulgationDate: text += ", gói tin không có ngày ban hành"
        case .promulgatedLater: text += ", ngày ban hành sau ngày gửi"
        case .calendarEnds: text += ", ngoài phạm vi của lịch làm việc"
        case nil: break
        }
        if let deadline = found.deadline { text += ", hạn trước \(deadline.iso8601)" }
        if found.downtimeSeconds > 0 { text += ", đã cộng \(found.downtimeSeconds) giây làm việc mà trục ngừng" }
        return "\(text) (\(found.rule.rawValue))"
    }

    private static func state(_ delivery: TraceReport.Delivery, of package: TraceReport.Package) -> String {
        let name =
            switch delivery.state {
            case .waiting: "đang chờ nơi nhận lấy"
            case .processing: "nơi nhận đang lấy"
            case .delivered: "đã giao"
            case .held where delivery.refusal == .confirmationNeeded: "giữ lại, chờ đơn vị gửi xác nhận"
            case .held where delivery.refusal == .malwareScanPending: "giữ lại, chờ quét mã độc"
            case .held where delivery.refusal == .malwareFound: "cách ly: có mã độc"
            case .held where delivery.refusal == .documentAwaited: "giữ lại, đi sau văn bản được cập nhật"
            case .held: "tạm giữ, chờ đơn vị vận hành"
            case .refused: "hệ thống nơi nhận từ chối"
            case .expired: "hết thời gian giao"
            case .withdrawn where package.kind != .document && package.kind != .replacement:
                "không giao, nơi nhận chưa thấy văn bản"
            case .withdrawn: "đã rút lại trước khi giao"
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
