// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Store

/// What a connected system may see and do with packages: only those of its agencies, which every call is told, and without
/// learning that others exist.
public struct Mailbox: Sendable {
    /// Most lines of one list. A client confirms what it has and asks again; there is no paging in the protocol.
    public static let maxLines = 10_000

    /// Lines of one page; a shorter page is the last.
    public static let pageSize = ListFilter.pageSize

    private let store: Store
    private let maxFailures: Int

    init(store: Store, maxFailures: Int) {
        self.store = store
        self.maxFailures = maxFailures
    }

    /// The next page of what waits for the system's agencies; empty at the end.
    public func pending(
        _ agencies: [AgencyKey], _ type: MessageType, from: Instant?, to: Instant?, after: DeliveryID?
    ) async throws -> [PendingDelivery] {
        try await store.database.pending(
            ListFilter(agencies: agencies, messageType: type, from: from, to: to), after: after)
    }

    /// How many deliveries wait for the system's agencies; what `pending` would list without instants.
    public func countPending(_ agencies: [AgencyKey], _ type: MessageType) async throws -> Int {
        try await store.database.countPending(agencies, type)
    }

    /// The next page of what the system's agencies sent; empty at the end.
    ///
    /// - Parameter package: only this one, when it is the system's own. Any other id narrows nothing: an SDK object
    ///   repeats the `docId` of earlier calls, and must not get an empty list for it.
    public func sent(
        _ agencies: [AgencyKey], _ type: MessageType, package: PackageID?, from: Instant?, to: Instant?,
        after: DeliveryID?
    ) async throws -> [SentDelivery] {
        try await store.database.sent(
            ListFilter(agencies: agencies, messageType: type, from: from, to: to), package: package, after: after)
    }

    /// The bytes of a package that is waiting for, was delivered to, or was sent by an agency of the system.
    ///
    /// The fetch is recorded before the first byte goes out.
    /// - Parameter id: a delivery's, or a package's of one's own.
    /// - Throws: `Refusal`: `.packageNotFound`, `.contentDestroyed`.
    public func fetch(
        _ id: UUID, agencies: [AgencyKey], system: SystemID, request: RequestID
    ) async throws -> PackageContent {
        let content = try await store.database.fetch(
            id: id, agencies: agencies, system: system, request: request, at: .now())
        return PackageContent(chunks: store.content.read(content.content))
    }

    /// Puts a delivery that the system had confirmed back into its list, under the same id: its words are lost there. Where it
    /// is in the list already nothing changes.
    ///
    /// - Throws: `Refusal`: `.packageNotFound`, `.confirmationConflict`; `.documentFrozen`, `.packageSealed`.
    public func askAgain(
        _ id: DeliveryID, reason: String, agencies: [AgencyKey], system: SystemID, request: RequestID
    ) async throws {
        _ = try await store.database.order(
            .replay, id, reason: reason, actor: system.text, of: agencies, request: request, at: .now())
    }

    /// Takes a sender's word on a package of its own that is held until it is said.
    ///
    /// - Returns: how many deliveries it moved.
    /// - Throws: `Refusal(.packageNotFound)` when the sender was never asked for one.
    public func take(
        _ word: SenderWord, on package: PackageID, description: String?, agencies: [AgencyKey], system: SystemID,
        request: RequestID
    ) async throws -> Int {
        try await store.database.take(
            word, on: package, description: description, agencies: agencies, system: system, request: request,
            at: .now())
    }

    /// Takes the system's confirmation of a delivery.
    public func confirm(
        _ id: DeliveryID, _ confirmation: DeliveryLife.Confirmation, description: String?, agencies: [AgencyKey],
        system: SystemID, request: RequestID
    ) async throws -> DeliveryLife {
        try await store.database.confirm(
            id, confirmation, description: description, agencies: agencies, system: system, request: request,
            maxFailures: maxFailures, at: .now())
    }
}

/// The stored bytes of a package, checked against their digest while they are read.
public struct PackageContent: Sendable {
    private let chunks: any AsyncSequence<[UInt8], any Error> & Sendable

    init(chunks: any AsyncSequence<[UInt8], any Error> & Sendable) { self.chunks = chunks }

    /// Hands every chunk to `body`, in order.
    ///
    /// - Throws: `Refusal(.contentDamaged)` at the latest instead of the last chunk, so that a normal return means that
    ///   exactly the accepted bytes went by; otherwise what `body` throws.
    public func forEach(_ body: ([UInt8]) async throws -> Void) async throws {
        do {
            for try await chunk in chunks { try await body(chunk) }
        } catch let error as ContentError {
            throw error.refusal
        }
    }
}
