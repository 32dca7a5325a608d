// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

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
        #expect(try await old.get("/readyz", until: "]}").contains(#"{"status":"ready","warnings":[]}"#))

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
