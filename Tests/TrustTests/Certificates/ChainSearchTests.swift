// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Trust

/// Ways that cross, circle and multiply.
@Suite(.timeLimit(.minutes(5))) struct ChainSearchTests {
    private typealias Profile = TestAuthority.Profile

    private func found(_ certificate: Certificate, roots: [Certificate], others: [Certificate]) -> ChainSearch.Found {
        var search = ChainSearch(roots: roots, others: others)
        return search.chains(from: certificate)
    }

    @Test func `of many issuers with one name the right key is found`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=Gốc", in: place)
        // Without key identifiers only the signature tells them apart.
        let bare = Profile.authority.with("subjectKeyIdentifier=", "authorityKeyIdentifier=")
        var namesakes: [Certificate] = []
        for _ in 0..<8 { namesakes.append(try certificate(try await root.authority("/CN=CA Một tên", bare).pair)) }
        let right = try await root.authority("/CN=CA Một tên", bare)
        let signer = try certificate(
            try await right.issue("/CN=Người ký", Profile.signer.with("authorityKeyIdentifier=")))
        let found = found(
            signer, roots: [try certificate(root.pair)], others: namesakes + [try certificate(right.pair)])
        let way = [signer, try certificate(right.pair), try certificate(root.pair)]
        #expect(found.complete == [way])
        #expect(found.dead.isEmpty)
        let wrong = self.found(signer, roots: [try certificate(root.pair)], others: namesakes)
        #expect(wrong.complete.isEmpty && wrong.dead.map(\.flaw.code) == ["signature-wrong"])
    }

    @Test func `authorities that sign each other in a circle lead nowhere, or out`() async throws {
        let place = try TestCertificates()
        let one = try await TestAuthority(root: "/CN=Một", in: place)
        let two = try await TestAuthority(root: "/CN=Hai", in: place)
        let oneByTwo = try certificate(try await two.authority("/CN=Một", sharing: one.pair).pair)
        let twoByOne = try certificate(try await one.authority("/CN=Hai", sharing: two.pair).pair)
        let signer = try certificate(try await one.issue("/CN=Người ký"))
        let circle = found(signer, roots: [], others: [oneByTwo, twoByOne])
        #expect(circle.complete.isEmpty && !circle.dead.isEmpty && circle.count < ChainSearch.maxChains)
        let out = found(signer, roots: [try certificate(two.pair)], others: [oneByTwo, twoByOne])
        #expect(out.complete.contains([signer, oneByTwo, try certificate(two.pair)]))
    }

    @Test func `an expired root is no obstacle where its key is signed by another`() async throws {
        let place = try TestCertificates()
        let old = try await TestAuthority(root: "/CN=Gốc cũ", .authority.from(days(-900), until: days(-1)), in: place)
        let new = try await TestAuthority(root: "/CN=Gốc mới", in: place)
        let bridge = try certificate(try await new.authority("/CN=Gốc cũ", sharing: old.pair).pair)
        let signer = try certificate(try await old.issue("/CN=Người ký"))
        let lists = [try list(try await old.list()), try list(try await new.list())]
        let roots = [try certificate(old.pair), try certificate(new.pair)]
        let verdict = TrustStore(roots: roots, intermediates: [bridge], lists: lists).judge(signer, at: .now())
        guard case .valid(let chain, _) = verdict else {
            Issue.record("\(verdict.english)")
            return
        }
        #expect(chain == [signer, bridge, roots[1]])
        let without = TrustStore(roots: roots, lists: lists).judge(signer, at: .now())
        #expect(without.english.count == 1 && without.english[0].hasPrefix("Người ký ← Gốc cũ: "))
        #expect(without.english[0].contains("expired"))
    }

    @Test func `a revoked certificate finds no other way up`() async throws {
        let place = try TestCertificates()
        let one = try await TestAuthority(root: "/CN=Một", in: place)
        let two = try await TestAuthority(root: "/CN=Hai", in: place)
        let oneByTwo = try certificate(try await two.authority("/CN=Một", sharing: one.pair).pair)
        let pair = try await one.issue("/CN=Người ký")
        let lists = [
            try list(try await one.list(revoked: [(pair, .now().advanced(by: .seconds(-9)), "superseded")])),
            try list(try await two.list()),
        ]
        let roots = [try certificate(two.pair), try certificate(one.pair)]
        let verdict = TrustStore(roots: roots, intermediates: [oneByTwo], lists: lists).judge(
            try certificate(pair), at: .now())
        #expect(verdict.code == "untrusted")
    }

    @Test func `a chain ends at its bound`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=0", in: place)
        var authorities = [root]
        for number in 1..<TrustStore.maxDepth {
            authorities.append(try await authorities[number - 1].authority("/CN=\(number)"))
        }
        let others = try authorities.map { try certificate($0.pair) }
        let fitting = try certificate(try await authorities[TrustStore.maxDepth - 2].issue("/CN=Người ký"))
        let deep = try certificate(try await authorities[TrustStore.maxDepth - 1].issue("/CN=Người ký"))
        #expect(found(fitting, roots: [others[0]], others: others).complete.map(\.count) == [TrustStore.maxDepth])
        let verdict = TrustStore(roots: [others[0]], intermediates: others).judge(fitting, at: .now())
        #expect(verdict.code == "undetermined", "\(verdict.english)")
        let tooDeep = found(deep, roots: [others[0]], others: others)
        #expect(tooDeep.complete.isEmpty && tooDeep.dead.map(\.flaw.code) == ["chain-too-long"])
    }

    /// Every authority signed by every other: the number of ways grows with the factorial.
    @Test func `a web of authorities costs no more than its bound`() async throws {
        let place = try TestCertificates()
        var authorities: [TestAuthority] = []
        for number in 0..<5 { authorities.append(try await TestAuthority(root: "/CN=\(number)", in: place)) }
        var web: [Certificate] = []
        for issuer in authorities {
            for (number, subject) in authorities.enumerated() where subject.name != issuer.name {
                web.append(try certificate(try await issuer.authority("/CN=\(number)", sharing: subject.pair).pair))
            }
        }
        let signer = try certificate(try await authorities[0].issue("/CN=Người ký"))
        let found = found(signer, roots: [], others: web)
        #expect(found.count == ChainSearch.maxChains)
        #expect(
            TrustStore(roots: [], intermediates: web).judge(signer, at: .now()).english.count == ChainSearch.maxChains)
    }
}
