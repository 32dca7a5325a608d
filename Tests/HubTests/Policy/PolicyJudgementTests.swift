// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import Testing

@testable import Hub

@Suite struct PolicyJudgementTests {
    /// A document with the files named, as the reader reads it.
    private func reading(
        _ files: [(name: String, content: [UInt8])] = [("van-ban.pdf", Array("%PDF-1.7 mẫu".utf8))],
        _ change: (inout DocumentHeader) -> Void = { _ in }, priority: String? = nil
    ) throws -> (PackageReading, DocumentHeader) {
        var header = try PackageBuilder().header
        change(&header)
        var bytes = try PackageWriter.bytes(
            .document(header),
            attachments: files.enumerated().map { index, file in
                OutgoingAttachment(
                    contentID: "f\(index)", name: file.name, contentType: "application/octet-stream",
                    content: file.content)
            })
        if let priority {
            let text = String(decoding: bytes, as: UTF8.self)
            bytes = Array(text.replacing(/<edXML:Priority>\d</, with: "<edXML:Priority>\(priority)<").utf8)
        }
        let reader = PackageReader()
        bytes.withUnsafeBytes { reader.feed($0) }
        let reading = reader.finish()
        guard case .document(let document)? = reading.header else { throw Refusal(.packageInvalid) }
        return (reading, document)
    }

    private func policy(_ name: String, _ change: (inout PolicyProfile) -> Void = { _ in }) throws -> ActivatedPolicy {
        var profile = try #require(KnownPolicies.named(name)).profile
        change(&profile)
        return ActivatedPolicy(profile: profile, digest: "00", from: .earliest)
    }

    /// The refusal's code, or the warnings where the policy does not bind.
    private func codes(
        _ read: (PackageReading, DocumentHeader), _ policy: ActivatedPolicy
    ) throws -> (refused: Refusal.Code?, warned: [String]) {
        let warned = try PolicyJudgement(read.0, read.1, policy: policy, binds: false)
        #expect(warned.hold == nil)
        do throws(Refusal) {
            let bound = try PolicyJudgement(read.0, read.1, policy: policy, binds: true)
            #expect(bound.warnings == [])
            return (nil, warned.warnings)
        } catch {
            return (error.code, warned.warnings)
        }
    }

    private static let signed = Array("%PDF-1.7 << /Type /Sig /ByteRange [0 1 2 3] >>".utf8)

    @Test(arguments: [
        ("bao-cao_2026.v1.pdf", nil), ("Báo cáo.pdf", Refusal.Code.policyFileName), ("bao cao.pdf", .policyFileName),
        ("bao(1).pdf", .policyFileName), ("bao-cao.exe", .policyFileFormat), ("bao-cao", .policyFileFormat),
        ("bao-cao.PDF", nil), ("bao-cao.zip", .policyFileFormat),
        ("" + String(repeating: "a", count: 46) + ".pdf", nil),
        (String(repeating: "a", count: 47) + ".pdf", .policyFileName),
    ])
    func namesAndFormatsOfNinhBinh(name: String, expected: Refusal.Code?) throws {
        let found = try codes(try reading([(name, Self.signed)]), policy("ninh-binh-161-2025"))
        #expect(found.refused == expected)
        #expect(found.warned == [expected].compactMap { $0?.rawValue })
    }

    @Test func sizesCountEachFileOrAllTogether() throws {
        let two = try reading([("a.pdf", Array(repeating: 1, count: 600)), ("b.pdf", Array(repeating: 2, count: 500))])
        for (each, all, expected) in [
            (600, 1_100, nil), (599, 1_100, Refusal.Code.policyFileSize), (600, 1_099, .policyFileSize),
        ] {
            let policy = try policy("quoc-gia") {
                $0.fileMaxBytes = Sourced(each, source: "Điều 1")
                $0.filesMaxBytes = Sourced(all, source: "Điều 2")
            }
            #expect(try codes(two, policy).refused == expected, "\(each) \(all)")
        }
    }

