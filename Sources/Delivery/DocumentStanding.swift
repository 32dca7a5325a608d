// SPDX-License-Identifier: Apache-2.0
import Exchange

extension DocumentState {
    /// The state in which a document is shown at one recipient (QĐ 28/2018/QĐ-TTg Điều 10.2.h), from all that is known; nil
    /// before anybody has said anything of it.
    ///
    /// "xóa" is a state that nobody sends: a document is deleted where its recipient has cancelled it after its recall (NĐ
    /// 30/2020/NĐ-CP Phụ lục VI, III.8.b), and everywhere when its content was destroyed by decision.
    public static func shown(
        said: DocumentStatus?, recall: RecallOutcome?, isDestroyed: Bool
    ) -> DocumentState? {
        if isDestroyed { return .deleted }
        switch recall {
        case .cancelled: return .deleted
        case .withdrawn: return .recalled
        // 16 ends nothing: what was recalled is to be cancelled (QĐ 28/2018/QĐ-TTg Điều 9.2).
        case .owed, .declined: return .recallRequested
        case nil: return said?.state
        }
    }
}

/// Where a document stands at one recipient against the day by which it must be dealt with (NĐ 30/2020/NĐ-CP Phụ lục VI,
/// DueDate). The day itself is in time.
public enum DueStanding: String, CaseIterable, Sendable, Codable {
    /// Not dealt with, and the day is not over.
    case open
    /// Not dealt with, and the day is over.
    case overdue
    /// Completed (06), returned (02), recalled, or for nobody. "In progress" (05) is not done, and nor is what was given up on
    /// its way: its recipient has not dealt with it, and it may go again.
    case done

    /// - Parameter today: in Vietnam.
    public static func of(
        due: CalendarDate, said: StatusRecord?, recall: RecallOutcome?, state: DeliveryState, today: CalendarDate
    ) -> DueStanding {
        switch state {
        case .withdrawn, .undeliverable: return .done
        case .waiting, .processing, .delivered, .held, .refused, .expired: break
        }
        if recall != nil || said?.furthest == .completed || said?.latest == .returned { return .done }
        return today > due ? .overdue : .open
    }
}
