// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@Suite struct CheckpointTests {
    private let checkpoint = Checkpoint(
        origin: "truc.example.vn/log", size: 20_852_163, root: MerkleTree.leafHash([1, 2, 3]))

    @Test func `a checkpoint is three lines, a blank one and a signature, and is read again`() throws {
        let signer = try P256Signer(name: checkpoint.origin)
        let note = try checkpoint.signed(by: signer)
        let lines = note.note.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 6 && lines[0] == "truc.example.vn/log" && lines[1] == "20852163" && lines[3] == "")
        #expect(lines[4].hasPrefix("— truc.example.vn/log ") && lines[5] == "")
        let read = try SignedNote(parsing: Array(note.note.utf8))
        #expect(read == note)
        #expect(try read.verified(by: [signer.key]) == [checkpoint.origin])
        #expect(try Checkpoint(parsing: read.text) == checkpoint)
    }

    @Test func `openssl finds the signature right`() async throws {
        let signer = try P256Signer(name: checkpoint.origin)
        let note = try checkpoint.signed(by: signer)
        let place = try TestCluster.temporaryDirectory()
        try Data(note.text.utf8).write(to: URL(filePath: place + "/text"))
        try Data(try #require(note.signatures.first).bytes).write(to: URL(filePath: place + "/signature"))
        try Data(signer.key.publicKey).write(to: URL(filePath: place + "/key.der"))
        let verify = ["dgst", "-sha256", "-keyform", "DER", "-verify", "\(place)/key.der", "-signature"]
        let tool = try await Tool.run("openssl", verify + ["\(place)/signature", "\(place)/text"])
        #expect(tool.output.contains("Verified OK"), "\(tool.output)")
        // As C2SP's signed-note has it for ECDSA: the digest's first bytes, in order.
        let digest = SHA256Digest(of: signer.key.publicKey).hex
        #expect(String(signer.key.keyID, radix: 16) == String(digest.prefix(8).drop { $0 == "0" }))
    }

    @Test func `whatever is altered, the note is not believed`() throws {
        let signer = try P256Signer(name: checkpoint.origin)
        let note = try checkpoint.signed(by: signer)
        for other in [
            note.note.replacing("20852163", with: "20852164"),
            note.note.replacing("truc.example.vn/log\n20", with: "x\n20"),
        ] {
            let read = try SignedNote(parsing: Array(other.utf8))
            #expect(throws: NoteProblem.invalid(checkpoint.origin)) { try read.verified(by: [signer.key]) }
        }
        let stranger = try P256Signer(name: checkpoint.origin)
        #expect(throws: NoteProblem.unsigned) { try note.verified(by: [stranger.key]) }
        #expect(throws: NoteProblem.unsigned) { try note.verified(by: []) }
        // The right name and id with another key behind it.
        let forged = NoteKey(name: signer.key.name, publicKey: signer.key.publicKey) {
            stranger.key.isValid($0, of: $1)
        }
        #expect(throws: NoteProblem.invalid(checkpoint.origin)) { try note.verified(by: [forged]) }
    }

    @Test func `signatures of witnesses are kept, and count for who knows their keys`() throws {
        let (hub, witness) = try (P256Signer(name: checkpoint.origin), P256Signer(name: "witness.example.vn"))
        var note = try checkpoint.signed(by: hub)
        let cosigned = try SignedNote(checkpoint.text, signedBy: witness)
        let line = try #require(cosigned.signatures.first).line
        let added = [note.add(try SignedNote.Signature(line: line)), note.add(try SignedNote.Signature(line: line))]
        #expect(added == [true, false])
        let read = try SignedNote(parsing: Array(note.note.utf8))
        #expect(read.signatures.count == 2)
        #expect(try read.verified(by: [hub.key]) == [checkpoint.origin])
        #expect(try read.verified(by: [hub.key, witness.key]) == [checkpoint.origin, "witness.example.vn"])
        for number in 0..<SignedNote.maxSignatures {
            note.add(SignedNote.Signature(name: "w", keyID: UInt32(number), bytes: [1]))
        }
        #expect(note.signatures.count == SignedNote.maxSignatures)
        #expect(try SignedNote(parsing: Array(note.note.utf8)).signatures.count == SignedNote.maxSignatures)
    }

    @Test func `a key is given away as text, and is read only with its own id`() throws {
        let signer = try P256Signer(name: checkpoint.origin)
        let text = signer.key.text
        let note = try checkpoint.signed(by: signer)
        let read = try NoteKey(parsing: text) { P256Signer.check($0) }
        #expect(read.keyID == signer.key.keyID && read.text == text)
        #expect(try note.verified(by: [read]) == [checkpoint.origin])
        let other = try P256Signer(name: checkpoint.origin).key.text
        let mixed = text.split(separator: "+", maxSplits: 2)[..<2] + other.split(separator: "+", maxSplits: 2)[2...]
        for wrong in ["", "a+b", "a+00000000+AQ==", mixed.joined(separator: "+"), text + "=", " " + text] {
            #expect(throws: ParsingProblem.self, "\(wrong)") { try NoteKey(parsing: wrong) { P256Signer.check($0) } }
        }
        #expect(throws: ParsingProblem.self) { try NoteKey(parsing: text) { _ in nil } }
    }

    @Test(arguments: [
        "", "\n", "a\n", "a\n\n", "a\n\n— n\n", "a\n\n— n AAAAAA==\n", "a\n\n- n AAAAAAA=\n", "a\n\n— n+ AAAAAAA=\n",
        "a\n\n—  AAAAAAA=\n", "a\n\n— n AAAAAAA=", "a\r\n\n— n AAAAAAA=\n", "\n— n AAAAAAA=\n", "a\n\n— n AAAAAAB=\n",
        "a\n\n— n AAAAAAA= x\n", "a\n— n AAAAAAA=\n", "a\n\n— n AAAAAAA=\n\n",
    ])
    func `what is no signed note is refused`(text: String) {
        #expect(throws: ParsingProblem.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test func `notes have bounds`() throws {
        let line = "— n AAAAAAA=\n"
        #expect(try SignedNote(parsing: Array("a\n\n\(line)".utf8)).signatures.count == 1)
        #expect(try SignedNote(parsing: Array("a\n\nb\n\n\(line)".utf8)).text == "a\n\nb\n")
        let many = String(repeating: line, count: SignedNote.maxSignatures + 1)
        #expect(throws: ParsingProblem.self) { try SignedNote(parsing: Array("a\n\n\(many)".utf8)) }
        let long = String(repeating: "a", count: SignedNote.maxLength)
        #expect(throws: ParsingProblem.self) { try SignedNote(parsing: Array("\(long)\n\n\(line)".utf8)) }
        #expect(throws: ParsingProblem.self) { try SignedNote(parsing: [0xFF, 0x0A, 0x0A] + Array(line.utf8)) }
    }

    @Test(arguments: [
        "", "a", "a\n1\n", "a\n01\n%\n", "a\n-1\n%\n", "a\n+1\n%\n", "\n1\n%\n", "a b\n1\n%\n", "a\n1\nAAAA\n",
        "a\n1\n%",
        "a\n1\n%\n\nx\n", "a\n99999999999999999999\n%\n", "a\n999999999999999\n%\n",
    ])
    func `what is no checkpoint is refused`(text: String) throws {
        let root = Data(MerkleTree.emptyRoot.bytes).base64EncodedString()
        #expect(throws: ParsingProblem.self) { try Checkpoint(parsing: text.replacing("%", with: root)) }
        #expect(try Checkpoint(parsing: "a\n0\n\(root)\nextension\n").size == 0)
    }
}
