// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Couriers
@testable import Hub

/// Real TLS on both ends; the receiver's is Python's (OpenSSL).
@Suite(.timeLimit(.minutes(2))) struct PushTLSTests {
    private static let localhost: @Sendable (String) -> Result<[IPAddress], NameLookup.NotFound> = { _ in
        .success([.v4(0x7F00_0001)])
    }

    private func failed(_ outcome: AttemptOutcome) -> AttemptFailure? {
        guard case .failed(let failure) = outcome else { return nil }
        return failure
    }

    @Test func `a certificate must lead to the given roots and have the endpoint's name`() async throws {
        let certificates = try TestCertificates()
        let (root, stranger) = (try await certificates.authority("root"), try await certificates.authority("stranger"))
        let named = try await certificates.issue("named", by: root, alternativeName: "DNS:nhan.example.vn")
        let numbered = try await certificates.issue("numbered", by: root)
        let over = try await certificates.issue("over", by: root, days: -1, alternativeName: "DNS:nhan.example.vn")
        let courier = try Sample.courier(ca: root.certificate, names: Self.localhost)
        for (identity, host, isTrusted) in [
            (named, "nhan.example.vn", true), (named, "khac.example.vn", false), (named, "127.0.0.1", false),
            (numbered, "127.0.0.1", true), (numbered, "nhan.example.vn", false), (over, "nhan.example.vn", false),
        ] {
            let receiver = try await PythonReceiver.start(secret: Sample.secret, identity: identity)
            let outcome = await courier.carry(
                Sample.parcel(chunks: 3, of: 100_000), to: try Sample.endpoint("https://\(host):\(receiver.port)/"))
            if isTrusted {
                #expect(outcome == .entered, "\(host)")
            } else {
                #expect(failed(outcome)?.code == .pushTLS, "\(identity.certificate) \(host): \(outcome)")
            }
        }
        let receiver = try await PythonReceiver.start(secret: Sample.secret, identity: named)
        let endpoint = try Sample.endpoint("https://nhan.example.vn:\(receiver.port)/")
        for ca in [stranger.certificate, nil] {
            let courier = try Sample.courier(ca: ca, names: Self.localhost)
            #expect(failed(await courier.carry(Sample.parcel([1]), to: endpoint))?.code == .pushTLS)
        }
    }

    @Test func `the hub shows its certificate where one is asked for`() async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let server = try await certificates.issue("server", by: root)
        let hub = try await certificates.issue("hub", by: root)
        let receiver = try await PythonReceiver.start(
            secret: Sample.secret, identity: server, clientCA: root.certificate)
        let endpoint = try Sample.endpoint("https://127.0.0.1:\(receiver.port)/")
        let known = try Sample.courier(
            ca: root.certificate,
            client: PushClientCertificate(certificateFile: hub.certificate, keyFile: hub.key))
        let outcome = await known.carry(Sample.parcel(chunks: 3, of: 100_000), to: endpoint)
        #expect(outcome == .entered)
        let unknown = try Sample.courier(ca: root.certificate)
        let failure = failed(await unknown.carry(Sample.parcel([1]), to: endpoint))
        #expect(failure?.code == .pushTLS || failure?.code == .pushUnreachable)
    }

    @Test func `certificates that are read again hold for the next attempt, and broken ones change nothing`()
        async throws
    {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let stranger = try await certificates.authority("stranger")
        let server = try await certificates.issue("server", by: root)
        let (known, unknown) = (
            try await certificates.issue("known", by: root), try await certificates.issue("unknown", by: stranger)
        )
        let (chain, key) = (root.certificate + ".shown", root.certificate + ".shown.key")
        func show(_ identity: TestCertificates.Pair) throws {
            for (from, to) in [(identity.certificate, chain), (identity.key, key)] {
                try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: to)
            }
        }
        try show(unknown)
        let receiver = try await PythonReceiver.start(
            secret: Sample.secret, identity: server, clientCA: root.certificate)
        let endpoint = try Sample.endpoint("https://127.0.0.1:\(receiver.port)/")
        let courier = try Sample.courier(
            ca: root.certificate, client: PushClientCertificate(certificateFile: chain, keyFile: key))
        #expect(failed(await courier.carry(Sample.parcel([1]), to: endpoint)) != nil)
        #expect(try courier.renew() == false)
        try show(known)
        #expect(try courier.renew())
        #expect(await courier.carry(Sample.parcel([1]), to: endpoint) == .entered)
        try Data("no certificate".utf8).write(to: URL(filePath: chain))
        #expect(throws: Refusal.self) { try courier.renew() }
        #expect(await courier.carry(Sample.parcel([1]), to: endpoint) == .entered)
    }

    @Test func `a stall in the handshake is left in time, and nothing of the package is shown before it`() async throws
    {
        let (left, limits) = (Event(), PushLimits(connect: .seconds(2)))
        let receiver = try Receiver { connection in
            // A ClientHello and then nothing.
            _ = try connection.read(100)
            #expect(connection.readToEnd() < 4_096)
            left.happened()
        }
        defer { receiver.stop() }
        let outcome = await (try Sample.courier(limits)).carry(
            Sample.parcel(chunks: 20, of: 100_000), to: try Sample.endpoint("https://127.0.0.1:\(receiver.port)/"))
        #expect(failed(outcome)?.code == .pushTimeout)
        await left.wait()
    }

    @Test func `who speaks no TLS is told apart`() async throws {
        let receiver = try Receiver { connection in
            _ = try connection.read(100)
            try connection.answer("400 Bad Request", "plain")
            _ = connection.readToEnd()
        }
        defer { receiver.stop() }
        let outcome = await (try Sample.courier()).carry(
            Sample.parcel([1]), to: try Sample.endpoint("https://127.0.0.1:\(receiver.port)/"))
        #expect(failed(outcome)?.code == .pushTLS)
    }

    @Test func `files that are no certificates are named before anything is pushed`() async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let (one, other) = (
            try await certificates.issue("one", by: root), try await certificates.issue("other", by: root)
        )
        for (configuration, said) in [
            (PushConfiguration(caFile: "/khong/co"), "/khong/co"), (PushConfiguration(caFile: one.key), one.key),
            (
                PushConfiguration(
                    clientCertificate: PushClientCertificate(
                        certificateFile: one.certificate, keyFile: other.key)), other.key
            ),
            (
                PushConfiguration(
                    clientCertificate: PushClientCertificate(
                        certificateFile: one.certificate, keyFile: one.certificate)), one.certificate
            ),
        ] {
            #expect {
                try PushCourier(configuration)
            } throws: { error in
                let refusal = error as? Refusal
                return refusal?.code == .tlsUnusable && refusal?.detail?.contains(said) == true
            }
        }
    }
}
