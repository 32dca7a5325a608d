// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Trust

/// A zoo of chains made by `openssl ca`; `openssl verify` has to agree on each.
@Suite(.timeLimit(.minutes(5))) struct TrustStoreTests {
    private typealias Profile = TestAuthority.Profile

    /// Root, authority, signer, each with a list that revokes nothing.
    private struct Chain {
        let place: TestCertificates
        let root: TestAuthority
        let between: TestAuthority
        let signer: TestCertificates.Pair
        var files: [TestCertificates.Pair] { [root.pair, between.pair] }

        init(
            root rootProfile: Profile = .authority, between betweenProfile: Profile = .authority,
            signer signerProfile: Profile = .signer
        ) async throws {
            place = try TestCertificates()
            root = try await TestAuthority(root: "/C=VN/CN=Gốc Mẫu", rootProfile, in: place)
            between = try await root.authority("/C=VN/CN=CA Mẫu", betweenProfile)
            signer = try await between.issue("/C=VN/O=Sở Mẫu/CN=Trần Văn Mẫu", signerProfile)
        }

        func store(lists: [String]? = nil) async throws -> TrustStore {
            let made: [String]
            if let lists { made = lists } else { made = [try await root.list(), try await between.list()] }
            return TrustStore(
                roots: [try certificate(root.pair)], intermediates: [try certificate(between.pair)],
                lists: try made.map { try list($0) })
        }
    }

    /// What `openssl verify` says of the same, at the same time; nil when all is well.
    private func peer(
        _ signer: TestCertificates.Pair, roots: [TestCertificates.Pair], between: [TestCertificates.Pair] = [],
        lists: [String] = [], at: Instant = .now(), purpose: String? = nil
    ) async throws -> String? {
        let place = try TestCertificates().directory
        func bundle(_ paths: [String], _ name: String) throws -> String {
            var text = Data()
            for path in paths { text += try Data(contentsOf: URL(filePath: path)) + Data("\n".utf8) }
            try text.write(to: URL(filePath: place + "/" + name))
            return place + "/" + name
        }
        var arguments = ["verify", "-auth_level", "2", "-attime", "\(at.microseconds / 1_000_000)"]
        arguments += ["-CAfile", try bundle(roots.map(\.certificate), "roots"), "-no-CApath", "-no-CAstore"]
        if !between.isEmpty { arguments += ["-untrusted", try bundle(between.map(\.certificate), "between")] }
        if !lists.isEmpty { arguments += ["-crl_check_all", "-CRLfile", try bundle(lists, "lists")] }
        if let purpose { arguments += ["-purpose", purpose] }
        let tool = try await Tool.run("openssl", arguments + [signer.certificate])
        return tool.status == 0 ? nil : tool.output
    }

    private func flaws(_ verdict: CertificateVerdict) -> [String] {
        guard case .untrusted(let chains) = verdict else { return [verdict.code] }
        return chains.map(\.flaw.code)
    }

    @Test func `a sound chain with lists is valid, and says who vouches for it`() async throws {
        let chain = try await Chain()
        let (rootList, list) = (try await chain.root.list(), try await chain.between.list())
        let store = try await chain.store(lists: [rootList, list])
        let now = Instant.now()
        let signer = try certificate(chain.signer)
        let verdict = store.judge(signer, at: now)
        guard case .valid(let found, let at) = verdict else {
            Issue.record("\(verdict.english)")
            return
        }
        let way = [signer, try certificate(chain.between.pair), try certificate(chain.root.pair)]
        #expect(found == way && at == now)
        #expect(verdict.english.first?.contains("CN=Gốc Mẫu,C=VN") == true)
        #expect(verdict.vietnamese.first?.contains("CN=Gốc Mẫu,C=VN") == true)
        #expect(
            try await peer(
                chain.signer, roots: [chain.root.pair], between: [chain.between.pair], lists: [rootList, list])
                == nil)
        // The authority between may come with the message instead.
        let bare = TrustStore(roots: store.roots, lists: store.lists)
        #expect(bare.judge(signer, with: [try certificate(chain.between.pair)], at: now) == verdict)
        #expect(flaws(bare.judge(signer, at: now)) == ["issuer-unknown"])
        #expect(try await peer(chain.signer, roots: [chain.root.pair]) != nil)
    }

    @Test func `a chain without its root is not trusted`() async throws {
        let chain = try await Chain()
        let other = try await Chain()
        let store = try await other.store()
        let extra = [try certificate(chain.between.pair), try certificate(chain.root.pair)]
        let verdict = store.judge(try certificate(chain.signer), with: extra, at: .now())
        // The other root has the same name and another key.
        #expect(flaws(verdict) == ["root-not-trusted"] || flaws(verdict) == ["signature-wrong"], "\(verdict.english)")
        #expect(try await peer(chain.signer, roots: [other.root.pair], between: [chain.between.pair]) != nil)
        #expect(
            flaws(TrustStore(roots: []).judge(try certificate(chain.root.pair), at: .now())) == ["root-not-trusted"])
    }

    @Test(arguments: [
        ("expired", -40, -2), ("not-yet-valid", 2, 40),
    ])
    func `each certificate of a chain has its time`(code: String, from: Int, until: Int) async throws {
        let time = { (profile: Profile) in profile.from(days(from), until: days(until)) }
        for which in 0..<3 {
            let chain = try await Chain(
                root: which == 0 ? time(.authority) : .authority, between: which == 1 ? time(.authority) : .authority,
                signer: which == 2 ? time(.signer) : .signer)
            let store = try await chain.store()
            #expect(flaws(store.judge(try certificate(chain.signer), at: .now())) == [code], "\(which)")
            #expect(
                try await peer(chain.signer, roots: [chain.root.pair], between: [chain.between.pair]) != nil, "\(which)"
            )
        }
    }

    @Test func `the instant that is asked about decides, not the present`() async throws {
        let chain = try await Chain(
            root: .authority.from(days(-400), until: days(400)), between: .authority.from(days(-300), until: days(300)),
            signer: .signer.from(days(-200), until: days(-20)))
        let store = try await chain.store(lists: [
            try await chain.root.list(), try await chain.between.list(from: days(-30), until: days(-23)),
        ])
        let signer = try certificate(chain.signer)
        for (day, code) in [
            (-250, "not-yet-valid"), (-100, "valid"), (-25, "valid"), (-21, "undetermined"), (-19, "expired"),
        ] {
            #expect(flaws(store.judge(signer, at: days(day))) == [code], "\(day)")
        }
        for (day, isValid) in [(-250, false), (-100, true), (-19, false)] {
            let said = try await peer(
                chain.signer, roots: [chain.root.pair], between: [chain.between.pair], at: days(day))
            #expect((said == nil) == isValid)
        }
    }

    @Test(arguments: [
        ("basicConstraints=critical,CA:FALSE", "keyUsage=digitalSignature", "not-an-authority"),
        ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,cRLSign", "not-an-authority"),
    ])
    func `only an authority issues`(constraints: String, usage: String, code: String) async throws {
        let chain = try await Chain(between: Profile.authority.with(constraints, usage))
        let store = try await chain.store(lists: [])
        #expect(flaws(store.judge(try certificate(chain.signer), at: .now())) == [code])
        #expect(try await peer(chain.signer, roots: [chain.root.pair], between: [chain.between.pair]) != nil)
    }

    @Test func `path length and name constraints hold`() async throws {
        let short = try await Chain(root: Profile.authority.with("basicConstraints=critical,CA:TRUE,pathlen:0"))
        #expect(
            flaws(try await short.store().judge(try certificate(short.signer), at: .now())) == ["path-length-exceeded"])
        #expect(try await peer(short.signer, roots: [short.root.pair], between: [short.between.pair]) != nil)
        let narrow = Profile.authority.with("nameConstraints=critical,permitted;email:mau.vn")
        for (mail, code) in [("a@mau.vn", "valid"), ("a@khac.vn", "name-not-permitted")] {
            let chain = try await Chain(
                between: narrow, signer: Profile.signer.with("subjectAltName=email:\(mail)"))
            #expect(flaws(try await chain.store().judge(try certificate(chain.signer), at: .now())) == [code])
            let said = try await peer(chain.signer, roots: [chain.root.pair], between: [chain.between.pair])
            #expect((said == nil) == (code == "valid"))
        }
    }

    @Test func `a key is used for what its certificate says`() async throws {
        for (usage, purpose, code) in [
            ("keyUsage=critical,digitalSignature", CertificatePurpose.signing, "valid"),
            ("keyUsage=critical,nonRepudiation", .signing, "valid"), ("keyUsage=", .signing, "valid"),
            ("keyUsage=critical,keyEncipherment", .signing, "usage-not-permitted"),
            ("keyUsage=critical,digitalSignature", .timeStamping, "usage-not-permitted"),
        ] {
            let chain = try await Chain(signer: Profile.signer.with(usage))
            let store = try await chain.store()
            #expect(flaws(store.judge(try certificate(chain.signer), at: .now(), for: purpose)) == [code], "\(usage)")
        }
        for (usage, code) in [
            ("extendedKeyUsage=critical,timeStamping", "valid"),
            ("extendedKeyUsage=timeStamping", "usage-not-permitted"),
            ("extendedKeyUsage=critical,timeStamping,emailProtection", "usage-not-permitted"),
        ] {
            let chain = try await Chain(signer: Profile.timeStamping.with(usage))
            let store = try await chain.store()
            let verdict = store.judge(try certificate(chain.signer), at: .now(), for: .timeStamping)
            #expect(flaws(verdict) == [code], "\(usage)")
            let said = try await peer(
                chain.signer, roots: [chain.root.pair], between: [chain.between.pair], purpose: "timestampsign")
            #expect((said == nil) == (code == "valid"), "\(usage): \(said ?? "")")
        }
    }

    @Test func `weak keys and obsolete digests are named`() async throws {
        let small = try await Chain(signer: Profile.signer.key(Profile.rsa(1_024)))
        let verdict = try await small.store().judge(try certificate(small.signer), at: .now())
        #expect(flaws(verdict) == ["key-too-weak"])
        #expect(verdict.english.first?.contains("RSA 1024") == true)
        for digest in ["sha1", "md5"] {
            let old = try await Chain(
                between: Profile.authority.key(Profile.rsa(2_048)),
                signer: Profile.signer.key(Profile.rsa(2_048), digest: digest))
            let verdict = try await old.store().judge(try certificate(old.signer), at: .now())
            #expect(flaws(verdict) == ["digest-too-weak"])
            #expect(verdict.english.first?.contains(digest.uppercased()) == true)
            #expect(try await peer(old.signer, roots: [old.root.pair], between: [old.between.pair]) != nil)
        }
        // The root's own signature proves nothing, and is not looked at.
        let root = try await Chain(root: Profile.authority.key(Profile.rsa(2_048), digest: "sha1"))
        #expect(try await root.store().judge(try certificate(root.signer), at: .now()).code == "valid")
        #expect(try await peer(root.signer, roots: [root.root.pair], between: [root.between.pair]) == nil)
    }
}
