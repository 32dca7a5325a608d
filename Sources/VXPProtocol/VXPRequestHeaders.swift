// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// The `XroadVnpt-*` headers of one request, not yet believed.
///
/// The server's steps: build this from the raw header list, look the secrets up under `claimedSystemID`, call `verify`,
/// and from then on use nothing but the `VXPSignedParameters` that it returns.
///
/// What is not looked at: the bare `Content-Type`, which the hub never interprets and proxies decorate, and
/// `XroadVnpt-sign-header-key`, which repeats the keys of `sign-header` outside the signature and so can add nothing.
public struct VXPRequestHeaders: Sendable {
    /// Longest `sign-header`, in bytes: a little less than half of what the HTTP parser takes for all headers together.
    public static let maxSignHeaderBytes = 32 * 1024

    /// Values by lower-case name without prefix.
    private let values: [String: String]

    /// A key for the systems that do not exist: as long as a real one, known to nobody, other in each process.
    private static let dummySecret = SecureRandom.bytes(32)

    /// Takes the headers of a request as they came, duplicates visible; names in any case, all other headers ignored.
    ///
    /// - Throws: `headerRepeated` when an `XroadVnpt-*` name occurs twice. `docId` and `docid` are one name in HTTP and
    ///   two in the SDK's memory: equal values pass, different ones are `parameterInvalid`, because one is a leftover of
    ///   an earlier call and nobody can tell which.
    public init(_ fields: [(name: String, value: String)]) throws(Refusal) {
        let docID = VXPParameterName.docID.asciiLowercased
        var values: [String: String] = [:]
        for (name, value) in fields {
            guard let key = Self.parameterName(in: name) else { continue }
            let value = value.trimmedHeaderValue
            guard let earlier = values.updateValue(value, forKey: key) else { continue }
            guard key == docID else { throw Refusal(.headerRepeated, "XroadVnpt-\(key)") }
            guard earlier.utf8.elementsEqual(value.utf8) else {
                throw Refusal(.parameterInvalid, "docId: docId and docid name different items")
            }
        }
        self.values = values
    }

    /// The system that the request says it is from: good for looking up secrets and for nothing else.
    ///
    /// - Throws: `headerMissing` without `systemid`; `signatureInvalid` for a text that can be no system's name, which
    ///   is what an unknown name gets too.
    public var claimedSystemID: SystemID {
        get throws(Refusal) {
            let text = try header(VXPParameterName.systemID)
            guard let system = try? SystemID(parsing: text) else { throw Refusal(.signatureInvalid) }
            return system
        }
    }

    /// Authenticates the request.
    ///
    /// HMAC-SHA256 over the bytes of `sign-header` as they came, compared in constant time with the lower-case hex of
    /// `hash-header`; only then is `sign-header` parsed. Every key that it lists must have been sent with the same
    /// value, and `systemid` and `timestamp` must be among them.
    ///
    /// - Parameters:
    ///   - secrets: those of the system that are valid now, newest first; `SystemRecord.maxSecrets` of them are tried.
    ///     None for an unknown system. An empty one guards nothing and opens nothing. Any number costs the same work, and
    ///     none gives the same refusal as a wrong one.
    ///   - window: the timestamp rule of that system.
    /// - Throws: `headerMissing`, `signatureInvalid`, `headerMismatch`, `timestampInvalid`; `parameterInvalid` for a
    ///   `sign-header` that is too long or, though signed, not a flat JSON object of strings.
    public func verify(
        secrets: [[UInt8]], now: Instant, window: VXPTimestampWindow = .standard
    ) throws(Refusal) -> VXPSignedParameters {
        let signHeader = try header(VXPHeader.signHeader)
        let claimedCode = try header(VXPHeader.hashHeader)
        guard signHeader.utf8.count <= Self.maxSignHeaderBytes else {
            throw Refusal(.parameterInvalid, "sign-header: longer than \(Self.maxSignHeaderBytes) bytes")
        }
        var isGenuine = false
        for place in 0..<SystemRecord.maxSecrets {
            let secret = place < secrets.count ? secrets[place] : []
            let key = secret.isEmpty ? Self.dummySecret : secret
            let code = HMACSHA256.code(key: key, message: Array(signHeader.utf8)).hex
            let matches = constantTimeEquals(Array(code.utf8), Array(claimedCode.utf8))
            if matches, !secret.isEmpty { isGenuine = true }
        }
        guard isGenuine else { throw Refusal(.signatureInvalid) }
        return try signedParameters(signHeader, now: now, window: window)
    }

    private func signedParameters(
        _ signHeader: String, now: Instant, window: VXPTimestampWindow
    ) throws(Refusal) -> VXPSignedParameters {
        let entries: [(key: String, value: String)]
        do throws(ParsingProblem) {
            var reader = JSONStringsReader("sign-header", signHeader)
            entries = try reader.object()
        } catch {
            throw Refusal(.parameterInvalid, error)
        }
        var signed: [String: String] = [:]
        for (key, value) in entries {
            guard let name = Self.parameterName(in: key) else {
                throw Refusal(.parameterInvalid, "sign-header: a key does not begin with \(VXPHeader.prefix)")
            }
            guard let sent = values[name] else {
                throw Refusal(.headerMismatch, "\(shown(key)) is signed but was not sent")
            }
            // Bytes, not `==`: Swift takes canonically equivalent strings for equal.
            guard sent.utf8.elementsEqual(value.trimmedHeaderValue.utf8) else {
                throw Refusal(.headerMismatch, "\(shown(key)) was sent with another value than the signed one")
            }
            signed[name] = sent
        }
        return try VXPSignedParameters(signed, now: now, window: window)
    }

    /// What follows the prefix in a header's name, in lower case; nil without the prefix. Most headers have none.
    private static func parameterName(in name: String) -> String? {
        let prefix = VXPHeader.prefix.utf8
        let start = name.utf8.prefix(prefix.count)
        guard start.elementsEqual(prefix, by: { $0.asciiLowercased == $1.asciiLowercased }) else { return nil }
        return String(name[start.endIndex...]).asciiLowercased
    }

    private func header(_ name: String) throws(Refusal) -> String {
        guard let value = values[name.asciiLowercased], !value.isEmpty else {
            throw Refusal(.headerMissing, VXPHeader.prefix + name)
        }
        return value
    }
}

/// A name from outside, short enough for a message.
func shown(_ text: String) -> String { String(text.prefix(64)) }
