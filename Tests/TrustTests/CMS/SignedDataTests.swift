// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Trust

/// What `openssl cms` and `openssl ts` make.
@Suite(.timeLimit(.minutes(3))) struct SignedDataTests {
    private struct Place {
        let directory: String
        let root: TestAuthority
        let signer: TestCertificates.Pair
        let content = Array("Văn bản số 12/QĐ-UBND".utf8)

        init(key: [String] = TestAuthority.Profile.p256) async throws {
            let certificates = try TestCertificates()
            directory = certificates.directory
            root = try await TestAuthority(root: "/CN=Gốc", in: certificates)
            signer = try await root.issue("/CN=Người ký", TestAuthority.Profile.signer.key(key))
            try Data(content).write(to: URL(filePath: directory + "/content"))
        }

        func sign(_ arguments: String..., signers: [TestCertificates.Pair]? = nil) async throws -> [UInt8] {
            let names = (signers ?? [signer]).flatMap { ["-signer", $0.certificate, "-inkey", $0.key] }
            try await Tool.run(
                "openssl",
                [
                    "cms", "-sign", "-binary", "-in", directory + "/content", "-outform", "DER", "-out",
                    directory + "/cms",
                ]
                    + names + arguments
            ).requireSuccess()
            return try bytes(of: directory + "/cms")
        }

        /// A token over a file's content, and the pair that issued it.
        func stamp(_ file: String) async throws -> (token: [UInt8], authority: TestCertificates.Pair) {
            let tsa = try await root.issue("/CN=TSA", .timeStamping)
            let settings = """
                [ tsa ]
                default_tsa = here
                [ here ]
                serial = \(directory)/serial
                default_policy = 1.2.3.4
                digests = sha256
                signer_digest = sha256
                ess_cert_id_alg = sha256
                """
            try Data(settings.utf8).write(to: URL(filePath: directory + "/tsa.cnf"))
            try await Tool.run(
                "openssl", ["ts", "-query", "-data", file, "-sha256", "-cert", "-out", directory + "/query"]
            ).requireSuccess()
            try await Tool.run(
                "openssl",
                [
                    "ts", "-reply", "-config", directory + "/tsa.cnf", "-queryfile", directory + "/query", "-signer",
                    tsa.certificate, "-inkey", tsa.key, "-token_out", "-out", directory + "/token",
                ]
            ).requireSuccess()
            return (try bytes(of: directory + "/token"), tsa)
        }
    }

    private func fault(_ message: [UInt8]) -> SignedDataFault? {
        do throws(SignedDataFault) {
            _ = try SignedData(message)
            return nil
        } catch { return error }
    }

    @Test(arguments: [
        (TestAuthority.Profile.p256, "sha256", [String]()), (TestAuthority.Profile.p256, "sha512", []),
        (TestAuthority.Profile.rsa(2_048), "sha256", []), (TestAuthority.Profile.rsa(2_048), "sha384", []),
        (TestAuthority.Profile.rsa(2_048), "sha256", ["-keyopt", "rsa_padding_mode:pss"]),
        (TestAuthority.Profile.p256, "sha256", ["-keyid"]), (TestAuthority.Profile.p256, "sha1", []),
    ])
    func `a detached signature of openssl holds over its content and no other`(
        key: [String], digest: String, further: [String]
    ) async throws {
        let place = try await Place(key: key)
        try await Tool.run(
            "openssl",
            [
                "cms", "-sign", "-binary", "-cades", "-md", digest, "-in", place.directory + "/content", "-outform",
                "DER",
                "-out", place.directory + "/cms", "-signer", place.signer.certificate, "-inkey", place.signer.key,
            ] + further
        ).requireSuccess()
        let message = try bytes(of: place.directory + "/cms")
        let signed = try SignedData(message)
        #expect(signed.digest.rawValue.lowercased().replacing("-", with: "") == digest)
        #expect(signed.signer == (try certificate(place.signer)) && signed.certificates == [signed.signer])
        #expect(signed.bindsCertificate && signed.content == nil && signed.timeStamp == nil)
        let claimed = try #require(signed.claimedTime)
        #expect(abs(claimed.duration(since: .now()).components.seconds) < 60)
        #expect(signed.fault(contentDigest: MessageDigest.of(place.content, signed.digest)) == nil)
        #expect(signed.fault(contentDigest: MessageDigest.of(place.content + [0], signed.digest)) == .contentChanged)
        #expect(signed.fault(contentDigest: []) == .contentChanged)
        // In a PDF zeros follow it.
        #expect(throws: Never.self) { try SignedData(message + [UInt8](repeating: 0, count: 99)) }
        #expect(fault(message + [0, 1]) == .unreadable)
    }

    @Test func `what lacks a part is refused by its name`() async throws {
        let place = try await Place()
        #expect(fault(try await place.sign("-noattr")) == .attributesMissing)
        #expect(fault(try await place.sign("-cades", "-nocerts")) == .signerCertificateMissing)
        #expect(fault(try await place.sign("-md", "sha224")) == .digestUnknown("2.16.840.1.101.3.4.2.4"))
        let other = try await place.root.issue("/CN=Người khác")
        #expect(fault(try await place.sign("-cades", signers: [place.signer, other])) == .signers(count: 2))
        #expect(fault([]) == .unreadable)
        #expect(fault(Array("30820000".utf8)) == .unreadable)
        #expect(fault([UInt8](repeating: 0x30, count: SignedData.maxBytes + 1)) == .tooLarge)
        let plain = try SignedData(try await place.sign())
        #expect(!plain.bindsCertificate)
        #expect(plain.fault(contentDigest: MessageDigest.of(place.content, plain.digest)) == nil)
        let inside = try SignedData(try await place.sign("-nodetach"))
        #expect(inside.content == place.content)
    }

    /// Each byte in turn is another: read or not, nothing but the genuine one holds, unless the byte is one that nobody
    /// signed (a certificate's, an unsigned attribute's).
    @Test func `no byte of what is signed can be another`() async throws {
        let place = try await Place()
        let message = try await place.sign("-cades")
        let digest = MessageDigest.of(place.content, .sha256)
        var generator = SeededGenerator(seed: 11)
        var held = 0
        for _ in 0..<3_000 {
            var changed = message
            changed[Int.random(in: 0..<changed.count, using: &generator)] ^= UInt8.random(
                in: 1...255, using: &generator)
            guard let signed = try? SignedData(changed), signed.fault(contentDigest: digest) == nil else { continue }
            held += 1
            #expect(signed.signer == (try certificate(place.signer)), "another certificate with the same key")
        }
        #expect(held < 300, "\(held)")
    }

    @Test func `a certificate of the same key and name does not take the signer's place`() async throws {
        let place = try await Place()
        let signed = try SignedData(try await place.sign("-cades", "-keyid"))
        let twin = try certificate(try await place.root.issue("/CN=Người ký", sharing: place.signer))
        #expect(signed.signer != twin && signed.signer.facts.subjectKeyID == twin.facts.subjectKeyID)
        let genuine = signed.signer.der
        var message = try await place.sign("-cades", "-keyid")
        // Of one length, so that nothing around has to change.
        guard genuine.count == twin.der.count, let start = message.firstRange(of: genuine)?.lowerBound else { return }
        message.replaceSubrange(start..<start + genuine.count, with: twin.der)
        #expect(fault(message) == .certificateReplaced)
    }

    @Test func `a time-stamp of openssl is somebody's word about its data`() async throws {
        let place = try await Place()
        let (token, authority) = try await place.stamp(place.directory + "/content")
        let stamp = try TimeStamp(token: token)
        #expect(stamp.authority == (try certificate(authority)) && stamp.digest == .sha256)
        #expect(abs(stamp.at.duration(since: .now()).components.seconds) < 60)
        #expect(stamp.fault(dataDigest: MessageDigest.of(place.content, .sha256)) == nil)
        #expect(stamp.fault(dataDigest: MessageDigest.of(place.content + [0], .sha256)) == .contentChanged)
        for other in [try await place.sign("-cades", "-nodetach"), [], Array(token.dropLast())] {
            #expect(throws: SignedDataFault.self) { try TimeStamp(token: other) }
        }
        let roots = [try certificate(place.root.pair)]
        let lists = [try list(try await place.root.list())]
        let judged = SignatureJudgement.stamp(token, by: TrustStore(roots: roots, lists: lists), seenAt: .now()) {
            MessageDigest.of(place.content, $0)
        }
        #expect(judged.isBelieved)
        let unknown = SignatureJudgement.stamp(token, by: TrustStore(roots: []), seenAt: .now()) {
            MessageDigest.of(place.content, $0)
        }
        #expect(!unknown.isBelieved && unknown.verdict?.code == "untrusted")
    }

    @Test func `a signature is judged at the time at which it was made, as far as that is known`() async throws {
        let place = try await Place()
        let signed = try SignedData(try await place.sign("-cades"))
        let digest = MessageDigest.of(place.content, signed.digest)
        let root = try certificate(place.root.pair)
        let now = Instant.now()
        func judge(_ lists: [RevocationList], seenAt: Instant) -> SignatureJudgement {
            SignatureJudgement(
                of: signed, contentDigest: digest, by: TrustStore(roots: [root], lists: lists), seenAt: seenAt)
        }
        let good = try list(try await place.root.list())
        let judged = judge([good], seenAt: now.advanced(by: .seconds(5)))
        #expect(judged.fault == nil && judged.verdict.code == "valid" && judged.timeBasis == .claimed)
        #expect(judged.at == signed.claimedTime && judged.stamp == nil)
        // A claim to have signed later than the bytes were seen is no time.
        #expect(judge([good], seenAt: days(-1).advanced(by: .seconds(3_600))).timeBasis == .seen)
        // Revoked an hour after, and seen after that.
        let after = now.advanced(by: .seconds(3_600))
        let revoked = try list(
            try await place.root.list(
                revoked: [(place.signer, after, "keyCompromise")], until: now.advanced(by: .seconds(9_000_000))))
        let late = judge([revoked], seenAt: after.advanced(by: .seconds(60)))
        guard case .undetermined(_, let gaps) = late.verdict else {
            Issue.record("\(late.verdict.english)")
            return
        }
        #expect(gaps.map(\.code) == ["revoked-since"])
        #expect(judge([revoked], seenAt: now.advanced(by: .seconds(5))).verdict.code == "valid")
    }
}
