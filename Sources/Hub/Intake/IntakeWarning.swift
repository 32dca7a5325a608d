// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What a sender should change although its package was taken: shown with the receipt and kept with the package.
public enum IntakeWarning: Equatable, Sendable {
    /// The package names a closed identifier as its sender; that is taken until an instant only.
    case senderClosed(AgencyID, successors: [AgencyID], until: Instant)
    /// A recipient's identifier is closed; its successor gets the package.
    case recipientMoved(String, to: AgencyID)

    /// As it stands beside the codes of what the reader met.
    public var code: String {
        switch self {
        case .senderClosed: "sender-closed"
        case .recipientMoved: "recipient-moved"
        }
    }

    /// For the user of the sending system.
    public var vietnamese: String {
        switch self {
        case .senderClosed(let code, let successors, let until):
            let named = successors.prefix(Routing.maxNamed).map(\.text).joined(separator: ", ")
            return "Mã nơi gửi \(code) đã đóng, chỉ còn nhận tới \(until.iso8601); hãy dùng mã \(named)"
        case .recipientMoved(let written, let successor):
            return "Mã nơi nhận \(written.prefix(AgencyID.maxLength)) đã đóng, văn bản chuyển tới \(successor)"
        }
    }
}
