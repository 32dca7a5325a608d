// SPDX-License-Identifier: Apache-2.0

/// What a party says about a document: the status codes of edXML.
///
/// 07–12 and 14 never occur in any known package; they and all others are refused.
public enum DocumentStatus: String, CaseIterable, Sendable, Codable {
    /// The receiver's software has it, nobody has looked yet.
    case arrived = "01"
    /// The receiver will not take it; a reason is obligatory (QĐ 28/2018 Điều 5.4).
    case returned = "02"
    /// Entered in the receiver's register of incoming documents.
    case accepted = "03"
    case assigned = "04"
    case inProgress = "05"
    case completed = "06"
    /// The sender asks a receiver to give it back.
    case recallRequested = "13"
    /// The receiver agrees to an update or recall.
    case changeAgreed = "15"
    /// The receiver declines an update or recall.
    case changeDeclined = "16"

    /// Who may say it about whose document.
    public enum Speaker: Sendable {
        /// The receiver, to the sender of the document.
        case receiver
        /// The sender of the document, to one receiver.
        case sender
    }

    public var speaker: Speaker { self == .recallRequested ? .sender : .receiver }

    /// How far the work on the document has come; nil for codes that do not move it.
    ///
    /// A lower progress after a higher one is recorded, never hidden: offices return after accepting (03 → 02)
    /// and assign anew (05 → 04).
    public var progress: Int? {
        switch self {
        case .arrived: 1
        case .returned: 2
        case .accepted: 3
        case .assigned: 4
        case .inProgress: 5
        case .completed: 6
        case .recallRequested, .changeAgreed, .changeDeclined: nil
        }
    }

    /// The state's name as the regulations write it.
    public var state: DocumentState {
        switch self {
        case .arrived: .arrived
        case .returned: .returned
        case .accepted: .accepted
        case .assigned: .assigned
        case .inProgress: .inProgress
        case .completed: .completed
        case .recallRequested: .recallRequested
        case .changeAgreed: .changeAgreed
        case .changeDeclined: .changeDeclined
        }
    }
}

/// The states in which a reader of the hub sees a document at one recipient.
///
/// Names: QĐ 28/2018/QĐ-TTg Điều 10.2.h and QĐ 2588/QĐ-UBND (Sơn La 2018) Điều 11.1.2.g; the states that only the hub
/// knows (before the receiver has said anything) are ours.
public enum DocumentState: String, CaseIterable, Sendable, Codable {
    case sent
    case arrived
    case returned
    case accepted
    case assigned
    case inProgress = "in-progress"
    case completed
    case recallRequested = "recall-requested"
    case recalled
    case changeAgreed = "change-agreed"
    case changeDeclined = "change-declined"
    case deleted

    public var vietnamese: String {
        switch self {
        case .sent: "đã gửi"
        case .arrived: "đã đến"
        case .returned: "từ chối nhận (trả lại)"
        case .accepted: "đã tiếp nhận"
        case .assigned: "đã chuyển xử lý"
        case .inProgress: "đang xử lý"
        case .completed: "đã hoàn thành"
        case .recallRequested: "yêu cầu thu hồi"
        case .recalled: "thu hồi"
        case .changeAgreed: "đồng ý cập nhật, lấy lại"
        case .changeDeclined: "từ chối cập nhật, lấy lại"
        case .deleted: "xóa"
        }
    }
}
