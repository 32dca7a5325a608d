// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL
import Exchange
import Foundation
import Synchronization

/// A server process, our child or one that we found. Watched by a thread until it ends; a child is reaped at once.
///
/// Known to the kernel by a descriptor (pidfd, Linux 5.3 and later), so that a signal cannot hit another process that
/// got the same number later.
final class ServerProcess: Sendable {
    let pid: Int32
    let isChild: Bool
    private let descriptor: Int32
    private let exited = Mutex(false)

    /// Takes charge of a process.
    ///
    /// - Parameter onExit: called once on the watching thread, after a child was reaped.
    /// - Returns: nil when there is no such process any more.
    /// - Throws: `Refusal(.postgresFailed)` when the kernel cannot watch it.
    static func watch(
        pid: Int32, isChild: Bool, onExit: @escaping @Sendable () -> Void
    ) throws(Refusal) -> ServerProcess? {
        let descriptor = pidfd_open(pid, 0)
        guard descriptor >= 0 else {
            if errno == ESRCH { return nil }
            throw Refusal(.postgresFailed, "process \(pid) cannot be watched (Linux 5.3 is needed): \(systemMessage())")
        }
        let process = ServerProcess(pid: pid, isChild: isChild, descriptor: descriptor)
        let thread = Thread {
            process.waitForEnd()
            onExit()
        }
        thread.name = "postgres-watch"
        thread.start()
        return process
    }

    private init(pid: Int32, isChild: Bool, descriptor: Int32) {
        self.pid = pid
        self.isChild = isChild
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    var hasExited: Bool { exited.withLock { $0 } }

    func signal(_ signal: Int32) { _ = pidfd_send_signal(descriptor, signal, nil, 0) }

    private func waitForEnd() {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&watched, 1, -1) < 0, errno == EINTR {}
        if isChild {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        }
        exited.withLock { $0 = true }
    }
}

// MARK: - Starting

extension ServerProcess {
    /// `POSIX_SPAWN_SETSID` of glibc's spawn.h: a session of its own, so that Ctrl-C reaches us and not the server.
    private static let spawnInOwnSession: Int16 = 0x80

    /// What the child gets of our environment. Nothing of ours may steer the server or its tools (`PGDATA`, `PGPORT`,
    /// …).
    private static let environment = ["PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"]

    /// Starts a program without input, with nothing of ours open and no signal blocked or ignored.
    ///
    /// - Parameters:
    ///   - command: path of the program, then its arguments.
    ///   - output: file for both outputs, begun anew.
    ///   - user: gets the output file.
    /// - Throws: `Refusal(.postgresFailed)`.
    static func spawn(_ command: [String], outputTo output: String, of user: ServerUser) throws(Refusal) -> Int32 {
        let log = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard log >= 0 else { throw Refusal(.dataDirectoryUnusable, "\(output): \(systemMessage())") }
        defer { close(log) }
        if case .other(let uid, let gid, _) = user, fchown(log, uid, gid) != 0 {
            throw Refusal(.dataDirectoryUnusable, "\(output): \(systemMessage())")
        }
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO)
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, spawnInOwnSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, command[0], &actions, &attributes, arguments, variables)
        guard code == 0 else { throw Refusal(.postgresFailed, "\(command[0]): \(systemMessage(code))") }
        return pid
    }

    /// Starts a program and waits for its end.
    ///
    /// - Returns: its exit status, or 128 and the signal that ended it.
    static func runToEnd(_ command: [String], outputTo output: String, of user: ServerUser) throws(Refusal) -> Int32 {
        let pid = try spawn(command, outputTo: output, of: user)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw Refusal(.postgresFailed, "\(command[0]): \(systemMessage())") }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

// MARK: - Finding

extension ServerProcess {
    /// The process that serves `database`, going by its lock file; nil when there is none.
    ///
    /// A number in a file proves nothing: the process must be alive, not a zombie, and work in that directory, as every
    /// process of a server does.
    static func running(_ layout: ClusterLayout) -> Int32? {
        guard let line = smallFile(layout.pidFile)?.split(separator: "\n").first,
            let pid = Int32(line), pid > 0, works(pid, in: layout.database)
        else { return nil }
        return pid
    }

    /// Processes of a server of this directory, whoever started them.
    static func remaining(_ layout: ClusterLayout) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(Int32.init).filter { works($0, in: layout.database) }
    }

    private static func works(_ pid: Int32, in directory: String) -> Bool {
        // A zombie has no working directory any more.
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/\(pid)/cwd", &buffer, buffer.count)
        guard length > 0 else { return false }
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) == directory
    }
}
