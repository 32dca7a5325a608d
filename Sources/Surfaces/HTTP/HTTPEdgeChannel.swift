// SPDX-License-Identifier: Apache-2.0
import Exchange
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Hummingbird's HTTP/1 connection with `HTTPConnectionHandler` right above NIO's parser.
///
/// Not `HTTP1Channel` with additional handlers: those stand above the translation into version-less requests, and its
/// own idle handling closes a stalled body without an answer.
struct HTTPEdgeChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: HTTPChannelHandler.Responder
    let limits: HTTPEdgeLimits
    let tls: TLSGuard?
    let connections: ConnectionTable
    /// The whole answer to what never becomes a request.
    let notice: @Sendable (Refusal) -> EdgeNotice

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let seat = connections.admit(channel)
        return channel.eventLoop.makeCompletedFuture {
            // Without a place: not a failure of the set-up, which would end the server, but a connection that is closed.
            defer { if seat == nil { channel.close(promise: nil) } }
            try tls?.secure(channel) { notice(Refusal(.plainHTTP)) }
            var headLimits = NIOHTTPDecoderLimitConfiguration()
            headLimits.maxHeaderFieldSize = HTTPEdgeLimits.headBytes
            headLimits.maxHeaderListSize = HTTPEdgeLimits.headBytes
            headLimits.maxHeaderFieldCount = HTTPEdgeLimits.headFields
            let pipeline = channel.pipeline.syncOperations
            // HTTPFields cannot hold what the outbound validation would look for.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: headLimits)
            try pipeline.addHandler(
                HTTPConnectionHandler(limits: limits, now: channel.eventLoop.now, seat: seat, notice: notice))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
