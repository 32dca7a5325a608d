// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization

/// A real hub in a process of its own, in a directory that goes with it.
///
/// Its log is read from a pipe as it comes, as a service manager does, and what it costs to write is part of what is
/// measured.
final class BenchHub: Sendable {
    /// Longest wait for the hub to listen, with the making of its database.
    static let startPatience: DispatchTimeInterval = .seconds(60)
    /// Last bytes of the log that are kept, for a failure.
    static let keptLogBytes = 16 << 10

    /// Made for this run.
    let directory: String
    let port: Int
    let pid: Int32
    private let ended: DispatchSemaphore
    private let log: HubLog

    /// Starts a hub below `parent` and returns when it listens. Blocking.
    ///
    /// - Parameter settings: as `serve --set` takes them.
    init(below parent: String, settings: [String] = []) throws {
        directory = try Self.freshDirectory(below: parent)
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/exe"))
        // All load comes from one system here, over as many connections as are asked for: what is measured is the hub, not
        // its patience.
        process.arguments = [
            "serve", "--data-dir", directory, "--listen", "127.0.0.1:0", "--set", "system-concurrent=1000",
            "--set", "system-rate=100000", "--set", "intake-concurrent=1000",
            "--set", "http-peer-connections=1000",
        ]
        process.arguments? += settings.flatMap { ["--set", $0] }
        process.environment = SettingsLoading.withoutSettings(ProcessInfo.processInfo.environment)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardError = pipe
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do { try process.run() } catch {
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
        self.ended = ended
        pid = process.processIdentifier
        log = HubLog(pipe.fileHandleForReading)
        guard let port = log.waitForPort(Self.startPatience) else {
            kill(process.processIdentifier, SIGTERM)
            ended.wait()
            try? FileManager.default.removeItem(atPath: directory)
            throw Refusal(.internalError, "the hub did not listen: \(log.text)")
        }
        self.port = port
    }

    /// `host:port`.
    var address: String { "127.0.0.1:\(port)" }

    var logText: String { log.text }

    /// Stops the hub and removes its directory. Blocking.
    func remove() {
        kill(pid, SIGTERM)
        ended.wait()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func freshDirectory(below parent: String) throws -> String {
        var template = Array("\(parent)/truc-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Refusal(.dataDirectoryUnusable, "\(parent): \(String(cString: strerror(errno)))")
        }
        let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        // The database's own user passes through; nobody else may look into what is below.
        guard chmod(path, 0o711) == 0 else { throw Refusal(.dataDirectoryUnusable, path) }
        return path
    }
}

/// Reads what the hub logs until it ends; keeps the last of it.
private final class HubLog: Sendable {
    private let kept = Mutex<[UInt8]>([])
    private let port = Mutex<Int?>(nil)
    private let listening = DispatchSemaphore(value: 0)

    init(_ handle: FileHandle) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            var isListening = false
            while true {
                let count = read(handle.fileDescriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                kept.withLock { kept in
                    kept.append(contentsOf: buffer[..<count])
                    if kept.count > BenchHub.keptLogBytes { kept.removeFirst(kept.count - BenchHub.keptLogBytes) }
                }
                if !isListening { isListening = lookForPort() }
            }
            listening.signal()
        }
    }

    var text: String { kept.withLock { String(decoding: $0, as: UTF8.self) } }

    func waitForPort(_ patience: DispatchTimeInterval) -> Int? {
        _ = listening.wait(timeout: .now() + patience)
        return port.withLock { $0 }
    }

    private func lookForPort() -> Bool {
        for line in text.split(separator: "\n") where line.contains(#""message":"listening""#) {
            guard let found = line.firstMatch(of: /"address":"[^"]*:(\d+)"/), let number = Int(found.1) else {
                continue
            }
            port.withLock { $0 = number }
            listening.signal()
            return true
        }
        return false
    }
}
