// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Where a run's hub lives. With root's rights it is a file system of its own in memory, whose size can be taken away
/// to make the disk full; without them it is a plain directory and the disk is never full.
///
/// Memory forgets nothing when a process is killed, and neither does a disk: what the kernel has taken is there. What a
/// power failure loses is not tried here.
struct Place: Sendable {
    /// Room of the file system in ordinary times; it takes as much memory as is used.
    static let mebibytes = 4_096

    let root: String
    let canBeFull: Bool

    var dataDirectory: String { root + "/d" }

    static func make() throws -> Place {
        let root = "/tmp/truc-crash-\(getpid())-\(UUID().uuidString.prefix(4))"
        // The database's user passes through.
        guard mkdir(root, 0o711) == 0, chmod(root, 0o711) == 0 else {
            throw RawHTTPFailure(what: "cannot make \(root)")
        }
        let isMounted = geteuid() == 0 && mount("tmpfs", root, "tmpfs", 0, "mode=0711,size=\(mebibytes)m") == 0
        return Place(root: root, canBeFull: isMounted)
    }

    /// Says in the settings of the data directory, where commands read them too, that the hub may carry to this machine.
    func allowLoopback() throws {
        guard mkdir(dataDirectory, 0o711) == 0, chmod(dataDirectory, 0o711) == 0 else {
            throw RawHTTPFailure(what: "cannot make \(dataDirectory)")
        }
        try "push-networks = 127.0.0.0/8\npush-plain-http = true\n".write(
            toFile: dataDirectory + "/truc.conf", atomically: true, encoding: .utf8)
    }

    /// Leaves only so much room.
    func fill(sparing kibibytes: Int) {
        var facts = statvfs()
        guard canBeFull, statvfs(root, &facts) == 0 else { return }
        let used = Int(facts.f_blocks - facts.f_bfree) * Int(facts.f_frsize) / 1_024
        _ = remount("size=\(used + kibibytes)k")
    }

    func empty() { if canBeFull { _ = remount("size=\(Self.mebibytes)m") } }

    /// SIGKILL or SIGTERM to a hub or a server of this place, and to nobody else: ids of ended processes are given again.
    func signal(_ pid: Int32?, _ signal: Int32) {
        if let pid, isMine(pid) { kill(pid, signal) }
    }

    /// Whether a process with this id lives and belongs to this place.
    func isMine(_ pid: Int32) -> Bool {
        // A command line that is empty is that of a process that has ended and is not reaped.
        if let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8), line.contains(root) {
            return true
        }
        return backends.contains(pid)
    }

    func remove() {
        if canBeFull { umount2(root, Int32(MNT_DETACH)) }
        try? FileManager.default.removeItem(atPath: root)
    }

    private func remount(_ options: String) -> Bool { mount("tmpfs", root, "tmpfs", UInt(MS_REMOUNT), options) == 0 }

    // MARK: The database's processes

    /// Process id of the private server; nil while there is none.
    var postmaster: Int32? {
        let path = dataDirectory + "/postgresql/data/postmaster.pid"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(separator: "\n").first
        else { return nil }
        return Int32(line)
    }

    /// The server's processes that serve a session, in the order of their ids.
    var backends: [Int32] {
        guard let postmaster, let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            return []
        }
        return entries.compactMap { Int32($0) }.sorted().filter { pid in
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let command = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
            else { return false }
            let parent = stat.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap { Int32($0) }
            return parent == postmaster && command.hasPrefix("postgres: truc_")
        }
    }
}
