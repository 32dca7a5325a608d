// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing
import Trust

@Suite struct ServerCertificateTests {
    @Test func `only an alternative name of type DNS makes it a host's`() async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        for (index, (alternativeName, name, isFor)) in [
            ("DNS:nhan.example.vn", "nhan.example.vn", true), ("DNS:nhan.example.vn", "NHAN.example.vn", true),
            ("DNS:nhan.example.vn", "khac.example.vn", false), ("DNS:a.vn,DNS:b.vn", "b.vn", true),
            ("DNS:*.example.vn", "nhan.example.vn", true), ("DNS:*.example.vn", "a.b.example.vn", false),
            ("DNS:*.example.vn", "example.vn", false), ("DNS:n*.example.vn", "nhan.example.vn", false),
            // The subject is CN=named, and is not looked at.
            ("IP:127.0.0.1", "named", false), ("IP:127.0.0.1", "127.0.0.1", false),
            ("email:a@nhan.vn", "nhan.vn", false),
            ("DNS:nhan.example.vn", "", false),
        ].enumerated() {
            let place = try TestCertificates()
            let pair = try await place.issue("named", by: root, alternativeName: alternativeName)
            let der = place.directory + "/named.der"
            let tool = try await Tool.run(
                "openssl", ["x509", "-in", pair.certificate, "-outform", "der", "-out", der])
            try tool.requireSuccess()
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: der)))
            #expect(ServerCertificate.isFor(name, der: bytes) == isFor, "\(index): \(name) of \(alternativeName)")
            #expect(!ServerCertificate.isFor(name, der: Array(bytes.dropLast())))
        }
        #expect(!ServerCertificate.isFor("a.vn", der: []))
    }
}
