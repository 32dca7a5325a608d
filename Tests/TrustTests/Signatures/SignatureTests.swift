// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

/// Keys and signatures beside `openssl`, both ways.
@Suite(.timeLimit(.minutes(3))) struct SignatureTests {
    private static let message = Array("Văn bản số 12/STN-VP".utf8)

    /// A key made by `openssl`, and the names of its files.
    private struct Made {
        let directory: String
        let key: PrivateKey
        var keyFile: String { directory + "/key.pem" }

        init(_ arguments: [String]) async throws {
            directory = try TestCluster.temporaryDirectory()
            try await Tool.run("openssl", ["genpkey"] + arguments + ["-out", directory + "/key.pem"]).requireSuccess()
            try await Tool.run(
                "openssl", ["pkey", "-in", directory + "/key.pem", "-pubout", "-out", directory + "/pub.pem"]
            )
            .requireSuccess()
            key = try PrivateKey(pem: Array(Data(contentsOf: URL(filePath: directory + "/key.pem"))))
        }

        /// What `openssl dgst` makes of the message: DER for ECDSA.
        func opensslSigns(_ digest: DigestAlgorithm, pss: Bool) async throws -> [UInt8] {
            try Data(SignatureTests.message).write(to: URL(filePath: directory + "/message"))
            try await Tool.run(
                "openssl",
                ["dgst", "-\(digest.openssl)"] + Self.padding(pss)
                    + ["-sign", keyFile, "-out", directory + "/signature", directory + "/message"]
            ).requireSuccess()
            return Array(try Data(contentsOf: URL(filePath: directory + "/signature")))
        }

        func opensslVerifies(_ signature: [UInt8], _ digest: DigestAlgorithm, pss: Bool) async throws -> Bool {
            try Data(SignatureTests.message).write(to: URL(filePath: directory + "/message"))
            try Data(signature).write(to: URL(filePath: directory + "/signature"))
            return try await Tool.run(
                "openssl",
                ["dgst", "-\(digest.openssl)"] + Self.padding(pss)
                    + [
                        "-verify", directory + "/pub.pem", "-signature", directory + "/signature",
                        directory + "/message",
                    ]
            ).status == 0
        }

        private static func padding(_ pss: Bool) -> [String] {
            pss ? ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] : []
        }
    }

    private static let rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    private static func ec(_ curve: String) -> [String] {
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(curve)"]
    }

    @Test(arguments: [SignatureAlgorithm.Scheme.rsaPKCS1, .rsaPSS], DigestAlgorithm.allCases)
    func `RSA holds with openssl both ways`(scheme: SignatureAlgorithm.Scheme, digest: DigestAlgorithm) async throws {
        let made = try await Made(Self.rsa)
        let algorithm = SignatureAlgorithm(scheme, digest)
        let theirs = try await made.opensslSigns(digest, pss: scheme == .rsaPSS)
        #expect(made.key.publicKey.verifies(signature: theirs, message: Self.message, by: algorithm))
        let ours = try #require(made.key.sign(message: Self.message, by: algorithm))
        #expect(try await made.opensslVerifies(ours, digest, pss: scheme == .rsaPSS))
        // Another padding, another digest, another message, a bit: no.
        let other = SignatureAlgorithm(scheme == .rsaPSS ? .rsaPKCS1 : .rsaPSS, digest)
        #expect(!made.key.publicKey.verifies(signature: ours, message: Self.message, by: other))
        #expect(!made.key.publicKey.verifies(signature: ours, message: Self.message + [0], by: algorithm))
        var bent = ours
        bent[17] ^= 1
        #expect(!made.key.publicKey.verifies(signature: bent, message: Self.message, by: algorithm))
        #expect(!made.key.publicKey.verifies(signature: [0] + ours, message: Self.message, by: algorithm))
        #expect(
            !made.key.publicKey.verifies(
                signature: ours, message: Self.message, by: SignatureAlgorithm(.ecdsa, digest)))
    }

    @Test(arguments: [("P-256", DigestAlgorithm.sha256), ("P-384", .sha384), ("P-521", .sha512), ("P-256", .sha512)])
    func `ECDSA holds with openssl both ways`(curve: String, digest: DigestAlgorithm) async throws {
        let made = try await Made(Self.ec(curve))
        guard case .ec(let of) = made.key.publicKey.kind else { Issue.record("no curve"); return }
        #expect(of.rawValue == curve)
        let algorithm = SignatureAlgorithm(.ecdsa, digest)
        let der = try await made.opensslSigns(digest, pss: false)
        let raw = try #require(ECDSAValue.raw(der: der, of))
        #expect(raw.count == 2 * of.byteCount)
        #expect(ECDSAValue.der(raw: raw, of) == der)
        #expect(made.key.publicKey.verifies(signature: raw, message: Self.message, by: algorithm))
        // DER is not the form in which it is asked for.
        #expect(!made.key.publicKey.verifies(signature: der, message: Self.message, by: algorithm))
        let ours = try #require(made.key.sign(message: Self.message, by: algorithm))
        let oursInDER = try #require(ECDSAValue.der(raw: ours, of))
        #expect(try await made.opensslVerifies(oursInDER, digest, pss: false))
        let zeros = [UInt8](repeating: 0, count: 2 * of.byteCount)
        #expect(!made.key.publicKey.verifies(signature: zeros, message: Self.message, by: algorithm))
        #expect(made.key.sign(message: Self.message, by: SignatureAlgorithm(.rsaPKCS1, digest)) == nil)
    }

    @Test func `the two forms of an ECDSA value lead to each other, whatever its zeros`() {
        for leading in [0, 1, 2, 31, 32] {
            for first in [UInt8(0x01), 0x7F, 0x80, 0xFF] {
                var raw = [UInt8](repeating: 0xA5, count: 64)
                for index in 0..<leading { raw[index] = 0 }
                if leading < 32 { raw[leading] = first }
                let der = ECDSAValue.der(raw: raw, .p256) ?? []
                #expect(ECDSAValue.raw(der: der, .p256) == raw, "\(leading) \(first)")
            }
        }
        #expect(ECDSAValue.der(raw: [UInt8](repeating: 1, count: 63), .p256) == nil)
        #expect(ECDSAValue.der(raw: [UInt8](repeating: 0xFF, count: 132), .p521)?.prefix(2) == [0x30, 0x81])
        // Not DER: a longer form than need be, something behind, something negative, nothing at all.
        for bad: [UInt8] in [
            [], [0x30], [0x30, 0x00], [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
            [0x30, 0x06, 0x02, 0x01, 0x81, 0x02, 0x01, 0x01], [0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01],
            [0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01], [0x30, 0x06, 0x02, 0x05, 0x01, 0x02, 0x01, 0x01],
            [0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
        ] { #expect(ECDSAValue.raw(der: bad, .p256) == nil, "\(bad)") }
        #expect(ECDSAValue.raw(der: [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01], .p256)?.count == 64)
    }

    @Test(arguments: [
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "1024 bits"),
        (["-algorithm", "ED25519"], "neither RSA"),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "neither RSA"),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "a curve that is not taken"),
        (
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
            "without a name"
        ),
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"], ""),
    ])
    func `keys that are not taken are told by name`(arguments: [String], reason: String) async throws {
        let directory = try TestCluster.temporaryDirectory()
        let (pem, der) = (directory + "/key.pem", directory + "/pub.der")
        try await Tool.run("openssl", ["genpkey"] + arguments + ["-out", pem]).requireSuccess()
        try await Tool.run("openssl", ["pkey", "-in", pem, "-pubout", "-outform", "DER", "-out", der]).requireSuccess()
        let spki = Array(try Data(contentsOf: URL(filePath: der)))
        let key = Result { () throws(ParsingProblem) in try PublicKey(spki: spki) }
        let secret = Array(try Data(contentsOf: URL(filePath: pem)))
        let half = Result { () throws(ParsingProblem) in try PrivateKey(pem: secret) }
        switch (key, half) {
        case (.success(let key), .success(let half)):
            #expect(reason.isEmpty)
            #expect(key == half.publicKey && key.spki == spki)
        case (.failure(let problem), .failure(let other)):
            #expect(!reason.isEmpty && problem.reason.contains(reason), "\(problem)")
            #expect(other.reason.contains(reason), "\(other)")
        default: Issue.record("\(key) \(half)")
        }
    }

    @Test func `a key is its encoding and nothing more`() throws {
        let key = PrivateKey(generating: .p256)
        let spki = key.publicKey.spki
        #expect(try PublicKey(spki: spki) == key.publicKey)
        #expect(try PrivateKey(pem: key.pem()).publicKey == key.publicKey)
        #expect(throws: ParsingProblem.self) { try PublicKey(spki: spki + [0]) }
        #expect(throws: ParsingProblem.self) { try PublicKey(spki: Array(spki.dropLast())) }
        #expect(throws: ParsingProblem.self) { try PublicKey(spki: []) }
        #expect(throws: ParsingProblem.self) { try PublicKey(spki: [UInt8](repeating: 0x30, count: 5_000)) }
        #expect(PrivateKey(generating: .p256).publicKey != key.publicKey)
        #expect("\(key)" == "PrivateKey (P-256)")
        var shown = ""
        dump(key, to: &shown)
        #expect(!shown.contains("handle"))
    }

    @Test func `what is no key in the clear is refused without a question`() async throws {
        let directory = try TestCluster.temporaryDirectory()
        try await Tool.run(
            "openssl",
            ["genpkey"] + Self.ec("P-256") + ["-aes256", "-pass", "pass:x", "-out", directory + "/key.pem"]
        ).requireSuccess()
        let encrypted = Array(try Data(contentsOf: URL(filePath: directory + "/key.pem")))
        for bytes in [encrypted, [], Array("no key".utf8)] {
            #expect(throws: ParsingProblem.self) { try PrivateKey(pem: bytes) }
        }
    }

    @Test func `the key of a certificate`() async throws {
        let certificates = try TestCertificates()
        let pair = try await certificates.authority("Gốc thử")
        let der = certificates.directory + "/ca.der"
        try await Tool.run("openssl", ["x509", "-in", pair.certificate, "-outform", "DER", "-out", der])
            .requireSuccess()
        let bytes = Array(try Data(contentsOf: URL(filePath: der)))
        let key = try PrivateKey(pem: Array(Data(contentsOf: URL(filePath: pair.key))))
        #expect(try PublicKey(certificate: bytes) == key.publicKey)
        #expect(throws: ParsingProblem.self) { try PublicKey(certificate: bytes + [0]) }
        #expect(throws: ParsingProblem.self) { try PublicKey(certificate: key.publicKey.spki) }
    }

    @Test func `digests of the examples in FIPS 180-4, in pieces`() {
        let expected: [DigestAlgorithm: String] = [
            .sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
            .sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            .sha384: "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            .sha512:
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ]
        for algorithm in DigestAlgorithm.allCases {
            let digest = MessageDigest(algorithm)
            for byte in "abc".utf8 { [byte].withUnsafeBytes { digest.update($0) } }
            #expect(digest.finish().hex == expected[algorithm])
            #expect(algorithm.isObsolete == (algorithm == .sha1))
        }
    }
}

extension DigestAlgorithm {
    fileprivate var openssl: String {
        switch self {
        case .sha1: "sha1"
        case .sha256: "sha256"
        case .sha384: "sha384"
        case .sha512: "sha512"
        }
    }
}
