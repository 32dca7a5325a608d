// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// This very program, run again with other arguments: what the demo prints is what it runs.
struct DemoProgram: Sendable {
    /// Path of the program.
    let executable: String
    private let environment: [String: String]

    /// How a run ended.
    struct Outcome: Sendable {
        /// The exit status, or the negative number of the signal that ended it.
        let status: Int32
        let output: String
        let errors: String
    }

    /// - Parameter environment: given to the children without the settings in it: the demo has its own.
    init(environment: [String: String]) throws {
        executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        self.environment = SettingsLoading.withoutSettings(environment)
    }

    /// Runs a command to its end.
    func run(_ arguments: [String]) async throws -> Outcome {
        let (output, errors) = (Pipe(), Pipe())
        let child = try start(arguments, output: output, errors: errors)
        async let outputText = Self.text(of: output)
        async let errorText = Self.text(of: errors)
        return Outcome(status: await child.exit.value, output: await outputText, errors: await errorText)
    }

    /// Starts a command that stays, with its log in a file.
    func start(_ arguments: [String], log: String) throws -> DemoChild {
        guard FileManager.default.createFile(atPath: log, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: log)
        else { throw Refusal(.dataDirectoryUnusable, "cannot write \(log)") }
        return try start(arguments, output: file, errors: file)
    }

    private func start(_ arguments: [String], output: Any, errors: Any) throws -> DemoChild {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        return try DemoChild(process)
    }

    /// Everything that comes out of a pipe; read on a thread that may block.
    private static func text(of pipe: Pipe) async -> String {
        let handle = pipe.fileHandleForReading
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let bytes = (try? handle.readToEnd()) ?? nil
                continuation.resume(returning: String(decoding: bytes ?? Data(), as: UTF8.self))
            }
        }
    }
}

/// A child process that runs.
struct DemoChild: Sendable {
    let pid: Int32
    /// The exit status, or the negative number of the signal that ended it, once it has ended.
    let exit: Task<Int32, Never>

    fileprivate init(_ process: Process) throws {
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            let status = process.terminationStatus
            end.yield(process.terminationReason == .uncaughtSignal ? -status : status)
            end.finish()
        }
        try process.run()
        pid = process.processIdentifier
        exit = Task {
            for await status in ends { return status }
            return -1
        }
    }

    /// Asks it to end, and waits until it has.
    func stop() async -> Int32 {
        kill(pid, SIGTERM)
        return await exit.value
    }
}
