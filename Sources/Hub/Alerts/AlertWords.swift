// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Store

/// What the hub says in an alert.
enum AlertWords {
    /// The delivery's id makes messages about different recipients different ones. Recipients' names are cut as in every
    /// message of the hub.
    static func text(_ silence: AlertNotice.Silence, at: Instant, contacts: String) -> String {
        let minutes = max(0, at.duration(since: silence.since).components.seconds / 60)
        let recipient = cut(silence.recipientWritten)
        let call = contacts.isEmpty ? "" : " Đầu mối trực – \(contacts)."
        func silent(_ stage: String) -> String {
            """
            sau \(minutes) phút, \(recipient) \(stage), chưa có trạng thái 01 hoặc 03 \
            (độ khẩn: \(silence.urgency.vietnamese)). Đề nghị đơn vị nhận kiểm tra và báo nhận ngay.
            """
        }
        let sentence =
            switch silence.stage {
            case .notFetched: silent("chưa lấy văn bản")
            case .fetched: silent("đã lấy văn bản nhưng chưa xác nhận")
            case .entered: silent("đã nhận gói tin nhưng văn thư chưa báo")
            case .recallUnanswered:
                """
                sau \(minutes) phút, \(recipient) chưa trả lời yêu cầu thu hồi văn bản này. Bên nhận phải hủy văn bản và báo lại \
                bằng trạng thái 15 (QĐ 28/2018/QĐ-TTg Điều 9.2).
                """
            case .recallDeclined:
                """
                \(recipient) đã trả lời 16 với yêu cầu thu hồi văn bản này, sau \(minutes) phút vẫn chưa hủy. Bên nhận phải hủy văn \
                bản và báo lại bằng trạng thái 15 (QĐ 28/2018/QĐ-TTg Điều 9.2).
                """
            case .returnedWithoutReason:
                """
                \(recipient) đã trả lại văn bản này (02) mà không nêu lý do. Bên từ chối phải chịu trách nhiệm và phản hồi cho bên \
                gửi (QĐ 28/2018/QĐ-TTg Điều 5.4): đề nghị gửi lại trạng thái 02 có nêu lý do.
                """
            }
        return "[Trục] Cảnh báo: \(sentence)\(call) (\(silence.delivery))"
    }

    static func text(repeating document: String, _ acceptedAt: Instant, in package: PackageID) -> String {
        """
        [Trục] Cảnh báo: số và ký hiệu của văn bản này đã dùng trong năm cho văn bản \(cut(document)), trục nhận lúc \
        \(acceptedAt.iso8601). Cả hai đều được giao; đề nghị Văn thư kiểm tra, nếu cấp trùng số thì thu hồi một văn bản. Trong \
        ngày, trục chỉ báo một lần cho mỗi số và ký hiệu. (\(package))
        """
    }

    private static func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(HubNotice.maxNameLength)))
    }
}
