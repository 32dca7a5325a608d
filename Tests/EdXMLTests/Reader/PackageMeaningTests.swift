// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing
import Trust

@testable import EdXML

struct PackageMeaningTests {
    private func meaning(_ header: DocumentHeader, _ attachments: [OutgoingAttachment]) throws -> SHA256Digest {
        try #require(read(try PackageWriter.bytes(.document(header), attachments: attachments)).meaning)
    }

    @Test func whatASenderRebuildsIsTheSame() throws {
        let document = try Invented.document()
        let text = Array("một hai ba".utf8)
        func wrapped(_ entry: String) -> [UInt8] { Zip.archive([(entry, text)]) }
        let first = try meaning(
            document,
            [
                Invented.attachment(id: "1"),
                Invented.attachment("b.txt", type: "application/zip", id: "2", content: wrapped("c9f2.txt")),
            ])
        var again = document
        again.trace.append(TraceHop(organID: "01.02.G22", timestampText: "2026/03/06 10:00:00"))
        again.to = [Organization(organID: "000.00.99.H52")]
        let second = try meaning(
            again,
            [
                Invented.attachment("b.txt", type: "application/zip", id: "x", content: wrapped("77aa01.txt")),
                Invented.attachment(id: "y"),
            ])
        #expect(second == first)
        // The same file unwrapped is the same file.
        let raw = try meaning(
            document,
            [Invented.attachment("b.txt", type: "text/plain", id: "1", content: text), Invented.attachment(id: "2")])
        #expect(raw == first)
    }

    @Test func whatIsSaidOtherwiseIsAnother() throws {
        let document = try Invented.document()
        let attachments = [Invented.attachment()]
        var seen: Set<SHA256Digest> = [try meaning(document, attachments)]
        func isNew(_ change: (inout DocumentHeader) throws -> Void) throws -> Bool {
            var changed = document
            try change(&changed)
            return seen.insert(try meaning(changed, attachments)).inserted
        }
        #expect(try isNew { $0.subject = "khác" })
        #expect(try isNew { $0.subject = nil })
        #expect(try isNew { $0.content = nil })
        #expect(try isNew { $0.from.organName = "khác" })
        #expect(try isNew { $0.documentID = try DocumentID(parsing: "000.00.13.H52,2026/03/05,13/STN-VP") })
        #expect(try isNew { $0.promulgationDateText = "2026/03/06" })
        #expect(try isNew { $0.other.urgency = .immediate })
        #expect(try isNew { $0.toPlaces = ["Như trên, Lưu: VT"] })
        #expect(try isNew { $0.responseFor = [] })
        #expect(try isNew { $0.business?.kind = .replacement })
        #expect(try isNew { $0.business?.replacements = [.init(documentIDText: "A", organIDs: ["B"])] })
        #expect(try isNew { $0.signer.fullName = "Người Khác" })
        // A text may not move from one field to the next.
        #expect(try isNew { ($0.codeNumber, $0.codeNotation) = (nil, "12") })
        #expect(try isNew { ($0.codeNumber, $0.codeNotation) = ("12", nil) })
        for other in [
            [], [Invented.attachment("khac.pdf")], [Invented.attachment(content: Invented.pdf + [0x0A])],
            [Invented.attachment(), Invented.attachment(id: "a2")],
        ] {
            #expect(seen.insert(try meaning(document, other)).inserted)
        }
    }

    /// One budget for the package, and the same meaning in whatever order its attachments stand.
    @Test func beyondTheBudgetOfThePackageNothingIsUnpacked() throws {
        let document = try Invented.document()
        func attachment(_ name: String, entry: String, bytes: Int) -> OutgoingAttachment {
            Invented.attachment(
                name, type: "text/plain", id: name,
                content: Zip.archive([(entry, [UInt8](repeating: UInt8(ascii: "a"), count: bytes))]))
        }
        func unpacked(_ attachments: [OutgoingAttachment], budget: Int) throws -> (meaning: SHA256Digest?, count: Int) {
            var limits = PackageLimits()
            limits.unpackedTotalBytes = budget
            let reading = read(try PackageWriter.bytes(.document(document), attachments: attachments), limits: limits)
            return (reading.meaning, reading.attachments.count { $0.sha256 != $0.unpackedSHA256 })
        }
        let small = attachment("a.txt", entry: "1", bytes: 1_000)
        let large = attachment("b.txt", entry: "2", bytes: 90_000)
        let within = try unpacked([small, large], budget: 91_000)
        #expect(within.count == 2)
        let beyond = try unpacked([small, large], budget: 90_999)
        #expect(beyond.count == 0 && beyond.meaning != within.meaning)
        let turned = try unpacked([large, small], budget: 90_999)
        #expect(turned.count == 0 && turned.meaning == beyond.meaning)
        #expect(try unpacked([large, small], budget: 91_000).meaning == within.meaning)
        // Named otherwise inside, it is then another package.
        let renamed = attachment("a.txt", entry: "3", bytes: 1_000)
        #expect(try unpacked([renamed, large], budget: 91_000).meaning == within.meaning)
        #expect(try unpacked([renamed, large], budget: 90_999).meaning != beyond.meaning)
    }

    @Test func archivesAreTakenAsTheyAre() throws {
        let document = try Invented.document()
        func digest(_ entry: String) throws -> SHA256Digest {
            try meaning(
                document,
                [Invented.attachment("ho-so.zip", type: "application/zip", content: Zip.archive([(entry, [1, 2, 3])]))])
        }
        #expect(try digest("a") != digest("b"))
    }

    @Test func normalizationFormDoesNotMatter() throws {
        var document = try Invented.document()
        document.subject = "Quyết định về việc"
        let composed = try meaning(document, [Invented.attachment("Quyết định.pdf")])
        document.subject = document.subject?.decomposedStringWithCanonicalMapping
        let decomposed = try meaning(
            document, [Invented.attachment("Quyết định.pdf".decomposedStringWithCanonicalMapping)])
        #expect(composed == decomposed)
    }

    @Test func serialisationIsFixed() throws {
        // Digests are kept in databases: a change here needs a new version and a migration.
        let status = try PackageWriter.bytes(.status(Invented.status()))
        #expect(read(status).meaning?.hex == "0db6851b6d97d7b73f65315968ff8f7d0c0b9ce00041490c12a069eb738dbe30")
        let document = try PackageWriter.bytes(.document(Invented.document()), attachments: [Invented.attachment()])
        #expect(read(document).meaning?.hex == "bc5dffee4e1548481a7bfffe8560240f0fe967b62af089d0d1e42a2255ad7787")
    }
}
