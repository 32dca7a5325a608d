// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// A text with signatures below it (C2SP signed-note): the form in which checkpoints go out and witnesses add theirs.
public struct SignedNote: Sendable, Equatable {
    /// One line below the text.
    public struct Signature: Sendable, Equatable {
        /// Whose it is, as the line says.
        public let name: String
        /// Beside the name, what tells keys apart; no proof of anything.
        public let keyID: UInt32
        public let bytes: [UInt8]

        public init(name: String, keyID: UInt32, bytes: [UInt8]) {
            self.name = name
            self.keyID = keyID
            self.bytes = bytes
        }

        /// The line as it stands in the note, without its end.
        public var line: String {
            let id = withUnsafeBytes(of: keyID.bigEndian) { Array($0) }
            return "\(SignedNote.dash)\(name) \(Data(id + bytes).base64EncodedString())"
        }

        /// Reads a line, such as a witness sends for a checkpoint that it was shown.
        ///
        /// - Throws: `ParsingProblem`.
        public init(line: String) throws(ParsingProblem) {
            let parts = line.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
            guard line.utf8.starts(with: SignedNote.dash.utf8), parts.count == 3, SignedNote.isKeyName(parts[1]) else {
                throw ParsingProblem("SignedNote", "has a line that is no signature")
            }
            // Base64 that is written in another way than ours would be the same signature with another text.
            guard let bytes = Data(base64Encoded: parts[2]), bytes.count > 4,
                bytes.base64EncodedString() == parts[2]
            else { throw ParsingProblem("SignedNote", "has a signature that is not in base64") }
            name = parts[1]
            keyID = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
            self.bytes = Array(bytes.dropFirst(4))
        }
    }

    /// Most signatures of a note: the log's own and those of witnesses.
    public static let maxSignatures = 64
    /// Longest note, in bytes.
    public static let maxLength = 1 << 20

    static let dash = "\u{2014} "

    /// What is signed: lines, each with its end.
    public let text: String
    /// In the order of the note; of keys that nobody here knows, too.
    public private(set) var signatures: [Signature]

    /// A note with one signature.
    ///
    /// - Precondition: the text ends its last line and has no control characters besides.
    /// - Throws: what the signer throws.
    public init(_ text: String, signedBy signer: some NoteSigner) throws {
        precondition(Self.isText(text), "not the text of a note")
        self.text = text
        signatures = []
        add(
            Signature(
                name: signer.key.name, keyID: signer.key.keyID, bytes: try signer.sign(Array(text.utf8))))
    }

    /// Reads a note. Nothing of it is to be believed before `verified(by:)`.
    ///
    /// - Throws: `ParsingProblem` for what is no signed note, and beyond the bounds.
    public init(parsing note: some Collection<UInt8>) throws(ParsingProblem) {
        guard note.count <= Self.maxLength else {
            throw ParsingProblem("SignedNote", "is longer than \(Self.maxLength) bytes")
        }
        guard let whole = String(validating: note, as: UTF8.self) else {
            throw ParsingProblem("SignedNote", "is no UTF-8")
        }
        guard Self.isText(whole) else {
            throw ParsingProblem("SignedNote", "has a control character, or no end of its last line")
        }
        var lines = whole.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        lines.removeLast()
        // An empty line may stand in the text, but not among the signatures: the last one parts them.
        guard let blank = lines.lastIndex(of: ""), blank > 0, blank + 1 < lines.count else {
            throw ParsingProblem("SignedNote", "has no signatures")
        }
        guard lines.count - blank - 1 <= Self.maxSignatures else {
            throw ParsingProblem("SignedNote", "has more than \(Self.maxSignatures) signatures")
        }
        signatures = []
        for line in lines[(blank + 1)...] { signatures.append(try Signature(line: line)) }
        text = lines[..<blank].map { $0 + "\n" }.joined()
    }

    /// Adds the signature of somebody else. One that is there already, and one too many, changes nothing.
    ///
    /// - Returns: whether it was added.
    @discardableResult
    public mutating func add(_ signature: Signature) -> Bool {
        guard signatures.count < Self.maxSignatures, !signatures.contains(signature) else { return false }
        signatures.append(signature)
        return true
    }

