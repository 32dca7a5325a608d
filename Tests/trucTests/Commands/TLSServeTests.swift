// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// The daemon's certificate: from its start through a renewal without one.
@Suite(.timeLimit(.minutes(4))) struct TLSServeTests {
    private func place(_ pair: TestCertificates.Pair, _ files: TestCertificates.Pair) throws {
        for (from, to) in [(pair.certificate, files.certificate), (pair.key, files.key)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: to)
        }
    }

    private static func arguments(_ pair: TestCertificates.Pair) -> [String] {
        ["--set", "tls-certificate-file=\(pair.certificate)", "--set", "tls-key-file=\(pair.key)"]
    }

    /// The subject that a new connection sees.
    private func subject(_ hub: HubProcess) async throws -> String? {
        let outcome = try await Tool.run("openssl", ["s_client", "-connect", "127.0.0.1:\(hub.port)"])
        return outcome.output.firstMatch(of: /subject=CN = (\w+)/).map { String($0.1) }
    }

    @Test func `SIGHUP renews for new connections, the old ones go on, and broken files change nothing`() async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let first = try await certificates.issue("first", by: root, days: 40)
        let second = try await certificates.issue("second", by: root, days: 5)
        let served = TestCertificates.Pair(
            certificate: certificates.directory + "/served.crt", key: certificates.directory + "/served.key")
        try place(first, served)
        let hub = try await HubProcess.start(arguments: Self.arguments(served))
        #expect(try await subject(hub) == "first")
        let old = try TLSConnection(port: hub.port, ["-CAfile", root.certificate])
        defer { old.close() }
        // There may be other warnings, of a clock that nobody synchronises for example.
        let calm = try await old.get("/readyz", until: "]}")
        #expect(calm.contains(#"{"status":"ready","#) && !calm.contains("TLS certificate"))

        try Data("nonsense".utf8).write(to: URL(filePath: served.certificate))
        hub.hangUp()
        try await hub.logged("the old certificate stays")
        #expect(hub.logText.contains(#""code":"setup.tls-unusable""#))
        #expect(try await subject(hub) == "first")

        try place(second, served)
        hub.hangUp()
        try await hub.logged("new connections get the new certificate")
        #expect(try await subject(hub) == "second")
        try await hub.logged("the TLS certificate expires at")
        #expect(try await old.get("/readyz", until: "]}").contains("the TLS certificate expires at"))
        #expect(!hub.logText.contains("PRIVATE KEY"))
        old.close()
        #expect(try await hub.stop() == 0)
    }

    /// A system's call by curl.
    private func call(
        _ client: SDKClient, _ hub: HubProcess, root: TestCertificates.Pair, _ shown: TestCertificates.Pair?
    ) async throws -> VXPReceivedReply {
        let lines = try await client.head(.getAgenciesList, [], contentLength: 0).components(separatedBy: "\r\n")
        let headers = lines.dropFirst().filter { $0.hasPrefix("XroadVnpt") }.flatMap { ["-H", $0] }
        let certificate = shown.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
        let outcome = try await Tool.run(
            "curl",
            [
                "-sS", "--cacert", root.certificate, "-d", "", "https://127.0.0.1:\(hub.port)/getAgenciesList",
            ] + headers + certificate)
        return try VXPReceivedReply(parsing: Array(outcome.output.utf8))
    }

    @Test func `a system that is bound to a key needs its certificate, and the others do not`() async throws {
        let (ours, theirs) = (try TestCertificates(), try TestCertificates())
        let (root, roots) = (try await ours.authority("root"), try await theirs.authority("clients"))
        let pair = try await ours.issue("hub", by: root)
        let (first, next) = (try await theirs.issue("first", by: roots), try await theirs.issue("next", by: roots))
        let hub = try await HubProcess.start(
            arguments: Self.arguments(pair) + ["--set", "tls-client-ca-file=\(roots.certificate)"])
        var clients: [String: SDKClient] = [:]
        for id in ["qlvb.soxd", "qlvb.sotp"] {
            let added = try await hub.command("system", "add", id, "--name", "QLVB", "--generate-secret")
            let secret = try #require(added.output.split(separator: "\n").last.map(String.init))
            clients[id] = SDKClient(port: hub.port, system: try SystemID(parsing: id), secret: secret)
        }
        let (bound, free) = (try #require(clients["qlvb.soxd"]), try #require(clients["qlvb.sotp"]))
        func code(_ client: SDKClient, _ shown: TestCertificates.Pair?) async throws -> String? {
            let reply = try await call(client, hub, root: root, shown)
            return reply.isSuccess ? nil : reply.code
        }
        #expect(try await code(bound, nil) == nil)

        let wrong = Refusal.Code.clientCertificateWrong.rawValue
        let outcome = try await hub.command("system", "bind", "qlvb.soxd", "--certificate", first.certificate)
        #expect(outcome.status == 0 && outcome.errors.contains("tls-client-ca-file"))
        #expect(try await code(bound, nil) == wrong)
        #expect(try await code(bound, next) == wrong)
        #expect(try await code(bound, first) == nil)
        #expect(try await code(free, nil) == nil)
        #expect(try await code(free, next) == nil)
        // Who does not know the secret does not learn what else is missing.
        let guessing = SDKClient(port: hub.port, system: try SystemID(parsing: "qlvb.soxd"), secret: "guessed")
        #expect(try await code(guessing, nil) == Refusal.Code.signatureInvalid.rawValue)

        // The next key overlaps with the first one.
        #expect(try await hub.command("system", "bind", "qlvb.soxd", "--certificate", next.certificate).status == 0)
        #expect(try await code(bound, first) == nil)
        #expect(try await code(bound, next) == nil)
        let shown = try await hub.command("system", "show", "qlvb.soxd", "--json")
        let keys = shown.output.matches(of: /[0-9a-f]{64}/).map { String($0.0) }
        #expect(keys.count == 2)
        #expect(try await hub.command("system", "unbind", "qlvb.soxd", "--key-sha256", keys[0]).status == 0)
        #expect(try await code(bound, first) == wrong)
        #expect(try await hub.command("system", "unbind", "qlvb.soxd", "--certificate", next.certificate).status == 0)
        #expect(try await code(bound, nil) == nil)
        for arguments in [["--key-sha256", keys[0]], ["--certificate", pair.key], ["--key-sha256", "x"]] {
            let refused = try await CommandOutcome.run(
                ["system", "unbind", "qlvb.soxd", "--data-dir", hub.dataDirectory] + arguments)
            #expect(refused.status != 0, "\(arguments)")
        }
        #expect(try await hub.stop() == 0)
    }

    @Test func `an expired certificate is served and told`() async throws {
        let certificates = try TestCertificates()
        let pair = try await certificates.issue("over", by: try await certificates.authority("root"), days: 0)
        let hub = try await HubProcess.start(arguments: Self.arguments(pair))
        try await hub.logged("the TLS certificate expired at")
        #expect(try await subject(hub) == "over")
        #expect(try await hub.stop() == 0)
    }

    @Test func `a hub without TLS lives through SIGHUP`() async throws {
        let hub = try await HubProcess.start()
        try await hub.logged("listening")
        hub.hangUp()
        try await hub.logged("there is no TLS certificate")
        #expect(try await hub.stop() == 0)
    }

    @Test func `beyond loopback there is TLS, or the word that gives it up`() async throws {
        for address in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080", "hub.example:8080"] {
            let refused = try await CommandOutcome.run(["config", "check", "--set", "listen=\(address)"])
            #expect(refused.status == 2 && refused.errors.contains("[setup.plain-http-exposed]"), "\(address)")
            #expect(refused.errors.contains("allow-plain-http-beyond-loopback"))
            let allowed = try await CommandOutcome.run([
                "config", "check", "--set", "listen=\(address)", "--set", "allow-plain-http-beyond-loopback=true",
            ])
            #expect(allowed.status == 0)
        }
        let certificates = try TestCertificates()
        let pair = try await certificates.issue("hub", by: try await certificates.authority("root"))
        let secured = ["--set", "listen=0.0.0.0:8443", "--set", "tls-certificate-file=\(pair.certificate)"]
        let whole = try await CommandOutcome.run(["config", "check", "--set", "tls-key-file=\(pair.key)"] + secured)
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try await CommandOutcome.run(["config", "check"] + secured).errors.contains("needs both"))
        let directory = try TestCluster.temporaryDirectory() + "/d"
        let started = try await CommandOutcome.run(["serve", "--data-dir", directory, "--listen", "0.0.0.0:0"])
        #expect(started.status == 2 && !FileManager.default.fileExists(atPath: directory))
    }
}
