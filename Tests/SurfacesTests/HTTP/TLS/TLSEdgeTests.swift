// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Surfaces

@Suite(.timeLimit(.minutes(3))) struct TLSEdgeTests {
    /// An edge with a certificate of its own, and the root that leads to it.
    private func serve(
        rsa: Bool = false, clientCA: String? = nil, handshake: Duration = .seconds(10),
        _ body: (EdgeTestServer, TestCertificates, TestCertificates.Pair) async throws -> Void
    ) async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let pair = try await certificates.issue("hub", by: root, rsa: rsa)
        let guarding = try TLSGuard(
            TLSFiles(certificate: pair.certificate, key: pair.key, clientCA: clientCA), handshakeTime: handshake,
            warnDays: 30)
        try await EdgeTestServer.run(tls: guarding) { try await body($0, certificates, root) }
    }

    private func curl(_ port: Int, _ path: String, _ arguments: [String]) async throws -> Tool {
        try await Tool.run("curl", ["-sS", "https://127.0.0.1:\(port)\(path)"] + arguments)
    }

    @Test func `curl trusts the chain, speaks 1_2 and 1_3, and is known as secure`() async throws {
        try await serve { server, _, root in
            for version in ["1.2", "1.3"] {
                let answer = try await curl(
                    server.port, "/secure",
                    ["--cacert", root.certificate, "--tlsv\(version)", "--tls-max", version])
                #expect(answer.output == "true none\n")
            }
            #expect(try await curl(server.port, "/secure", []).status != 0)
            let large = try await curl(
                server.port, "/body", ["--cacert", root.certificate, "-d", String(repeating: "a", count: 100_000)])
            #expect(large.output == "100000")
        }
    }

    /// Who is refused is told why by an alert: 70 `protocol_version`, 40 `handshake_failure`.
    @Test(arguments: [
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], 70), (["-tls1_2"], nil), (["-tls1_3"], nil),
        (["-tls1_2", "-cipher", "AES128-SHA@SECLEVEL=0"], 40), (["-tls1_2", "-cipher", "AES256-GCM-SHA384"], 40),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], 40),
        (["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], 40),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], nil),
        (["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], nil),
    ])
    func `old versions and weak ciphers get no connection`(arguments: [String], alert: Int?) async throws {
        try await serve(rsa: true) { server, _, root in
            let outcome = try await Tool.run(
                "openssl",
                ["s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", root.certificate] + arguments)
            if let alert {
                #expect(outcome.output.contains("Cipher is (NONE)"), "\(outcome.output)")
                #expect(outcome.output.contains("SSL alert number \(alert)\n"), "\(outcome.output)")
            } else {
                #expect(!outcome.output.contains("Cipher is (NONE)"))
                #expect(outcome.output.contains("Verify return code: 0 (ok)"), "\(outcome.output)")
            }
        }
    }

    /// It gets to read why, also with a body under way, and nothing behind it is taken for a request.
    @Test(arguments: [0, 300_000, PlainHTTPHandler.drainBytes * 2])
    func `plain HTTP to the TLS port is told so`(bodyBytes: Int) async throws {
        try await serve { server, _, root in
            let client = try await server.client()
            async let answer = client.receive()
            // Beyond what is drained the connection may be reset under the client's hands.
            try? await client.send(
                Array("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: \(bodyBytes)\r\n\r\n".utf8)
                    + Array(repeating: 0x61, count: bodyBytes))
            if bodyBytes <= PlainHTTPHandler.drainBytes {
                let told = try await answer
                #expect(told.status == 400 && told.field("Connection") == "close")
                #expect(told.text.contains(Refusal.Code.plainHTTP.rawValue))
                #expect(told.text.contains(try #require(told.field("X-Request-Id"))))
                try await client.send("GET /secure HTTP/1.1\r\nHost: a\r\n\r\n")
                client.halfClose()
                #expect(try await client.receiveToEnd().isEmpty)
            } else {
                _ = try? await answer
            }
            #expect(try await curl(server.port, "/secure", ["--cacert", root.certificate]).status == 0)
        }
    }

    @Test func `plain HTTP to the TLS port is not read for ever`() async throws {
        try await serve(handshake: .seconds(300)) { server, _, _ in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: \(1 << 40)\r\n\r\n")
            let piece = [UInt8](repeating: 0x61, count: PlainHTTPHandler.drainBytes)
            // The kernel's buffers take some more than the bound; a hundred times as much they do not.
            await #expect(throws: RawHTTPProblem.self) { for _ in 0..<100 { try await client.send(piece) } }
        }
    }

    @Test func `TLS to the plain port, and noise to the TLS port, end at once`() async throws {
        try await serve { server, _, root in
            for noise in ["\r\n\r\n", "get / http", "\u{80}\u{01}"] {
                let client = try await server.client()
                try await client.send(noise)
                client.halfClose()
                let rest = try? await client.receiveToEnd()
                #expect(!String(decoding: rest ?? [], as: UTF8.self).contains("HTTP/1.1"))
            }
            #expect(try await curl(server.port, "/secure", ["--cacert", root.certificate]).status == 0)
        }
        try await EdgeTestServer.run { server in
            let outcome = try await curl(server.port, "/secure", ["-k"])
            #expect(outcome.status == 35)
            let plain = try await Tool.run("curl", ["-sS", "http://127.0.0.1:\(server.port)/secure"])
            #expect(plain.output == "false none\n")
        }
    }

    /// Whoever is on the way can end a TCP connection; without TLS's goodbye, or with it, half a body is no body.
    @Test(arguments: ["Content-Length: 100", "Transfer-Encoding: chunked"], [true, false])
    func `a body cut over TLS is not taken for a whole one`(framing: String, saysGoodbye: Bool) async throws {
        try await serve { server, _, root in
            let cut = try await Tool.run(
                "python3",
                [
                    "-c",
                    """
                    import socket, ssl, sys
                    context = ssl.create_default_context(cafile=sys.argv[2])
                    tcp = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                    tls = context.wrap_socket(tcp, server_hostname="127.0.0.1")
                    head = "POST /body HTTP/1.1\\r\\nHost: h\\r\\n" + sys.argv[3] + "\\r\\n\\r\\n"
                    tls.sendall((head + "4\\r\\nhalf\\r\\n").encode())
                    if sys.argv[4] == "true":
                        try:
                            tls.unwrap()
                        except (ssl.SSLError, OSError):
                            pass
                    else:
                        socket.socket(fileno=tls.detach()).close()
                    """, "\(server.port)", root.certificate, framing, "\(saysGoodbye)",
                ])
            #expect(cut.status == 0, "\(cut.output)")
            guard case .failure(let refusal) = try await server.surface.outcome.value else {
                Issue.record("taken for a whole one")
                return
            }
            #expect(refusal.code == .bodyIncomplete)
        }
    }

    @Test(arguments: ["", "\u{16}\u{03}\u{01}"])
    func `a handshake that stalls is ended`(beginning: String) async throws {
        try await serve(handshake: .milliseconds(1_500)) { server, _, root in
            let start = ContinuousClock.now
            let client = try await server.client()
            if !beginning.isEmpty { try await client.send(beginning) }
            _ = try await client.receiveToEnd()
            #expect(ContinuousClock.now - start >= .milliseconds(1_490))
            // Who was in time is not ended later.
            let connection = try TLSConnection(port: server.port, ["-CAfile", root.certificate])
            defer { connection.close() }
            #expect(try await connection.get("/secure", until: "none\n").contains("true none"))
            let second = try await server.client()
            _ = try await second.receiveToEnd()
            #expect(try await connection.get("/secure", until: "none\n").contains("true none"))
        }
    }

    @Test func `a client's certificate is asked for, verified, and known by its key`() async throws {
        let theirs = try TestCertificates()
        let theirRoot = try await theirs.authority("clients")
        let client = try await theirs.issue("client", by: theirRoot)
        let renewed = try await theirs.issue("renewed", by: theirRoot, sharing: client)
        try await serve(clientCA: theirRoot.certificate) { server, certificates, root in
            func get(_ pair: TestCertificates.Pair?) async throws -> Tool {
                let shown = pair.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
                return try await curl(server.port, "/secure", ["--cacert", root.certificate] + shown)
            }
            let der = try await Tool.run(
                "sh",
                [
                    "-c",
                    "openssl x509 -in '\(client.certificate)' -noout -pubkey | openssl pkey -pubin -outform DER"
                        + " | sha256sum | cut -d' ' -f1",
                ])
            #expect(try await get(client).output == "true \(der.output)")
            #expect(try await get(renewed).output == "true \(der.output)")
            #expect(try await get(nil).output == "true none\n")
            // Of another root.
            #expect(try await get(try await certificates.issue("stranger", by: root)).status != 0)
            #expect(try await get(try await theirs.issue("late", by: theirRoot, days: 0)).status != 0)
        }
    }
}