    /// The whole note.
    public var note: String { text + "\n" + signatures.map { $0.line + "\n" }.joined() }

    /// The names of those of these keys that have signed the text. Signatures of other keys count for nothing.
    ///
    /// - Throws: `NoteProblem`: one of these keys' signatures is wrong, or none of these keys has signed.
    public func verified(by keys: [NoteKey]) throws(NoteProblem) -> [String] {
        let bytes = Array(text.utf8)
        var names: [String] = []
        for signature in signatures {
            for key in keys where key.name == signature.name && key.keyID == signature.keyID {
                guard key.isValid(signature.bytes, of: bytes) else { throw .invalid(key.name) }
                names.append(key.name)
            }
        }
        if names.isEmpty { throw .unsigned }
        return names
    }

    private static func isText(_ text: String) -> Bool {
        text.utf8.last == 0x0A && text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }
    }

    /// Whether this may name a key: not empty, without spaces and plus signs.
    public static func isKeyName(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != "+" && $0.value >= 0x20 }
    }
}

/// Why a note is not to be believed.
public enum NoteProblem: Error, Equatable {
    /// The signature of this known key does not fit the text.
    case invalid(String)
    /// None of the known keys has signed.
    case unsigned
}

/// Who signs notes.
public protocol NoteSigner {
    /// The key by which others know its signatures.
    var key: NoteKey { get }
    /// An ECDSA signature over the SHA-256 of these bytes, in DER.
    func sign(_ bytes: [UInt8]) throws -> [UInt8]
}

/// The public half of a key that signs notes: ECDSA on P-256, as C2SP's signature type 2 has it.
public struct NoteKey: Sendable {
    /// The type's byte.
    private static let ecdsa: UInt8 = 2

    public let name: String
    /// SubjectPublicKeyInfo, in DER.
    public let publicKey: [UInt8]
    private let check: @Sendable (_ signature: [UInt8], _ bytes: [UInt8]) -> Bool

    /// - Parameter check: whether a signature, in DER, is that of `publicKey` over the SHA-256 of the bytes.
    /// - Precondition: `SignedNote.isKeyName(name)`.
    public init(
        name: String, publicKey: [UInt8],
        check: @escaping @Sendable (_ signature: [UInt8], _ bytes: [UInt8]) -> Bool
    ) {
        precondition(SignedNote.isKeyName(name), "not the name of a key")
        self.name = name
        self.publicKey = publicKey
        self.check = check
    }

    /// The first four bytes of the SHA-256 of the public key.
    public var keyID: UInt32 { SHA256Digest(of: publicKey).bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// The key as it is given to those who verify: `name+id+base64`.
    public var text: String {
        let id = SHA256Digest(of: publicKey).bytes.prefix(4).hex
        return "\(name)+\(id)+\(Data([Self.ecdsa] + publicKey).base64EncodedString())"
    }

    /// Reads what `text` writes.
    ///
    /// - Parameter check: makes of the public key, in DER, what checks its signatures; nil where it is none.
    /// - Throws: `ParsingProblem`.
    public init(
        parsing text: String,
        check: (_ publicKey: [UInt8]) -> (@Sendable (_ signature: [UInt8], _ bytes: [UInt8]) -> Bool)?
    ) throws(ParsingProblem) {
        // Base64 may have plus signs of its own.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 3, SignedNote.isKeyName(parts[0]), let bytes = Data(base64Encoded: parts[2]) else {
            throw ParsingProblem("NoteKey", "is not of the form name+id+base64")
        }
        guard bytes.first == Self.ecdsa else { throw ParsingProblem("NoteKey", "is not of ECDSA") }
        let publicKey = Array(bytes.dropFirst())
        guard let check = check(publicKey) else { throw ParsingProblem("NoteKey", "has no key of P-256 in it") }
        self.init(name: parts[0], publicKey: publicKey, check: check)
        guard self.text == text else { throw ParsingProblem("NoteKey", "has an id that is not its key's") }
    }

    /// Whether this is the key's signature over the SHA-256 of the bytes.
    public func isValid(_ signature: [UInt8], of bytes: [UInt8]) -> Bool { check(signature, bytes) }
}
