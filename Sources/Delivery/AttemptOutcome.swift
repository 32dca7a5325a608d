// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How one attempt at carrying a delivery to an endpoint ended.
public enum AttemptOutcome: Equatable, Sendable {
    /// The recipient's system has it: it answered with the delivery's id and digest. It has *entered*.
    case entered
    /// It will never be taken, however often it is carried there: stop at once and tell the sender.
    case refused(AttemptFailure)
    /// There is no such endpoint any more (410): nothing is carried there until the operator has looked.
    case gone(AttemptFailure)
    /// May go well another time.
    case failed(AttemptFailure)
}

extension AttemptOutcome {
    /// As in the column `delivery_attempt.outcome` and in `--json`.
    public var name: String {
        switch self {
        case .entered: "entered"
        case .refused: "refused"
        case .gone: "gone"
        case .failed: "failed"
        }
    }

    /// Why it brought nothing; nil when it entered.
    public var failure: AttemptFailure? {
        switch self {
        case .entered: nil
        case .refused(let failure), .gone(let failure), .failed(let failure): failure
        }
    }
}

/// Why an attempt brought nothing.
public struct AttemptFailure: Equatable, Sendable {
    /// Longest `detail`, in Unicode scalars.
    public static let maxDetailLength = 200

    /// Code from the catalogue.
    public let code: Refusal.Code
    /// The answer's HTTP status; nil when there was no answer.
    public let httpStatus: Int?
    /// What an operator may want to know beyond the code: one line of at most `maxDetailLength` scalars. It may quote the
    /// endpoint.
    public let detail: String
    /// How long the endpoint asked to be left alone (`Retry-After`, RFC 9110 §10.2.3).
    public let retryAfter: Duration?

    public init(_ code: Refusal.Code, httpStatus: Int? = nil, detail: String = "", retryAfter: Duration? = nil) {
        self.code = code
        self.httpStatus = httpStatus
        self.detail = Refusal.oneLine(detail, maxLength: Self.maxDetailLength)
        self.retryAfter = retryAfter
    }

    /// Whether it says something of the endpoint: what was wrong on our side, or ended by us, does not.
    var isOfEndpoint: Bool { code.rawValue.hasPrefix("push.") && code != .pushInterrupted }
}
