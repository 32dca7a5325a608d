// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// The real clamd with a database of one signature, made here: that of EICAR's test file. It needs nothing from outside.
public final class TestClamd: Sendable {
    public let socket: String
    private let process: Process

    /// It is not installed, or could not be started.
    public struct Broken: Error {
        public let what: String
    }

    /// The test file of EICAR, in two halves: whole, a scanner would take this very source for a find.
    public static let eicar = Array(
        (#"X5O!P%@AP[4\PZX54(P^)7CC)7}"# + "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").utf8)
    /// The name under which it is found: clamd appends what says that the signature is none of its own.
    public static let signature = "Truc.Test.EICAR.UNOFFICIAL"

    public var address: ScannerAddress { .socket(path: socket) }

    /// - Parameters:
    ///   - maxStream: `StreamMaxLength`, in bytes.
    ///   - further: lines of its settings.
    public static func start(maxStream: Int = 10 << 20, further: String = "") async throws -> TestClamd {
        let output = Pipe()
        let clamd = try TestClamd(maxStream: maxStream, further: further, output)
        try await clamd.listen(to: output)
        return clamd
    }

    private init(maxStream: Int, further: String, _ output: Pipe) throws {
        // Short: the path of a socket has room for 107 bytes.
        let directory = try TestCluster.temporaryDirectory()
        socket = directory + "/clamd.ctl"
        let database = directory + "/db"
        try FileManager.default.createDirectory(atPath: database, withIntermediateDirectories: true)
        let hex = Self.eicar.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        try Data("Truc.Test.EICAR:0:*:\(hex)\n".utf8).write(to: URL(filePath: database + "/test.ndb"))
        let configuration = """
            DatabaseDirectory \(database)
            LocalSocket \(socket)
            TemporaryDirectory \(directory)
            StreamMaxLength \(maxStream)
            AlertExceedsMax yes
            Foreground yes
            MaxThreads 4
            SelfCheck 0
            \(further)

            """
        let file = directory + "/clamd.conf"
        try Data(configuration.utf8).write(to: URL(filePath: file))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/clamd")
        process.arguments = ["--foreground", "--config-file=\(file)"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { throw Broken(what: "clamd (Debian: clamav-daemon): \(error)") }
        self.process = process
    }

    deinit { stop() }

    /// Ends it at once.
    public func stop() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Stops its clock, or lets it go on: it takes connections and says nothing.
    public func stall(_ isStalled: Bool) { kill(process.processIdentifier, isStalled ? SIGSTOP : SIGCONT) }

    /// Returns when it says that it is ready; reads on afterwards, so that it never waits to be heard.
    private func listen(to output: Pipe) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                let handle = output.fileHandleForReading
                var said = ""
                while !said.contains("Self checking") {
                    let more = handle.availableData
                    guard !more.isEmpty else {
                        return continuation.resume(throwing: Broken(what: "clamd did not start: \(said)"))
                    }
                    said += String(decoding: more, as: UTF8.self)
                }
                continuation.resume()
                while !handle.availableData.isEmpty {}
            }
        }
    }
}
