// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The name of a wrapping key: 8 random bytes, written as 16 lower-case hexadecimal digits. No secret.
public struct WrappingKeyID: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 8

    let bytes: [UInt8]

    init() { bytes = SecureRandom.bytes(Self.byteCount) }

    /// Nil unless there are exactly 8 bytes.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads the written form; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * Self.byteCount, text == text.lowercased() else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = hexValue(digits[index]), let low = hexValue(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    public var text: String { bytes.hex }
    public var description: String { text }
}

/// A key that wraps other secrets, with its name and the instant at which it was made.
public struct WrappingKey: Sendable, Equatable, CustomStringConvertible {
    public let id: WrappingKeyID
    public let createdAt: Instant
    let key: AESKey

    /// A new one.
    public init(createdAt: Instant) { self.init(id: WrappingKeyID(), createdAt: createdAt, key: AESKey()) }

    init(id: WrappingKeyID, createdAt: Instant, key: AESKey) {
        self.id = id
        self.createdAt = createdAt
        self.key = key
    }

    /// Tells whether two keys of one name are the same key, and nothing else about them.
    public var checkValue: [UInt8] { HMACSHA256.code(key: key.bytes, message: Array("truc key check".utf8)) }

    public var description: String { "WrappingKey(\(id))" }
}

/// What a wrapped secret is and to whom it belongs: it opens with the same words only, so that a row of the database
/// cannot be put in the place of another.
public struct WrapContext: Sendable, Equatable {
    public enum Purpose: String, Sendable {
        case systemSecret = "system.secret"
        case contentKey = "content.key"
    }

    public let purpose: Purpose
    /// The row that holds it, in words that no other row of this purpose has.
    public let row: String

    public init(_ purpose: Purpose, row: String) {
        self.purpose = purpose
        self.row = row
    }

    /// No purpose has a zero byte in it, so that these are the bytes of one context alone.
    var bytes: [UInt8] { Array(purpose.rawValue.utf8) + [0] + Array(row.utf8) }
}

/// A secret sealed with a wrapping key.
public struct WrappedSecret: Sendable, Equatable {
    /// Layout: version 1 · key id 8 · nonce 12 · ciphertext · tag 16.
    public let bytes: [UInt8]
    /// The key that opens it.
    public let keyID: WrappingKeyID

    static let version: UInt8 = 1
    static let headByteCount = 1 + WrappingKeyID.byteCount + AESGCM.nonceByteCount

    /// Nil for bytes that no wrapped secret has.
    public init?(bytes: [UInt8]) {
        guard bytes.count >= Self.headByteCount + AESGCM.tagByteCount, bytes[0] == Self.version,
            let keyID = WrappingKeyID(bytes: bytes[1...WrappingKeyID.byteCount])
        else { return nil }
        self.bytes = bytes
        self.keyID = keyID
    }

    init(keyID: WrappingKeyID, nonce: [UInt8], sealed: [UInt8]) {
        bytes = [Self.version] + keyID.bytes + nonce + sealed
        self.keyID = keyID
    }
}

/// The keys of a key file, oldest first: a value, without a file.
///
/// A nonce is random, so one key must not wrap more than 2^32 secrets (NIST SP 800-38D §8.3).
public struct WrappingKeys: Sendable, Equatable {
    /// Most keys that are held at once.
    public static let maxKeys = 16
    /// Longest text of a key file, in bytes.
    public static let maxFileBytes = 4_096
    private static let title = "truc-keyring 1"

    public private(set) var keys: [WrappingKey]

    /// - Parameter keys: at most `maxKeys`.
    public init(_ keys: [WrappingKey] = []) { self.keys = keys }

    public func key(_ id: WrappingKeyID) -> WrappingKey? { keys.first { $0.id == id } }

    /// The newest of these.
    public func newest(among ids: Set<WrappingKeyID>) -> WrappingKey? { keys.last { ids.contains($0.id) } }

    /// With one more, which is the newest.
    public func adding(_ key: WrappingKey) -> WrappingKeys { WrappingKeys(keys + [key]) }

    /// Without the others.
    public func only(_ ids: Set<WrappingKeyID>) -> WrappingKeys { WrappingKeys(keys.filter { ids.contains($0.id) }) }

    /// Those that stand after all of these: made for the next rotation, and used by nothing yet. One that stands among
    /// them and is none of them was retired.
    public func prepared(_ recorded: Set<WrappingKeyID>) -> [WrappingKey] {
        guard let last = keys.lastIndex(where: { recorded.contains($0.id) }) else { return keys }
        return Array(keys[(last + 1)...])
    }

    public enum OpeningProblem: Error, Equatable, Sendable {
        case unknownKey(WrappingKeyID)
        /// It was changed, or belongs to another row.
        case forged
    }

    /// What `wrap` wrapped.
    public func unwrap(_ wrapped: WrappedSecret, _ context: WrapContext) throws(OpeningProblem) -> [UInt8] {
        guard let key = key(wrapped.keyID) else { throw .unknownKey(wrapped.keyID) }
        let nonceStart = WrappedSecret.headByteCount - AESGCM.nonceByteCount
        guard
            let secret = AESGCM.open(
                Array(wrapped.bytes[WrappedSecret.headByteCount...]), key: key.key,
                nonce: Array(wrapped.bytes[nonceStart..<WrappedSecret.headByteCount]), authenticating: context.bytes)
        else { throw .forged }
        return secret
    }

    // MARK: File

    /// The text of the key file: a title, then a line for each key: id, instant in microseconds since 1970, key in hex.
    public var fileText: String {
        ([Self.title] + keys.map { "\($0.id) \($0.createdAt.microseconds) \($0.key.bytes.hex)" })
            .map { $0 + "\n" }.joined()
    }

    /// Reads the text of a key file.
    ///
    /// - Throws: `ParsingProblem` that names the line and nothing that stands in it.
    public init(fileText: String) throws(ParsingProblem) {
        guard fileText.utf8.count <= Self.maxFileBytes, fileText.hasSuffix("\n") else {
            throw ParsingProblem("keyring", "too long, or cut off")
        }
        let lines = fileText.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.title[...] else { throw ParsingProblem("keyring", "line 1 is not \(Self.title)") }
        var keys: [WrappingKey] = []
        for (number, line) in lines.enumerated().dropFirst() {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, let id = WrappingKeyID(parts[0]), let microseconds = Int64(parts[1]),
                let digest = SHA256Digest(hex: parts[2]), let key = AESKey(bytes: digest.bytes),
                !keys.contains(where: { $0.id == id })
            else { throw ParsingProblem("keyring", "line \(number + 1) is no key, or repeats one") }
            keys.append(WrappingKey(id: id, createdAt: Instant(microseconds: microseconds), key: key))
        }
        guard (1...Self.maxKeys).contains(keys.count) else {
            throw ParsingProblem("keyring", "\(keys.count) keys, not 1 to \(Self.maxKeys)")
        }
        self.keys = keys
    }
}

extension WrappingKey {
    /// Wraps a short secret.
    public func wrap(_ secret: [UInt8], _ context: WrapContext) -> WrappedSecret {
        let nonce = SecureRandom.bytes(AESGCM.nonceByteCount)
        return WrappedSecret(
            keyID: id, nonce: nonce,
            sealed: AESGCM.seal(secret, key: key, nonce: nonce, authenticating: context.bytes))
    }
}
