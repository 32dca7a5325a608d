// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Trust

@Suite(.timeLimit(.minutes(5))) struct RevocationTests {
    private typealias Profile = TestAuthority.Profile

    private struct Place {
        let root: TestAuthority
        let pair: TestCertificates.Pair
        let signer: Certificate

        init(_ profile: Profile = .signer, root rootProfile: Profile = .authority) async throws {
            root = try await TestAuthority(root: "/CN=Gốc", rootProfile, in: TestCertificates())
            pair = try await root.issue("/CN=Người ký", profile)
            signer = try certificate(pair)
        }

        func judge(_ lists: [String], at: Instant = .now()) throws -> CertificateVerdict {
            TrustStore(roots: [try certificate(root.pair)], lists: try lists.map { try list($0) }).judge(signer, at: at)
        }
    }

    private func gaps(_ verdict: CertificateVerdict) -> [String] {
        guard case .undetermined(_, let gaps) = verdict else { return [verdict.code] }
        return gaps.map(\.code)
    }

    @Test func `without a list nobody knows, and each missing list is named`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=Gốc", in: place)
        let between = try await root.authority("/CN=CA Giữa")
        let signer = try certificate(try await between.issue("/CN=Người ký"))
        let (first, second) = (try await root.list(), try await between.list())
        for (lists, expected) in [
            ([], ["no-list", "no-list"]), ([first], ["no-list"]), ([second], ["no-list"]),
            ([first, second], ["valid"]),
        ] {
            let store = TrustStore(
                roots: [try certificate(root.pair)], intermediates: [try certificate(between.pair)],
                lists: try lists.map { try list($0) })
            let verdict = store.judge(signer, at: .now())
            #expect(gaps(verdict) == expected)
            // Lists that came with the message are as good: their issuers signed them.
            let bare = TrustStore(roots: store.roots, intermediates: store.intermediates)
            #expect(bare.judge(signer, lists: store.lists, at: .now()).code == verdict.code)
        }
        let none = TrustStore(roots: [try certificate(root.pair)], intermediates: [try certificate(between.pair)])
        #expect(
            none.judge(signer, at: .now()).english == [
                "There is no list of revoked certificates (CRL) of \"CN=CA Giữa\".",
                "There is no list of revoked certificates (CRL) of \"CN=Gốc\".",
            ])
    }

    @Test func `a revoked certificate is untrusted from that instant on`() async throws {
        let place = try await Place(
            .signer.from(days(-100), until: days(100)), root: .authority.from(days(-200), until: days(200)))
        let at = days(-10)
        let list = try await place.root.list(revoked: [(place.pair, at, "keyCompromise")], from: days(-1))
        let verdict = try place.judge([list])
        guard case .untrusted(let chains) = verdict, case .revoked(let subject, let since, let reason) = chains[0].flaw
        else {
            Issue.record("\(verdict.english)")
            return
        }
        #expect(subject == "CN=Người ký" && reason == "keyCompromise")
        #expect(since.microseconds / 1_000_000 == at.microseconds / 1_000_000)
        // Signed before it was revoked, and the list of today says so.
        #expect(try place.judge([list], at: days(-11)).code == "valid")
        #expect(try place.judge([list], at: days(-9)).code == "untrusted")
        // An older list that does not know of it changes nothing.
        let older = try await place.root.list(from: days(-20), until: days(20))
        #expect(try place.judge([older, list]).code == "untrusted")
        #expect(try place.judge([older]).code == "valid")
    }

    @Test func `a revoked authority takes all below it along`() async throws {
        let certificates = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=Gốc", in: certificates)
        let between = try await root.authority("/CN=CA Giữa")
        let signer = try certificate(try await between.issue("/CN=Người ký"))
        let lists = [
            try list(try await root.list(revoked: [(between.pair, .now().advanced(by: .seconds(-9)), "cACompromise")])),
            try list(try await between.list()),
        ]
        let store = TrustStore(
            roots: [try certificate(root.pair)], intermediates: [try certificate(between.pair)], lists: lists)
        let verdict = store.judge(signer, at: .now())
        #expect(verdict.code == "untrusted")
        #expect(verdict.english.first?.contains("CN=CA Giữa") == true, "\(verdict.english)")
    }

    @Test func `a list knows its time only`() async throws {
        let place = try await Place(
            .signer.from(days(-100), until: days(-10)), root: .authority.from(days(-200), until: days(200)))
        let old = try await place.root.list(from: days(-60), until: days(-50))
        let late = try await place.root.list(from: days(-1), until: days(6))
        #expect(gaps(try place.judge([old], at: days(-55))) == ["valid"])
        #expect(gaps(try place.judge([old], at: days(-40))) == ["list-expired"])
        // Made after the certificate expired: it may have been dropped.
        #expect(gaps(try place.judge([late], at: days(-40))) == ["list-too-late"])
        #expect(try list(old).isStale(at: .now()) && !list(late).isStale(at: .now()))
    }

    @Test func `a hold that was taken back is over`() async throws {
        let place = try await Place(
            .signer.from(days(-100), until: days(100)), root: .authority.from(days(-200), until: days(200)))
        let held = try await place.root.list(
            revoked: [(place.pair, days(-9), "certificateHold")], from: days(-8), until: days(5))
        let free = try await place.root.list(from: days(-2), until: days(5))
        #expect(try place.judge([held]).code == "untrusted")
        #expect(try place.judge([held, free]).code == "valid")
    }

    @Test func `a list of another key, or of a part, says nothing`() async throws {
        let place = try await Place()
        let impostor = try await TestAuthority(root: "/CN=Gốc", in: TestCertificates())
        #expect(gaps(try place.judge([try await impostor.list()])) == ["list-unusable"])
        let own = try await place.root.list()
        #expect(
            try place.judge([try await impostor.list(revoked: [(place.pair, days(-1), "keyCompromise")]), own]).code
                == "valid")
        for (scope, expected) in [
            ("onlyuser:TRUE", "valid"), ("onlyCA:TRUE", "list-unusable"), ("indirectCRL:TRUE", "list-unusable"),
            ("fullname:URI:http://a.vn/1.crl", "list-unusable"),
        ] {
            let extensions = [
                "issuingDistributionPoint=critical,@part", "[ part ]",
                scope.replacing(":", with: "=", maxReplacements: 1),
            ]
            let list = try await place.root.list(extensions: extensions)
            #expect(gaps(try place.judge([list])) == [expected], "\(scope)")
        }
        let pointing = try await Place(Profile.signer.with("crlDistributionPoints=URI:http://a.vn/1.crl"))
        for (place1, expected) in [("http://a.vn/1.crl", "valid"), ("http://a.vn/2.crl", "list-unusable")] {
            let list = try await pointing.root.list(
                extensions: ["issuingDistributionPoint=critical,@part", "[ part ]", "fullname=URI:\(place1)"])
            #expect(gaps(try pointing.judge([list])) == [expected])
        }
        let delta = try await place.root.list(extensions: ["2.5.29.27=critical,DER:020101"])
        #expect(gaps(try place.judge([delta])) == ["list-unusable"])
        // An authority that may not sign lists has none.
        let silent = try await Place(root: Profile.authority.with("keyUsage=critical,keyCertSign"))
        #expect(gaps(try silent.judge([try await silent.root.list()])) == ["list-unusable"])
    }
}
