// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A receiver in Python, with Python's own TLS and HMAC: it checks requests by the very lines of docs/push.md and answers
/// with a receipt of what it got.
public final class PythonReceiver: Sendable {
    public let port: Int
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    /// It could not be started.
    public struct Broken: Error {
        public let what: String
    }

    /// - Parameters:
    ///   - identity: the server's certificate; nil for plain HTTP.
    ///   - clientCA: a client must show a certificate below this root.
    ///   - holdsFirst: the first request gets its answer at `letGo`.
    ///   - status: what it answers to each request, of which `held` tells; nil: the receipt.
    public static func start(
        secret: [UInt8], identity: TestCertificates.Pair? = nil, clientCA: String? = nil, holdsFirst: Bool = false,
        status: Int? = nil
    ) async throws -> PythonReceiver {
        let script = try recipe() + server
        let arguments = [
            "-c", script, Data(secret).base64EncodedString(), identity?.certificate ?? "", identity?.key ?? "",
            clientCA ?? "", holdsFirst ? "hold" : "", status.map { "\($0)" } ?? "",
        ]
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try PythonReceiver(arguments) }) }
        }
    }

    private init(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        guard let port = Int(try Self.line(from: output.fileHandleForReading)) else {
            throw Broken(what: "no port from python3")
        }
        self.port = port
        self.process = process
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
    }

    /// The next line that a script prints.
    static func line(from output: FileHandle) throws -> String {
        var line: [UInt8] = []
        while !line.contains(10) {
            let more = output.availableData
            guard !more.isEmpty else { throw Broken(what: "python3 has ended") }
            line += more
        }
        return String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits until the first request has come whole, or the next one of those that all get one status.
    public func held() async throws {
        let output = output
        _ = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try Self.line(from: output) }) }
        }
    }

    /// The first request gets its answer now.
    public func letGo() throws { try input.write(contentsOf: Array("\n".utf8)) }

    /// By a signal that cannot be blocked: a process that is started from a task inherits that SIGTERM is.
    deinit { kill(process.processIdentifier, SIGKILL) }

    /// The Python of docs/push.md.
    public static func recipe() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/push.md"), encoding: .utf8)
        guard let block = text.firstMatch(of: #/```python\n(?<code>[\s\S]*?)```/#) else {
            throw Broken(what: "docs/push.md has no Python")
        }
        return String(block.code)
    }

    private static let server = """

        import http.server, itertools, json, ssl, sys

        requests = itertools.count()
        secret = base64.b64decode(sys.argv[1])

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers["content-length"]))
                if next(requests) == 0 and sys.argv[5]:
                    print("held", flush=True)
                    sys.stdin.readline()
                try:
                    delivery = check(headers, body, secret)
                    status, answer = 200, {"delivery": delivery, "sha256": hashlib.sha256(body).hexdigest()}
                except ValueError as problem:
                    status, answer = 401, {"problem": str(problem)}
                if sys.argv[6]:
                    print("tried", flush=True)
                    status, answer = int(sys.argv[6]), {}
                answer = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if sys.argv[2]:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2], sys.argv[3])
            if sys.argv[4]:
                context.load_verify_locations(sys.argv[4])
                context.verify_mode = ssl.CERT_REQUIRED
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        server.serve_forever()

        """
}
