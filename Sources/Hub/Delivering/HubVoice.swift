// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Logging
import Store

/// Says something to somebody in the hub's own name: a message is a package like any other. Made twice, by two nodes or after
/// a crash, it has the same bytes and is one.
struct HubVoice: Sendable {
    let store: Store
    let registry: Registry
    let logger: Logger

    /// - Parameter message: made with the registry as it is now; nil where there is nobody to be told.
    /// - Returns: whether the matter is done with: told, or never to be told. False when the registry changed meanwhile, so
    ///   that the message is to be made again.
    func say(
        about subject: NoticeSubject, _ message: (RegistrySnapshot, HubNotice.Subject) throws -> HubNotice?
    ) async throws -> Bool {
        let snapshot = try await registry.current()
        guard let notice = try message(snapshot, HubNotice.Subject(subject)) else { return true }
        switch try await store.accept(Acceptance(registryVersion: snapshot.version, package: notice.package)) {
        case .accepted, .known: return true
        case .registryChanged: return false
        case .conflict, .destroyed, .frozen, .sealed:
            logger.error("hub: somebody could not be told", metadata: ["package": "\(subject.package)"])
            return true
        }
    }
}
