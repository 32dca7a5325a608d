// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// The state of a log at one moment (C2SP tlog-checkpoint): whose log, how many leaves, and the root over them.
public struct Checkpoint: Sendable, Equatable {
    /// Which log it is; also the name of the key that signs.
    public let origin: String
    public let size: Int
    public let root: SHA256Digest

    /// - Precondition: `SignedNote.isKeyName(origin)` and 0 ≤ `size` ≤ `MerkleTree.maxSize`.
    public init(origin: String, size: Int, root: SHA256Digest) {
        precondition(SignedNote.isKeyName(origin) && (0...MerkleTree.maxSize).contains(size), "no checkpoint")
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The lines that are signed.
    public var text: String { "\(origin)\n\(size)\n\(Data(root.bytes).base64EncodedString())\n" }

    /// Reads the text of a note. Extension lines are passed over: they say nothing about the tree.
    ///
    /// - Throws: `ParsingProblem`.
    public init(parsing text: String) throws(ParsingProblem) {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        guard lines.count >= 4, lines.last == "", lines.dropLast().allSatisfy({ !$0.isEmpty }) else {
            throw ParsingProblem("Checkpoint", "has not three lines")
        }
        guard SignedNote.isKeyName(lines[0]) else { throw ParsingProblem("Checkpoint", "has no origin") }
        guard let size = Int(lines[1]), String(size) == lines[1], (0...MerkleTree.maxSize).contains(size) else {
            throw ParsingProblem("Checkpoint", "has no size of a tree")
        }
        guard let bytes = Data(base64Encoded: lines[2]), bytes.base64EncodedString() == lines[2],
            let root = SHA256Digest(bytes: bytes)
        else { throw ParsingProblem("Checkpoint", "has no root") }
        self.init(origin: lines[0], size: size, root: root)
    }

    /// The signed note of this checkpoint.
    ///
    /// - Precondition: the signer's key has the name of the origin.
    /// - Throws: what the signer throws.
    public func signed(by signer: some NoteSigner) throws -> SignedNote {
        precondition(signer.key.name == origin, "another log's key")
        return try SignedNote(text, signedBy: signer)
    }
}
