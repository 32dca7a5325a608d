// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import TestKit
import Testing
import Trust

@testable import truc

@Suite(.timeLimit(.minutes(3))) struct TrustCommandTests {
    private func join(_ paths: [String]) throws -> String {
        var text = Data()
        for path in paths { text += try Data(contentsOf: URL(filePath: path)) }
        let path = try TestCluster.temporaryDirectory() + "/bundle.pem"
        try text.write(to: URL(filePath: path))
        return path
    }

    private func refused(_ path: String, asRoots: Bool, _ store: TrustStore = TrustStore(roots: [])) -> String? {
        do {
            try TrustFile.check(TrustFile.items(in: path, asRoots: asRoots), against: store)
            return nil
        } catch { return error.code.rawValue }
    }

    @Test func `only what makes sense is put into the store`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=Gốc", in: place)
        let between = try await root.authority("/CN=CA")
        let signer = try await between.issue("/CN=Người ký")
        let (list, ownList) = (try await root.list(), try await between.list())
        #expect(refused(root.pair.certificate, asRoots: true) == nil)
        #expect(refused(root.pair.certificate, asRoots: false) == "trust.item-unfit")
        #expect(refused(between.pair.certificate, asRoots: true) == "trust.item-unfit")
        #expect(refused(between.pair.certificate, asRoots: false) == "trust.item-unfit")
        #expect(refused(list, asRoots: false) == "trust.item-unfit")
        let store = TrustStore(
            roots: try Certificate.all(in: [UInt8](Data(contentsOf: URL(filePath: root.pair.certificate)))))
        #expect(refused(between.pair.certificate, asRoots: false, store) == nil)
        #expect(refused(list, asRoots: false, store) == nil)
        #expect(refused(ownList, asRoots: false, store) == "trust.item-unfit")
        #expect(refused(try join([ownList, between.pair.certificate, list]), asRoots: false, store) == nil)
        #expect(refused(signer.certificate, asRoots: false, store) == "trust.item-unfit")
        #expect(refused(signer.key, asRoots: false, store) == "trust.file-invalid")
        #expect(refused("/nowhere", asRoots: true) == "file.unreadable")
        let impostor = try await TestAuthority(root: "/CN=Gốc", in: place)
        #expect(refused(try await impostor.list(), asRoots: false, store) == "trust.item-unfit")
    }

    @Test func `a hub is told whom to believe, and says what it believes`() async throws {
        let hub = try await HubProcess.start()
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/C=VN/CN=Gốc Mẫu", in: place)
        let signer = try await root.issue("/C=VN/O=Sở Mẫu/CN=Trần Thị Mẫu")
        let certificate = root.pair.certificate

        let none = try await hub.command("trust", "check", signer.certificate)
        #expect(none.status == 1 && none.errors.contains("[trust.certificate-untrusted]"))
        #expect(none.output.contains("Không có chứng thư của bên cấp «CN=Gốc Mẫu,C=VN»."))
        let dry = try await hub.command("trust", "add", "--root", certificate, "--reason", "Thử", "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("root «CN=Gốc Mẫu,C=VN»"))
        #expect(try await hub.command("trust", "list", "--json").output == "[\n\n]\n")
        #expect(try await hub.command("trust", "add", certificate, "--root").status == 64)
        let added = try await hub.command("trust", "add", "--root", certificate, "--reason", "Thử")
        #expect(added.status == 0 && added.output.contains("Đã thêm 1 trên 1 mục."))
        #expect(
            try await hub.command("trust", "add", "--root", certificate, "--reason", "Thử").output.contains("Đã thêm 0")
        )

        let undetermined = try await hub.command("trust", "check", signer.certificate)
        #expect(undetermined.status == 2 && undetermined.errors.contains("[trust.certificate-undetermined]"))
        #expect(undetermined.output.contains("chưa xác định"))
        let stale = try await hub.command("trust", "check")
        #expect(stale.status == 2 && stale.output.contains("Chưa có CRL của «CN=Gốc Mẫu,C=VN»"))
        #expect(try await hub.command("trust", "add", root.list(), "--reason", "CRL").status == 0)
        let valid = try await hub.command("trust", "check", signer.certificate, "--json")
        #expect(valid.status == 0 && valid.output.contains(#""verdict" : "valid""#))
        #expect(valid.output.contains(#""CN=Trần Thị Mẫu,O=Sở Mẫu,C=VN""#))
        // The root ends within sixty days.
        let fresh = try await hub.command("trust", "check")
        #expect(fresh.status == 0 && fresh.output.contains("sẽ hết hạn"))
        #expect(try await hub.command("trust", "check", signer.certificate, "--at", "2020-01-01").status == 1)

        let listed = try await hub.command("trust", "list")
        let print = try #require(listed.output.firstMatch(of: #/root +([0-9a-f]{16}) /#)?.1)
        let removed = try await hub.command("trust", "remove", String(print), "--reason", "Bỏ")
        #expect(removed.status == 0 && removed.output.contains("Gốc Mẫu"))
        #expect(try await hub.command("trust", "check", signer.certificate).status == 1)
        #expect(try await hub.command("trust", "list").output.contains(print) == false)
        #expect(try await hub.command("trust", "list", "--all").output.contains("(root)"))
        try await hub.stop()
    }

    @Test func `what is out of date is named before and after`() async throws {
        let now = Instant.now()
        func at(_ days: Int) -> Instant { now.advanced(by: .seconds(days * 86_400)) }
        let place = try TestCertificates()
        for (until, listUntil, codes, isPressing) in [
            (100, 5, [String](), false), (50, 5, ["expires-soon"], false), (-1, 5, ["expired"], true),
            (100, -1, ["list-stale"], true),
        ] {
            let root = try await TestAuthority(
                root: "/CN=Gốc", .authority.from(at(-200), until: at(until)), in: place)
            let list = try await root.list(from: at(-9), until: at(listUntil))
            let items =
                try TrustFile.items(in: root.pair.certificate, asRoots: true)
                + TrustFile.items(in: list, asRoots: false)
            guard case .root(let certificate) = items[0], case .list(let known) = items[1] else { continue }
            let found = TrustFinding.all(of: TrustStore(roots: [certificate], lists: [known]), at: now)
            #expect(found.map(\.code) == codes)
            #expect(found.contains(where: \.isPressing) == isPressing)
        }
    }
}
