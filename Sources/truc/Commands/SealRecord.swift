// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Store
import Trust

/// The draft of the record (biên bản) of a seal, in Markdown, in the order of NĐ 30/2020/NĐ-CP Phụ lục III, Mẫu 1.9. What
/// the hub knows is filled in, what people know is left to be written. It is signed by people, never by the hub.
///
/// The document's subject is not in it: the record goes to more hands than the document may.
enum SealRecord {
    private static let blank = String(repeating: "…", count: 20)

    static func text(_ report: SealReport, writtenAt now: Instant, by writer: String) -> String {
        let lines =
            head(report, now)
            + ["Nội dung:", ""] + documentLines(report)
            + ["", "## 2. Việc niêm phong", ""] + sealLines(report, writer)
            + group(report, .has, "3. Nơi đã có văn bản")
            + group(report, .mayHave, "4. Nơi có thể đã có (đã đẩy tới điểm nhận, chưa rõ kết quả)")
            + group(report, .hasNot, "5. Nơi chưa có")
            + ["", "## 6. Bên gửi đọc lại", ""] + reads(report.senderReads, none: "- Không có.")
            + foot
        return lines.joined(separator: "\n") + "\n"
    }

    private static func head(_ report: SealReport, _ now: Instant) -> [String] {
        [
            "**\(plain(report.hubName.isEmpty ? blank : report.hubName))**", "Số: ……/BB-……", "",
            "**CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM**", "**Độc lập - Tự do - Hạnh phúc**", "", "# BIÊN BẢN",
            "**Niêm phong văn bản điện tử trên trục liên thông**", "", "Thời gian bắt đầu: \(time(now))",
            "Địa điểm: \(blank)", "Thành phần tham dự: \(blank)", "Chủ trì: \(blank)",
            "Thư ký (người ghi biên bản): \(blank)", "",
        ]
    }

    private static func documentLines(_ report: SealReport) -> [String] {
        let document = report.document
        var lines = ["## 1. Văn bản", "", "- Mã định danh văn bản: \(plain(document.documentID))"]
        if !document.code.isEmpty { lines.append("- Số, ký hiệu: \(plain(document.code))") }
        if let date = document.promulgationDate { lines.append("- Ngày ban hành: \(day(date))") }
        lines += [
            "- Bên gửi: \(plain(document.senderName)) (\(plain(document.sender)))",
            "- Hệ thống gửi: \(document.system?.text ?? "trục")",
            "- Trục nhận lúc: \(time(document.acceptedAt))", "- Biên nhận (DocId): \(document.package)",
            "- SHA-256 của gói tin: \(document.sha256.hex)",
            "- Trích yếu: không ghi vào biên bản.",
        ]
        return lines
    }

    private static func sealLines(_ report: SealReport, _ writer: String) -> [String] {
        guard let seal = report.seal else { return ["- Không còn niêm phong."] }
        return [
            "- Niêm phong lúc: \(time(seal.at)), người thực hiện: \(plain(seal.actor))",
            "- Lý do: \(plain(seal.reason))",
            "- Từ thời điểm đó trục không đẩy, không cho lấy, không đưa vào danh sách, không nhận cập nhật và nơi nhận "
                + "bổ sung của văn bản này.",
            "- Số liệu dưới đây lấy từ nhật ký của trục; người lập: \(plain(writer)).",
        ]
    }

    private static func group(_ report: SealReport, _ possession: Possession, _ title: String) -> [String] {
        let recipients = report.recipients.filter { $0.possession == possession }
        var lines = ["", "## \(title)", ""]
        guard !recipients.isEmpty else { return lines + ["- Không có."] }
        for recipient in recipients {
            lines.append("- \(plain(recipient.name ?? "Không có trong danh bạ")) (\(plain(recipient.written)))")
            lines += facts(recipient).map { "  \($0)" }
        }
        return lines
    }

    private static func facts(_ recipient: SealReport.Recipient) -> [String] {
        var lines = ["- docId \(recipient.delivery), gói tin \(recipient.package)"]
        if let entered = recipient.enteredAt { lines.append("- Vào hệ thống nơi nhận lúc: \(time(entered))") }
        if let endpoint = recipient.endpoint { lines.append("- Đã đẩy tới: \(plain(endpoint))") }
        if let status = recipient.status, let at = recipient.statusAt {
            lines.append("- Trạng thái nơi nhận báo: \(status.rawValue) \(status.state.vietnamese), \(time(at))")
        }
        return lines + reads(recipient.reads, none: nil)
    }

    private static func reads(_ reads: [SealReport.Read], none: String?) -> [String] {
        guard !reads.isEmpty else { return none.map { [$0] } ?? [] }
        return reads.map { read in
            let again = read.count > 1 ? ", \(read.count) lần, lần cuối \(time(read.last))" : ""
            return "- Hệ thống \(plain(read.system)) lấy nội dung lúc \(time(read.first))\(again)"
        }
    }

    private static let foot = [
        "", "## 7. Biện pháp xử lý", "", "- Thu hồi, hủy ở nơi đã có: \(blank)", "- Xử lý nội dung trên trục: \(blank)",
        "- Kiến nghị: \(blank)", "", "Kết thúc vào …… giờ ……, ngày …… tháng …… năm ………", "", "**THƯ KÝ**", "",
        "**CHỦ TRÌ**", "", "Nơi nhận:", "- ………", "- Lưu: VT, Hồ sơ.",
    ]

    private static func time(_ instant: Instant) -> String { instant.iso8601 }

    private static func day(_ date: CalendarDate) -> String { "\(date.day)/\(date.month)/\(date.year)" }

    /// What senders wrote must not write the record: one line, and nothing that Markdown takes for more than text.
    private static func plain(_ text: String) -> String {
        let line = Refusal.oneLine(text, maxLength: Refusal.maxDetailLength)
        var kept = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            if "\\`*_[]<>#|!".unicodeScalars.contains(scalar) { kept.append("\\") }
            kept.append(scalar)
        }
        return String(kept)
    }
}
