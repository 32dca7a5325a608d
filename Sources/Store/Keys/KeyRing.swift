// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import Trust

/// What the database knows of the wrapping keys, as of one version of the registry: every change of them raises it.
struct RecordedKeys: Sendable {
    var version: Int64 = 0
    /// With what a key of that name must have the same, to be that key.
    var checkValues: [WrappingKeyID: [UInt8]] = [:]

    var ids: Set<WrappingKeyID> { Set(checkValues.keys) }
}

/// The wrapping keys of an installation: a file outside the database, which only its owner reads, held in memory.
///
/// Secrets in the database are wrapped by these keys, so that neither the database nor a copy of it gives them away. The
/// database knows the names of the keys and a check value of each (`Database.openKeys`); the file is read again when a name
/// is met that is not in memory, so that a running daemon learns of a rotation. May be called from any thread; reading
/// the file blocks.
public final class KeyRing: Sendable {
    public let path: String

    private struct State {
        var keys = WrappingKeys()
        /// The keys that the database knows: with no other may anything be wrapped.
        var recorded = RecordedKeys()
    }

    private let state = Mutex(State())

    /// Reads nothing yet: `Database.openKeys` does.
    public init(path: String) { self.path = path }

    /// Wraps a short secret with the newest key.
    ///
    /// The row that keeps the result keeps `keyID` too, in a column that references `wrapping_key`: that alone stops a key
    /// from being retired while something is wrapped with it.
    /// - Throws: `Refusal(.keyRingMissing)` before the keys were opened.
    public func wrap(_ secret: [UInt8], _ context: WrapContext) throws(Refusal) -> WrappedSecret {
        try newestKey().wrap(secret, context)
    }

    /// The key that `wrap` takes now.
    ///
    /// - Throws: `Refusal(.keyRingMissing)` before the keys were opened.
    func newest() throws(Refusal) -> WrappingKeyID { try newestKey().id }

    private func newestKey() throws(Refusal) -> WrappingKey {
        guard let key = state.withLock({ $0.keys.newest(among: $0.recorded.ids) }) else {
            throw Refusal(.keyRingMissing, path)
        }
        return key
    }

    /// The secret in what `wrap` made, for the same context.
    ///
    /// - Throws: `Refusal(.secretUnreadable)` when no key of the file opens it; `.keyRingUnusable`.
    public func unwrap(_ bytes: [UInt8], _ context: WrapContext) throws(Refusal) -> [UInt8] {
        let place = "\(context.purpose.rawValue) \(context.row)"
        guard let wrapped = WrappedSecret(bytes: bytes) else { throw Refusal(.secretUnreadable, place) }
        if keys.key(wrapped.keyID) == nil { try reread() }
        do throws(WrappingKeys.OpeningProblem) {
            return try keys.unwrap(wrapped, context)
        } catch {
            switch error {
            case .unknownKey(let id): throw Refusal(.secretUnreadable, "\(place): key \(id)")
            case .forged: throw Refusal(.secretUnreadable, place)
            }
        }
    }

    /// Wraps with the newest key what another wrapped, for the same context.
    ///
    /// - Throws: as `unwrap` and `wrap`.
    func rewrap(_ bytes: [UInt8], _ context: WrapContext) throws(Refusal) -> WrappedSecret {
        try wrap(try unwrap(bytes, context), context)
    }

    /// The keys in memory.
    var keys: WrappingKeys { state.withLock { $0.keys } }

    /// Takes note of the keys that the database knows, reads the file again when one of them is not in memory, and
    /// forgets those that were retired. What was read earlier than what is known here changes nothing: it would bring a
    /// retired key back.
    func adopt(_ recorded: RecordedKeys) throws(Refusal) {
        let isKnown = state.withLock { state in recorded.ids.allSatisfy { state.keys.key($0) != nil } }
        if !isKnown { try reread() }
        state.withLock { state in
            guard recorded.version >= state.recorded.version else { return }
            state.keys = state.keys.only(recorded.ids)
            state.recorded = recorded
        }
    }

    // MARK: File

    var fileExists: Bool { FileManager.default.fileExists(atPath: path) }

    /// - Throws: `Refusal(.keyRingUnusable)`: unreadable, readable by others, or no key file.
    @discardableResult
    func reread() throws(Refusal) -> WrappingKeys {
        let keys = try onDisk()
        state.withLock { $0.keys = keys }
        return keys
    }

    /// What the file has now; memory keeps what it had.
    ///
    /// - Throws: as `reread`.
    func onDisk() throws(Refusal) -> WrappingKeys {
        do throws(ParsingProblem) {
            let bytes = try PrivateFile.read(path, isForOwnerOnly: true)
            return try WrappingKeys(fileText: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw Refusal(.keyRingUnusable, "\(path): \(error.reason)")
        }
    }

    /// Puts these keys in the place of the file, at once and durably: a crash leaves the file of before or this one.
    /// The file keeps its owner. One at a time: callers hold the lock of the database's `hub` row.
    ///
    /// - Throws: `Refusal(.keyRingUnusable)`.
    func replace(with keys: WrappingKeys) throws(Refusal) {
        // What a link leads to is the file that others have, too.
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let draft = path + ".new"
        // What a killed writer left is nobody's.
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unusable("create") }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw unusable("chmod") }
        var before = stat()
        if stat(path, &before) == 0, before.st_uid != geteuid() {
            guard fchown(descriptor, before.st_uid, before.st_gid) == 0 else { throw unusable("chown") }
        }
        let text = Array(keys.fileText.utf8)
        // A file of one page: a short write is a full disk.
        guard write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else { throw unusable("write") }
        guard rename(draft, path) == 0 else { throw unusable("rename") }
        let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw unusable("open the directory") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw unusable("sync the directory") }
        state.withLock { $0.keys = keys }
    }

    private func unusable(_ action: String) -> Refusal {
        Refusal(.keyRingUnusable, "\(path): \(action): \(String(cString: strerror(errno)))")
    }
}
