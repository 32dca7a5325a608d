// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Stands before a real clamd: takes each file whole, tells so, and passes it on when it is told to. Whoever asked is left
/// waiting meanwhile, in the middle of a scan.
public final class HoldingClamd: Sendable {
    public let socket: String
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    public static func start(before clamd: TestClamd) async throws -> HoldingClamd {
        let socket = try TestCluster.temporaryDirectory() + "/hold.ctl"
        return try await HubProcess.onThread { try HoldingClamd(socket, clamd.socket) }
    }

    private init(_ socket: String, _ behind: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script, socket, behind]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        _ = try PythonReceiver.line(from: output.fileHandleForReading)
        self.socket = socket
        self.process = process
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
    }

    /// Waits until it holds a file: the next one.
    public func held() async throws {
        _ = try await HubProcess.onThread { [output] in try PythonReceiver.line(from: output) }
    }

    /// The file that it holds goes to clamd now, and the answer back.
    public func letGo() throws { try input.write(contentsOf: Array("\n".utf8)) }

    /// As of `PythonReceiver`.
    deinit { kill(process.processIdentifier, SIGKILL) }

    private static let script = """
        import os, select, socket, struct, sys

        def whole(client):
            taken = b""
            def read(length):
                nonlocal taken
                while len(taken) < length:
                    more = client.recv(65536)
                    if not more:
                        raise EOFError
                    taken += more
                return length
            place = read(len(b"zINSTREAM\\0"))
            while True:
                read(place + 4)
                length = struct.unpack(">I", taken[place:place + 4])[0]
                place = read(place + 4 + length)
                if length == 0:
                    return taken

        server = socket.socket(socket.AF_UNIX)
        server.bind(sys.argv[1])
        server.listen()
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            try:
                stream = whole(client)
                print("held", flush=True)
                ready, _, _ = select.select([client, 0], [], [])
                if client not in ready:
                    os.read(0, 1)
                    real = socket.socket(socket.AF_UNIX)
                    real.connect(sys.argv[2])
                    real.sendall(stream)
                    client.sendall(real.recv(4096))
                    real.close()
            except (EOFError, OSError):
                pass
            client.close()

        """
}
