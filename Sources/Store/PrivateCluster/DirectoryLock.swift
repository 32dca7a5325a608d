// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A lock file, held with `flock` as long as the value lives. The kernel lets go of it when the process dies, however
/// it dies, so there is no stale lock. For a moment it may outlive its value: a child that is being started holds a
/// copy of the descriptor between fork and exec. Who must not misread that tries for `copyPatience`.
struct DirectoryLock: ~Copyable {
    enum Share { case exclusive, shared }

    /// What the holder wrote into the file.
    struct Holder: Equatable, Sendable {
        let role: String
        let pid: Int32
    }

    /// Longer than a child stays between fork and exec on a busy machine.
    static let copyPatience: Duration = .seconds(1)

    private let descriptor: Int32

    /// Takes the lock without waiting.
    ///
    /// - Returns: nil when another process, or another value in this one, holds it.
    /// - Throws: `Refusal(.dataDirectoryUnusable)` when the file cannot be opened.
    static func take(_ path: String, _ share: Share) throws(Refusal) -> DirectoryLock? {
        // Close-on-exec: a child that inherited the descriptor would hold the lock after our death.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Refusal(.dataDirectoryUnusable, "\(path): \(systemMessage())") }
        guard flock(descriptor, (share == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK || code == EINTR { return nil }
            throw Refusal(.dataDirectoryUnusable, "\(path): \(systemMessage(code))")
        }
        return DirectoryLock(descriptor: descriptor)
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Changes a shared lock into an exclusive one without waiting.
    ///
    /// - Returns: whether the lock is exclusive now. If not, it is held no more, shared or otherwise, because the
    ///   change is not one step (flock(2)); it may be tried again.
    borrowing func makeExclusive() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Writes down who holds it, for the messages of others.
    borrowing func sign(_ role: String) {
        let text = Array("\(role) \(getpid())\n".utf8)
        // Only a message depends on it.
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    /// Who signed last; nil when nobody did, or what stands there cannot be read.
    static func holder(_ path: String) -> Holder? {
        guard let text = smallFile(path) else { return nil }
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let pid = Int32(parts[1]) else { return nil }
        return Holder(role: String(parts[0]), pid: pid)
    }
}

/// Largest file that is read whole for a message or a process id, in bytes.
private let maxSmallFileBytes = 64 << 10

/// The end of a small text file, at most `maxSmallFileBytes`; nil when it cannot be read.
func smallFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let size = lseek(descriptor, 0, SEEK_END)
    let start = max(0, size - maxSmallFileBytes)
    var bytes = [UInt8](repeating: 0, count: maxSmallFileBytes)
    let count = pread(descriptor, &bytes, bytes.count, start)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}
