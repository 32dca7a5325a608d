// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Certificates made for one test by `openssl`, in a directory of their own.
public struct TestCertificates: Sendable {
    public let directory: String

    public init() throws { directory = try TestCluster.temporaryDirectory() }

    /// A certificate with its key, as files.
    public struct Pair: Sendable {
        public let certificate: String
        public let key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// A root.
    public func authority(_ name: String) async throws -> Pair {
        let pair = pair(name)
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=\(name)", "-keyout", pair.key, "-out", pair.certificate)
        return pair
    }

    /// A certificate for a server and for clients, below a root.
    ///
    /// - Parameters:
    ///   - alternativeName: of the server, as OpenSSL writes it.
    ///   - days: 0 for one that is over when it is made.
    ///   - sharing: whose key it has; nil for a new one.
    public func issue(
        _ name: String, by authority: Pair, days: Int = 10, rsa: Bool = false, sharing: Pair? = nil,
        alternativeName: String = "IP:127.0.0.1"
    ) async throws -> Pair {
        let pair = pair(name)
        let request = directory + "/\(name).csr"
        let algorithm = rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        if let sharing {
            try FileManager.default.copyItem(atPath: sharing.key, toPath: pair.key)
            try await openssl("req", "-new", "-key", pair.key, "-subj", "/CN=\(name)", "-out", request)
        } else {
            try await Tool.run(
                "openssl",
                ["req", "-new", "-newkey"] + algorithm
                    + ["-nodes", "-subj", "/CN=\(name)", "-keyout", pair.key, "-out", request]
            ).requireSuccess()
        }
        let extensions = directory + "/\(name).ext"
        try Data("subjectAltName=\(alternativeName)\nextendedKeyUsage=serverAuth,clientAuth\n".utf8).write(
            to: URL(filePath: extensions))
        try await openssl(
            "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-days", "\(days)",
            "-set_serial", "\(Int.random(in: 1...Int(Int32.max)))", "-extfile", extensions, "-out", pair.certificate)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: pair.key)
        return pair
    }

    private func pair(_ name: String) -> Pair {
        Pair(certificate: directory + "/\(name).crt", key: directory + "/\(name).key")
    }

    private func openssl(_ arguments: String...) async throws {
        try await Tool.run("openssl", arguments).requireSuccess()
    }
}

/// A program of the system, run to its end.
public struct Tool: Sendable {
    public let status: Int32
    /// Standard output and error together.
    public let output: String

    public static func run(_ program: String, _ arguments: [String], input: String = "") async throws -> Tool {
        try await HubProcess.onThread {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [program] + arguments
            let (stdin, stdout) = (Pipe(), Pipe())
            process.standardInput = stdin
            process.standardOutput = stdout
            process.standardError = stdout
            try process.run()
            try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try stdin.fileHandleForWriting.close()
            let bytes = stdout.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return Tool(status: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self))
        }
    }

    public func requireSuccess() throws {
        guard status == 0 else { throw RawHTTPProblem(what: output) }
    }
}

/// `openssl s_client` on one connection that stays open.
public final class TLSConnection: Sendable {
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle
    private let unread = Mutex<[UInt8]>([])

    /// - Parameter arguments: further ones of `openssl s_client`.
    public init(port: Int, _ arguments: [String] = []) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(port)"] + arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        input = stdin.fileHandleForWriting
        output = stdout.fileHandleForReading
    }

    /// Asks for `path` and returns everything up to and with `ending`.
    public func get(_ path: String, until ending: String) async throws -> String {
        try await ask("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", until: ending)
    }

    /// Sends a request as it stands and returns everything up to and with `ending`.
    public func ask(_ request: String, until ending: String) async throws -> String {
        try await HubProcess.onThread { [self] in
            try input.write(contentsOf: Data(request.utf8))
            while true {
                let text = unread.withLock { String(decoding: $0, as: UTF8.self) }
                if text.contains(ending) {
                    unread.withLock { $0 = [] }
                    return text
                }
                let more = output.availableData
                guard !more.isEmpty else { throw RawHTTPProblem(what: "the connection ended after: \(text)") }
                unread.withLock { $0 += more }
            }
        }
    }

    public func close() { process.terminate() }
}
