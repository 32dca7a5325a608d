// SPDX-License-Identifier: Apache-2.0
import Exchange
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// What a surface is to the HTTP edge.
public protocol HTTPEdgeService: Sendable {
    /// Answers a request. A thrown `Refusal` is answered with `refusalBody`; any other error is `internalError`.
    func respond(to request: EdgeRequest) async throws -> EdgeReply

    /// How this surface says a refusal, its own and those of the edge; the status is the refusal's.
    func refusalBody(_ refusal: Refusal, requestID: Exchange.RequestID) -> (contentType: String, bytes: [UInt8])
}

/// The request that the running task works for.
public enum RequestScope {
    @TaskLocal public static var requestID: Exchange.RequestID?
}

/// An HTTP/1.1 server for one surface, with all bounds of `HTTPEdgeLimits`.
///
/// It runs as a service until its group shuts down gracefully: then it takes no new connections, closes those that are
/// idle, and ends when the answers that are due have been given.
public struct HTTPEdge<Surface: HTTPEdgeService>: Service {
    private let surface: Surface
    private let address: ListenAddress
    private let limits: HTTPEdgeLimits
    private let tls: TLSGuard?
    private let logger: Logger
    private let onListening: @Sendable (ListenAddress) async -> Void

    /// - Parameters:
    ///   - tls: nil for plain HTTP.
    ///   - onListening: called once, when connections are accepted, with the port that was really bound.
    public init(
        surface: Surface, address: ListenAddress, limits: HTTPEdgeLimits = HTTPEdgeLimits(),
        tls: TLSGuard? = nil, logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        self.surface = surface
        self.address = address
        self.limits = limits
        self.tls = tls
        self.logger = logger
        self.onListening = onListening
    }

    /// - Throws: `Refusal(.settingInvalid)` when the address cannot be listened on.
    public func run() async throws {
        let (surface, limits, tls, address, onListening) = (surface, limits, tls, address, onListening)
        let notice = { @Sendable refusal in Self.notice(of: refusal, surface) }
        let connections = ConnectionTable(limits: limits)
        let application = Application(
            responder: EdgeResponder(surface: surface, limits: limits, tls: tls),
            server: HTTPServerBuilder {
                HTTPEdgeChannel(responder: $0, limits: limits, tls: tls, connections: connections, notice: notice)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port)),
            onServerRunning: { channel in
                await onListening(ListenAddress(host: address.host, port: channel.localAddress?.port ?? address.port))
            },
            logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw Refusal(.settingInvalid, "cannot listen on \(address): \(error)")
        } catch let error as SocketAddressError {
            throw Refusal(.settingInvalid, "cannot listen on \(address): \(error)")
        }
    }

    private static func notice(of refusal: Refusal, _ surface: Surface) -> EdgeNotice {
        RefusalCounters.shared.count(refusal.code)
        let id = Exchange.RequestID()
        let (contentType, bytes) = surface.refusalBody(refusal, requestID: id)
        return EdgeNotice(
            status: refusal.entry.http, fields: [("Content-Type", contentType), ("X-Request-Id", id.description)],
            body: bytes)
    }
}

/// What Hummingbird hands over beside the request.
struct EdgeContext: InitializableFromSource {
    let peer: String
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        peer = source.channel.remoteAddress?.description ?? "unknown"
        logger = source.logger
    }
}

/// Between Hummingbird and a surface: gives each request its id, and sees to it that every answer says something.
struct EdgeResponder<Surface: HTTPEdgeService>: HTTPResponder {
    let surface: Surface
    let limits: HTTPEdgeLimits
    let tls: TLSGuard?

    func respond(to request: Request, context: EdgeContext) async throws -> Response {
        let id = Exchange.RequestID()
        var logger = context.logger
        // Two ids of one request would only confuse: ours is the one that the answer and the history carry.
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request"] = "\(id)"
        let edgeRequest = EdgeRequest(
            id: id, method: request.head.method.rawValue, path: request.head.path ?? "",
            fields: request.headers.map { ($0.name.rawName, $0.value) },
            body: EdgeBody(source: request.body, limit: limits.bodyBytes), logger: logger, peer: context.peer,
            peerAddress: PeerAddress(context.channel.remoteAddress)?.text ?? "",
            isSecure: tls != nil, peerKey: await tls?.peerKey(context.channel))
        let reply = await RequestScope.$requestID.withValue(id) { await self.reply(to: edgeRequest) }
        return response(reply, id: id, logger: logger)
    }

    private func reply(to request: EdgeRequest) async -> EdgeReply {
        do {
            if let length = declaredLength(request.field("Content-Length")), length > limits.bodyBytes {
                throw Refusal(.bodyTooLarge, "the limit is \(limits.bodyBytes) bytes")
            }
            let reply = try await surface.respond(to: request)
            if case .bytes(let bytes) = reply.body, bytes.isEmpty, reply.status == 200 {
                // The SDK would take it for an empty list.
                request.logger.error("the surface gave an empty 200")
                throw Refusal(.internalError)
            }
            return reply
        } catch let refusal as Refusal {
            return refused(refusal, request)
        } catch {
            request.logger.error("unexpected error", metadata: ["error": "\(error)"])
            return refused(Refusal(.internalError), request)
        }
    }

    private func refused(_ refusal: Refusal, _ request: EdgeRequest) -> EdgeReply {
        RefusalCounters.shared.count(refusal.code)
        request.logger.log(
            level: refusal.entry.http >= 500 ? .error : .info, "refused",
            metadata: [
                "code": "\(refusal.code.rawValue)", "detail": "\(refusal.detail ?? "")", "method": "\(request.method)",
                // A query means nothing here, and what stands in one may be somebody's secret.
                "path": "\(request.path.prefix { $0 != "?" }.prefix(200))", "peer": "\(request.peer)",
            ])
        let (contentType, bytes) = surface.refusalBody(refusal, requestID: request.id)
        var reply = EdgeReply(status: refusal.entry.http, contentType: contentType, bytes: bytes)
        if let seconds = refusal.retryAfterSeconds { reply.fields.append(("Retry-After", "\(seconds)")) }
        return reply
    }

    private func response(_ reply: EdgeReply, id: Exchange.RequestID, logger: Logger) -> Response {
        var headers = HTTPFields()
        for (name, value) in reply.fields {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        headers[.contentType] = reply.contentType
        headers[.requestID] = id.description
        let body: ResponseBody =
            switch reply.body {
            case .bytes(let bytes):
                ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            case .stream(let write):
                ResponseBody { writer in
                    var edgeWriter = EdgeReplyWriter(writer: writer)
                    do {
                        try await RequestScope.$requestID.withValue(id) { try await write(&edgeWriter) }
                    } catch {
                        logger.warning("the answer broke off", metadata: ["error": "\(error)"])
                        throw error
                    }
                    try await edgeWriter.writer.finish(nil)
                }
            }
        return Response(status: .init(code: reply.status), headers: headers, body: body)
    }
}

extension HTTPField.Name {
    static var requestID: Self {
        guard let name = Self("X-Request-Id") else { preconditionFailure("a literal header name is valid") }
        return name
    }
}
