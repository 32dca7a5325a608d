// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What an endpoint answered to a pushed package.
public struct PushAnswer: Equatable, Sendable {
    /// Longest time that an endpoint may ask to be left alone for; what asks for more is asked again after this.
    public static let maxRetryAfter: Duration = .seconds(24 * 3_600)

    public let status: Int
    /// The header `Retry-After` as it came.
    public let retryAfter: String?
    /// The answer's body; of one that is longer than `PushReceipt.maxLength`, at least one byte more than that.
    public let body: [UInt8]

    public init(status: Int, retryAfter: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }

    /// What the answer means for the delivery of which `receipt` would be the right receipt.
    ///
    /// - Parameter now: when the answer came; a date in `Retry-After` counts from it.
    public func outcome(expecting receipt: PushReceipt, now: Instant) -> AttemptOutcome {
        switch status {
        // 409: "I have it already", which a receipt must prove as well.
        case 200..<300, 409:
            return judgeReceipt(receipt).map { .failed($0) } ?? .entered
        case 410: return .gone(failure(.pushGone))
        // Where a redirect leads was never registered, let alone judged.
        case 300..<400: return .refused(failure(.pushRedirected))
        case 408, 425, 429, 500..<600: return .failed(failure(.pushAnswer, wait: Self.wait(retryAfter, now: now)))
        case 400..<500: return .refused(failure(.pushRefused))
        default: return .failed(failure(.pushAnswer))
        }
    }

    /// Nil when the body is the expected receipt.
    private func judgeReceipt(_ expected: PushReceipt) -> AttemptFailure? {
        guard body.count <= PushReceipt.maxLength else {
            return AttemptFailure(.pushAnswerTooLarge, httpStatus: status)
        }
        do throws(ParsingProblem) {
            let receipt = try PushReceipt(parsing: body)
            guard receipt.delivery == expected.delivery else {
                return AttemptFailure(
                    .pushReceiptWrong, httpStatus: status, detail: "it names delivery \(receipt.delivery)")
            }
            guard receipt.sha256 == expected.sha256 else {
                return AttemptFailure(
                    .pushReceiptWrong, httpStatus: status, detail: "it names sha256 \(receipt.sha256)")
            }
            return nil
        } catch {
            return AttemptFailure(
                .pushReceiptMissing, httpStatus: status, detail: body.isEmpty ? "the answer is empty" : "\(error)")
        }
    }

    /// With the beginning of what the endpoint had to say.
    private func failure(_ code: Refusal.Code, wait: Duration? = nil) -> AttemptFailure {
        let text = String(decoding: body.prefix(4 * AttemptFailure.maxDetailLength), as: UTF8.self)
        return AttemptFailure(code, httpStatus: status, detail: text, retryAfter: wait)
    }

    /// Reads `Retry-After` (RFC 9110 §10.2.3): seconds or a date; nil for anything else and for the past.
    static func wait(_ text: String?, now: Instant) -> Duration? {
        guard let text, !text.isEmpty else { return nil }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than a number holds mean a long time all the same.
            return min(.seconds(Int32(text) ?? .max), maxRetryAfter)
        }
        guard let date = try? Instant(httpDate: text, now: now), date > now else { return nil }
        return min(date.duration(since: now), maxRetryAfter)
    }
}
