// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import NIOCore
import NIOHTTP1
import NIOSSL

extension AttemptFailure {
    /// What is said of an attempt that ended without an answer.
    init(_ error: any Error) {
        switch error {
        case is CancellationError: self.init(.pushInterrupted)
        case let error as AttemptWatch.TimeIsUp:
            self.init(.pushTimeout, detail: "\(error.what) within \(error.limit)")
        case let error as NameLookup.NotFound: self.init(.pushNameUnknown, detail: error.reason)
        case let error as PushCourier.Forbidden: self.init(.pushTargetForbidden, detail: error.objection)
        case let error as PushExchange.AnsweredTooEarly:
            self.init(.pushAnswer, httpStatus: error.status, detail: "it answered before it had the whole package")
        case let refusal as Refusal: self.init(refusal.code, detail: refusal.detail ?? "")
        case is HTTPParserError: self.init(.pushAnswer, detail: "the answer is not HTTP: \(error)")
        case NIOSSLError.uncleanShutdown: self.init(.pushUnreachable, detail: "the connection ended without an answer")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: self.init(.pushTLS, detail: "\(error)")
        case ChannelError.connectTimeout(let limit):
            self.init(.pushTimeout, detail: "no connection within \(Duration.nanoseconds(limit.nanoseconds))")
        case let error as IOError: self.init(.pushUnreachable, detail: "\(error)")
        default: self.init(.pushUnreachable, detail: "the connection ended without an answer")
        }
    }
}
