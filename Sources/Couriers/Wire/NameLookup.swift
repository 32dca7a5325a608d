// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Synchronization

/// Finds the addresses of names by the system's resolver.
///
/// `getaddrinfo` blocks, knows no cancellation and may take half a minute: each lookup has a thread of its own, and
/// everybody who asks for the same name meanwhile waits for the same lookup. So a name that hangs holds one thread, and
/// nobody else.
final class NameLookup: Sendable {
    /// Lookups that run at once; asking for one more fails.
    static let maxRunning = 128
    /// Addresses of one name that are looked at.
    static let maxAddresses = 8

    /// Why a name has no addresses, in the resolver's words.
    struct NotFound: Error, Equatable {
        let reason: String
    }

    private typealias Waiter = CheckedContinuation<[IPAddress], any Error>
    private struct State {
        var waiting: [String: [Int: Waiter]] = [:]
        /// Waits that were cancelled before they began.
        var cancelled: Set<Int> = []
        var lastWait = 0
    }

    private let state = Mutex(State())
    private let resolve: @Sendable (String) -> Result<[IPAddress], NotFound>

    /// - Parameter resolve: blocks; called on a thread of its own.
    init(resolve: @escaping @Sendable (String) -> Result<[IPAddress], NotFound> = NameLookup.system) {
        self.resolve = resolve
    }

    /// The name's addresses in the order in which they are to be tried, at least one.
    ///
    /// - Throws: `NotFound`, or `CancellationError` at once when the task is cancelled.
    func addresses(of name: String) async throws -> [IPAddress] {
        let wait = state.withLock { state in
            state.lastWait += 1
            return state.lastWait
        }
        // A cancellation that comes when the answer is on its way leaves its mark behind.
        defer { _ = state.withLock { $0.cancelled.remove(wait) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(wait, for: name, $0) }
        } onCancel: {
            cancel(wait, for: name)
        }
    }

    private func begin(_ wait: Int, for name: String, _ waiter: Waiter) {
        enum Step { case start, join, fail(any Error) }
        let step: Step = state.withLock { state in
            if state.cancelled.remove(wait) != nil { return .fail(CancellationError()) }
            if state.waiting[name] != nil {
                state.waiting[name]?[wait] = waiter
                return .join
            }
            guard state.waiting.count < Self.maxRunning else {
                return .fail(NotFound(reason: "too many other names are being looked up"))
            }
            state.waiting[name] = [wait: waiter]
            return .start
        }
        switch step {
        case .join: break
        case .fail(let error): waiter.resume(throwing: error)
        case .start: Thread.detachNewThread { self.finish(name, self.resolve(name)) }
        }
    }

    private func finish(_ name: String, _ result: Result<[IPAddress], NotFound>) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: name) } ?? [:]
        for waiter in waiting.values { waiter.resume(with: result.mapError { $0 as any Error }) }
    }

    private func cancel(_ wait: Int, for name: String) {
        // The lookup goes on, with or without anybody who waits for it.
        let waiter: Waiter? = state.withLock { state in
            if let waiter = state.waiting[name]?.removeValue(forKey: wait) { return waiter }
            state.cancelled.insert(wait)
            return nil
        }
        waiter?.resume(throwing: CancellationError())
    }

    static func system(_ name: String) -> Result<[IPAddress], NotFound> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        guard status == 0 else { return .failure(NotFound(reason: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next, addresses.count < maxAddresses {
            if let address = address(entry.pointee) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(NotFound(reason: "the name has no address")) : .success(addresses)
    }

    /// By the places that RFC 3493 §3.3 and Linux give to the address: family and port come first, for IPv6 the flow too.
    /// The names of these members belong to whichever module the compiler met their header in first.
    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let start = UnsafeRawPointer(entry.ai_addr) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(entry.ai_addrlen))
        switch entry.ai_family {
        case AF_INET where bytes.count >= 8: return IPAddress(bytes: bytes[4..<8])
        case AF_INET6 where bytes.count >= 24: return IPAddress(bytes: bytes[8..<24])
        default: return nil
        }
    }
}