    @Test func theArticleStandsInTheRefusalAndTheFileNameDoesNot() throws {
        let read = try reading([("Đơn của bà Mẫu.pdf", Array("%PDF-1.7".utf8))])
        let policy = try policy("ninh-binh-161-2025")
        let refusal = #expect(throws: Refusal.self) {
            try PolicyJudgement(read.0, read.1, policy: policy, binds: true)
        }
        #expect(refusal?.detail?.contains("Điều 8.4") == true && refusal?.detail?.contains("Mẫu") == false)
    }

    @Test func aSignatureMayStandInThePackageOrInThePDF() throws {
        let unsigned = try reading()
        let signed = try reading([("bao-cao.pdf", Self.signed)])
        let required = try policy("son-la-2588-2018")
        #expect(try codes(unsigned, required).refused == .policySignatureMissing)
        #expect(try codes(signed, required).refused == nil)
        let ninhBinh = try policy("ninh-binh-161-2025")
        #expect(
            try codes(try reading([("a.pdf", Array("%PDF-1.7".utf8))]), ninhBinh).refused == .policySignatureMissing)
        #expect(try codes(signed, ninhBinh).refused == nil)
        for name in ["quoc-gia", "moc-chau-09-2016"] { #expect(try codes(unsigned, policy(name)).refused == nil) }
        // An update carries no signed document.
        var update = Business(kind: .update)
        update.documentIDText = "000.00.13.H52,2026/03/05,1/SXD-VP"
        #expect(try codes(try reading([], { $0.business = update }), required).refused == nil)
    }

    @Test(arguments: [
        ("0", false), ("4", false), ("5", true), ("9", true), ("99999999999999999999", true), ("MAT", true),
    ])
    func priorityOutsideTheListIsHeld(priority: String, isHeld: Bool) throws {
        let read = try reading(priority: priority)
        let judgement = try PolicyJudgement(read.0, read.1, policy: try policy("quoc-gia"), binds: true)
        #expect((judgement.hold?.code == .confirmationNeeded) == isHeld)
        #expect(judgement.isConfidential == isHeld)
        if isHeld { #expect(judgement.hold?.detail?.contains("NĐ 30/2020") == true) }
        let outside = try PolicyJudgement(read.0, read.1, policy: try policy("quoc-gia"), binds: false)
        #expect(outside.hold == nil && outside.isConfidential == isHeld)
        #expect(outside.warnings == (isHeld ? ["policy.confirmation-needed"] : []))
    }

    @Test func everyTextOfAHeaderIsLookedAt() throws {
        let policy = try policy("quoc-gia")
        let places: [(inout DocumentHeader) -> Void] = [
            { $0.subject = "TỐI MẬT" }, { $0.content = "văn bản tuyệt mật" }, { $0.typeName = "Công văn MẬT" },
        ]
        for place in places {
            let read = try reading([("a.pdf", Array("%PDF-1.7".utf8))], place)
            #expect(try PolicyJudgement(read.0, read.1, policy: policy, binds: true).hold != nil)
        }
        let named = try reading([("Phương án TỐI MẬT.pdf", Array("%PDF-1.7".utf8))])
        #expect(try PolicyJudgement(named.0, named.1, policy: policy, binds: true).hold != nil)
        let plain = try reading([("a.pdf", Array("%PDF-1.7".utf8))], { $0.subject = "Kế hoạch bảo vệ bí mật nhà nước" })
        #expect(try PolicyJudgement(plain.0, plain.1, policy: policy, binds: true).hold == nil)
    }

    /// As many bytes as there may be before it, a text is not looked at; with one less it is, to its own bound.
    @Test func theTextsOfAPackageAreLookedAtToTheirBound() throws {
        let policy = try policy("quoc-gia")
        let read = try reading([("Phương án TỐI MẬT.pdf", Array("%PDF-1.7".utf8))])
        func isHeld(_ content: String) throws -> Bool {
            var document = read.1
            document.subject = nil
            document.typeName = nil
            document.content = content
            return try PolicyJudgement(read.0, document, policy: policy, binds: true).hold != nil
        }
        let most = HeldWords.maxPackageBytes
        #expect(try isHeld(String(repeating: "a", count: most - 1)))
        #expect(try !isHeld(String(repeating: "a", count: most)))
        // Bytes, not characters: this letter has three of them.
        #expect(try isHeld(String(repeating: "\u{1EAD}", count: most / 3)))
        #expect(try !isHeld(String(repeating: "\u{1EAD}", count: most / 3 + 1)))
        #expect(try isHeld("TỐI MẬT " + String(repeating: "a", count: most)))
    }

    @Test func aRecallIsNeverStopped() throws {
        var recall = Business(kind: .recall)
        recall.reason = "TỐI MẬT"
        let read = try reading(
            [("Tệp có dấu.exe", [1])],
            {
                $0.business = recall
                $0.subject = "TỐI MẬT"
            })
        for known in KnownPolicies.all {
            let judgement = try PolicyJudgement(read.0, read.1, policy: try policy(known.profile.name), binds: true)
            #expect(judgement.hold == nil && judgement.warnings == [])
            #expect(judgement.isConfidential)
        }
    }

    @Test func theProvinceDecidesWhoIsBound() throws {
        func agency(_ key: Int64, _ code: String, parent: Int64? = nil, aliases: [String] = []) throws -> AgencyRecord {
            AgencyRecord(
                key: AgencyKey(key), code: try AgencyID(parsing: code), name: code, parent: parent.map(AgencyKey.init),
                aliases: aliases, version: 1,
                changedAt: Instant(microseconds: 0))
        }
        let agencies = [
            try agency(1, "000.00.13.H42"), try agency(2, "H25.05"), try agency(3, "000.00.00.G22"),
            try agency(4, "STC", aliases: ["H40.14"]), try agency(5, "0100107370", parent: 1),
            try agency(6, "NGOAI", parent: 3), try agency(7, "KHONG-BIET"), try agency(8, "VONG", parent: 9),
            try agency(9, "VONG-2", parent: 8),
        ]
        let registry = RegistrySnapshot(RegistryRecords(version: 1, systems: [], agencies: agencies))
        let ninhBinh = try policy("ninh-binh-161-2025").profile
        #expect(
            agencies.map { registry.isBound($0, by: ninhBinh) }
                == [true, true, false, true, true, false, false, false, false])
        let national = try policy("quoc-gia").profile
        #expect(agencies.allSatisfy { registry.isBound($0, by: national) })
        #expect(registry.policy(at: .now()) == .national)
    }
}
