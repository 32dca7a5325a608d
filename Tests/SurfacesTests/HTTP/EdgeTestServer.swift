// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Exchange
import Logging
import NIOCore
import ServiceLifecycle
import Surfaces
import Synchronization
import TestKit
import Trust

/// A value that is given once and can be waited for, any number of times. A wait ends with `CancellationError` when
/// its task is cancelled, so that a test whose time is up ends, and with `NeverCame` when nothing more is to be hoped for:
/// on a machine with too much to do a request may be cut before it came to the place that gives the signal.
final class Signal<Value: Sendable>: Sendable {
    /// Longest wait; what the hub waits for itself is over by then.
    static var patience: DispatchTimeInterval { .seconds(40) }

    struct NeverCame: Error {}

    private struct State {
        var given: Value?
        var waiting: [Int: CheckedContinuation<Value, any Error>] = [:]
        var cancelled: Set<Int> = []
        var lastWait = 0
    }
    private let state = Mutex(State())

    func give(_ value: Value) {
        let waiting: [CheckedContinuation<Value, any Error>] = state.withLock { state in
            guard state.given == nil else { return [] }
            state.given = value
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    var value: Value {
        get async throws {
            let wait = state.withLock { state in
                state.lastWait += 1
                return state.lastWait
            }
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { begin(wait, $0) }
            } onCancel: {
                cancel(wait)
            }
        }
    }

    private func begin(_ wait: Int, _ continuation: CheckedContinuation<Value, any Error>) {
        let ready: Result<Value, any Error>? = state.withLock { state in
            if let given = state.given { return .success(given) }
            // The cancellation may come before the wait.
            if state.cancelled.remove(wait) != nil { return .failure(CancellationError()) }
            state.waiting[wait] = continuation
            return nil
        }
        if let ready { return continuation.resume(with: ready) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) { [weak self] in
            self?.state.withLock { $0.waiting.removeValue(forKey: wait) }?.resume(throwing: NeverCame())
        }
    }

    private func cancel(_ wait: Int) {
        let waiting = state.withLock { state in
            let continuation = state.waiting.removeValue(forKey: wait)
            if continuation == nil { state.cancelled.insert(wait) }
            return continuation
        }
        waiting?.resume(throwing: CancellationError())
    }
}

/// A surface with one path for each behaviour that the tests look at.
final class ProbeSurface: HTTPEdgeService {
    struct Unexpected: Error {}

    /// `/gate` waits for it.
    let gate = Signal<Void>()
    /// Given when a request has come to `/gate`.
    let atGate = Signal<Void>()
    /// How the reading of a body at `/body` ended, or the writing at `/endless`.
    let outcome = Signal<Result<Int, Refusal>>()

    func respond(to request: EdgeRequest) async throws -> EdgeReply {
        switch request.path {
        case "/body": return try await readBody(request)
        case "/small": return try await Self.text("\(request.body.limited(to: 8).collect().count)")
        case "/healthz": return Self.text("healthy")
        case "/unread": return Self.text("unread")
        case "/refuse": throw Refusal(.signatureInvalid, "chi tiết")
        case "/unexpected": throw Unexpected()
        case "/empty": return EdgeReply(contentType: "text/html", bytes: [])
        case "/id": return Self.text("\(request.id) \(RequestScope.requestID?.description ?? "none")")
        case "/fields":
            return Self.text(request.fields.map { "\($0.name)=\($0.value)" }.joined(separator: "\n"))
        case "/secure": return Self.text("\(request.isSecure) \(request.peerKey?.hex ?? "none")\n")
        case "/gate":
            atGate.give(())
            try await gate.value
            return Self.text("through")
        case "/large": return Self.text(String(repeating: "a", count: 16 << 20))
        case "/stream": return Self.stream()
        case "/broken": return Self.broken()
        case "/endless": return endless()
        default: throw Refusal(.unknownOperation)
        }
    }

    func refusalBody(_ refusal: Refusal, requestID: RequestID) -> (contentType: String, bytes: [UInt8]) {
        ("application/json", Array(#"{"code":"\#(refusal.code.rawValue)","requestId":"\#(requestID)"}"#.utf8))
    }

    private func readBody(_ request: EdgeRequest) async throws -> EdgeReply {
        do throws(Refusal) {
            var count = 0
            for try await chunk in request.body { count += chunk.readableBytes }
            outcome.give(.success(count))
            return Self.text("\(count)")
        } catch {
            outcome.give(.failure(error))
            throw error
        }
    }

    private static func text(_ text: String) -> EdgeReply {
        EdgeReply(contentType: "text/plain", bytes: Array(text.utf8))
    }

    private static func stream() -> EdgeReply {
        EdgeReply(contentType: "text/plain") { writer in
            for number in 0..<1000 { try await writer.write(Array("\(number),".utf8)) }
            try await writer.write(Array((RequestScope.requestID?.description ?? "none").utf8))
        }
    }

    private static func broken() -> EdgeReply {
        EdgeReply(contentType: "text/plain") { writer in
            try await writer.write(Array("half".utf8))
            throw Unexpected()
        }
    }

    private func endless() -> EdgeReply {
        EdgeReply(contentType: "text/plain") { [outcome] writer in
            let chunk = [UInt8](repeating: 0x61, count: 64 << 10)
            do {
                while true { try await writer.write(chunk) }
            } catch {
                outcome.give(.failure(Refusal(.bodyIncomplete)))
                throw error
            }
        }
    }
}

/// An edge that serves a `ProbeSurface` on a free port while `body` runs.
struct EdgeTestServer {
    let port: Int
    let surface: ProbeSurface
    /// Begins a graceful stop.
    let stop: @Sendable () async -> Void
    /// Given when the server has ended.
    let ended: Signal<Void>

    func client(receiveBuffer: Int? = nil) async throws -> RawHTTPClient {
        try await RawHTTPClient.connect(port: port, receiveBuffer: receiveBuffer)
    }

    static func run(
        _ change: (inout HTTPEdgeLimits) -> Void = { _ in }, tls: TLSGuard? = nil,
        _ body: (EdgeTestServer) async throws -> Void
    ) async throws {
        var limits = HTTPEdgeLimits()
        change(&limits)
        let surface = ProbeSurface()
        let listening = Signal<Int?>()
        let ended = Signal<Void>()
        var logger = Logger(label: "edge-test")
        logger.logLevel = .critical
        let edge = HTTPEdge(
            surface: surface, address: ListenAddress(host: "127.0.0.1", port: 0), limits: limits, tls: tls,
            logger: logger,
            onListening: { listening.give($0.port) })
        let group = ServiceGroup(configuration: .init(services: [edge], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer {
                    ended.give(())
                    listening.give(nil)
                }
                try await group.run()
            }
            guard let port = try await listening.value else { return try await tasks.waitForAll() }
            let server = EdgeTestServer(
                port: port, surface: surface, stop: { await group.triggerGracefulShutdown() }, ended: ended)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(server)) } catch { outcome = .failure(error) }
            // Also when the body failed: a request that still stands at the gate would keep the server, which ends
            // when what is due has been answered, and with it the test, for ever.
            surface.gate.give(())
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }
}
