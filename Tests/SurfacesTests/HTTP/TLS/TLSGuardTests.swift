// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Surfaces
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct TLSGuardTests {
    private func make(_ files: TLSFiles) throws -> TLSGuard {
        try TLSGuard(files, handshakeTime: .seconds(1), warnDays: 30)
    }

    private func refusal(_ files: TLSFiles) -> String? {
        do {
            _ = try make(files)
            return nil
        } catch let refusal as Refusal {
            return refusal.code == .tlsUnusable ? refusal.detail : "\(refusal)"
        } catch { return "\(error)" }
    }

    @Test func `files that do not fit, or that others can read, are refused by name`() async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let (one, two) = (
            try await certificates.issue("one", by: root), try await certificates.issue("two", by: root)
        )
        func told(_ certificate: String, _ key: String, _ ca: String? = nil) -> String {
            refusal(TLSFiles(certificate: certificate, key: key, clientCA: ca)) ?? "taken"
        }
        #expect(told(one.certificate, one.key, root.certificate) == "taken")
        #expect(told(one.certificate, two.key) == "\(two.key) is not the key of \(one.certificate)")
        #expect(told(one.key, one.key) == "\(one.key): no certificates in PEM")
        #expect(told(one.certificate, one.certificate).hasPrefix(one.certificate))
        #expect(told(one.certificate, one.key, one.key) == "\(one.key): no certificates in PEM")
        #expect(told(one.certificate + "x", one.key).contains("No such file"))
        // Whoever waits for a pipe waits for ever.
        let pipe = one.certificate + ".pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(told(pipe, one.key).contains("not a file"))
        #expect(told(one.certificate, one.key, pipe).contains("not a file"))
        #expect(told(one.certificate, one.key + "x").contains("No such file"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: one.key)
        #expect(told(one.certificate, one.key).contains("may be read by others"))
    }

    @Test func `a file is read up to the bound and not beyond`() async throws {
        let certificates = try TestCertificates()
        let pair = try await certificates.issue("hub", by: try await certificates.authority("root"))
        for path in [pair.certificate, pair.key] {
            let own = try Data(contentsOf: URL(fileURLWithPath: path))
            for (length, detail) in [(256 << 10, nil), ((256 << 10) + 1, "larger than 262144 bytes")] {
                let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
                try handle.write(contentsOf: own + Data(repeating: 0x0A, count: length - own.count))
                try handle.close()
                let told = refusal(TLSFiles(certificate: pair.certificate, key: pair.key, clientCA: nil))
                #expect(detail.map { told?.contains($0) == true && told?.hasPrefix(path) == true } ?? (told == nil))
            }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.truncate(atOffset: UInt64(own.count))
            try handle.close()
        }
    }

    @Test func `the certificate's time is told at its edges`() async throws {
        let certificates = try TestCertificates()
        let pair = try await certificates.issue("hub", by: try await certificates.authority("root"), days: 40)
        let identity = try make(TLSFiles(certificate: pair.certificate, key: pair.key, clientCA: nil)).current
        let day: Int64 = 86_400 * 1_000_000
        func told(_ base: Instant, _ offset: Int64) -> TLSTimeProblem? {
            identity.problem(at: Instant(microseconds: base.microseconds + offset), warnDays: 30)
        }
        #expect(told(identity.notBefore, -1) == .notYetValid(identity.notBefore))
        #expect(told(identity.notBefore, 0) == nil)
        #expect(told(identity.notAfter, -30 * day - 1) == nil)
        #expect(told(identity.notAfter, -30 * day) == .expiresSoon(identity.notAfter))
        #expect(told(identity.notAfter, -1) == .expiresSoon(identity.notAfter))
        #expect(told(identity.notAfter, 0) == .expired(identity.notAfter))
        #expect(TLSTimeProblem.expired(identity.notAfter).isFailure)
        #expect(!TLSTimeProblem.expiresSoon(identity.notAfter).isFailure)
    }

    @Test func `a renewal takes what is whole and in its time, and else keeps what it has`() async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let first = try await certificates.issue("first", by: root)
        let second = try await certificates.issue("second", by: root)
        let over = try await certificates.issue("over", by: root, days: 0)
        let (certificate, key) = (certificates.directory + "/served.crt", certificates.directory + "/served.key")
        func place(_ pair: TestCertificates.Pair) throws {
            for (from, to) in [(pair.certificate, certificate), (pair.key, key)] {
                try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: to)
            }
        }
        try place(first)
        let guarding = try make(TLSFiles(certificate: certificate, key: key, clientCA: nil))
        let before = guarding.current.fingerprint
        #expect(try guarding.renew(at: .now()) == .unchanged)
        try place(over)
        #expect(throws: Refusal.self) { try guarding.renew(at: .now()) }
        try place(second)
        try Data().write(to: URL(filePath: key))
        #expect(throws: Refusal.self) { try guarding.renew(at: .now()) }
        #expect(guarding.current.fingerprint == before)
        try place(second)
        let renewal = try guarding.renew(at: .now())
        #expect(renewal == .renewed(guarding.current.fingerprint) && guarding.current.fingerprint != before)
        // An expired one is served at a start all the same, and told.
        try place(over)
        let late = try make(TLSFiles(certificate: certificate, key: key, clientCA: nil))
        #expect(late.problem(at: .now())?.isFailure == true)
    }

    @Test func `one file alone is no TLS`() throws {
        #expect(try TLSFiles(Settings()) == nil)
        for path in [\Settings.tlsCertificateFile, \.tlsKeyFile, \.tlsClientCAFile] {
            var settings = Settings()
            settings[keyPath: path] = "x"
            #expect(throws: Refusal.self) { try TLSFiles(settings) }
        }
    }
}
