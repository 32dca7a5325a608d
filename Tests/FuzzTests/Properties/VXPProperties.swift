// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

@testable import VXPProtocol

/// What must hold for the headers of a VXP request, believed and not believed.
enum VXPProperties {
    private static let secret = Array("an invented secret".utf8)
    private static let now = Instant(microseconds: 1_790_000_000_000_000)

    /// The first byte decides what the rest is: header lines as they came, the text of a `sign-header`, or the
    /// parameters of a client; and which operation it is about.
    static func check(_ input: [UInt8]) throws {
        guard let first = input.first else { return }
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        switch first % 4 {
        case 0: try checkHeaders(fields(of: text))
        case 1: try checkSigned(text)
        case 2: try checkClient(text, VXPOperation.allCases[Int(first / 4) % VXPOperation.allCases.count])
        default: try checkText(text)
        }
    }

    private static func fields(of text: String) -> [(name: String, value: String)] {
        text.split(separator: "\n").prefix(64).map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
    }

    /// Headers whose code is made right, so that what stands behind it is met too.
    private static func checkHeaders(_ fields: [(name: String, value: String)]) throws {
        let signed = fields.last { $0.name.asciiLowercased == "xroadvnpt-sign-header" }?.value ?? ""
        let code = HMACSHA256.code(key: secret, message: Array(signed.trimmedHeaderValue.utf8)).hex
        let whole =
            fields.filter { $0.name.asciiLowercased != "xroadvnpt-hash-header" } + [
                ("XroadVnpt-hash-header", code)
            ]
        let outcome = verify(whole)
        try hold(outcome == verify(whole.reversed()), "the order of headers decides")
        try hold(verify(whole, secret: Array("another".utf8)) == nil, "believed with another secret")
        try hold(verify(whole, secret: nil) == nil, "believed without a secret")
        try hold(verify(fields + whole) == nil, "believed with every header twice")
    }

    /// The text as a `sign-header` beside the headers that it lists.
    private static func checkSigned(_ text: String) throws {
        var reader = JSONStringsReader("text", text)
        let entries = try? reader.object()
        let judged = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        guard let entries else { return }
        try hold(entries.count <= JSONStringsReader.maxKeys, "more keys than are allowed")
        // A key in two canonically equivalent spellings is two keys for us and one for Foundation.
        if Set(entries.map(\.key)).count == entries.count {
            try hold(judged?.count == entries.count, "an object that Foundation does not read")
            for (key, value) in entries {
                try hold(judged?[key] as? String == value, "\(key) has another value for Foundation")
            }
        }
        var array = JSONStringsReader("text", "[" + text.dropFirst().dropLast().replacing(":", with: ",") + "]")
        _ = try? array.array(maxCount: 10)
        try checkHeaders(entries.map { (name: $0.key, value: $0.value) } + [("XroadVnpt-sign-header", text)])
    }

    /// Lines `name=value` as the parameters of one call: what our client signs, our server believes.
    private static func checkClient(_ text: String, _ operation: VXPOperation) throws {
        let parameters = text.split(separator: "\n").prefix(40).map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return VXPParameter(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        let system = try SystemID(parsing: "qlvb.13")
        let signer = VXPClientSigner(
            systemID: system, secret: String(decoding: secret, as: UTF8.self), timestamp: Self.now)
        guard let headers = try? signer.headers(for: operation, parameters) else { return }
        let names = parameters.map(\.name.asciiLowercased)
        let reserved: Set = [
            "timestamp", "systemid", "content-type", "sign-header", "sign-header-key", "hash-header", "version",
        ]
        let isPlain =
            Set(names).count == names.count && reserved.isDisjoint(with: names)
            && parameters.allSatisfy { !$0.value.isEmpty }
        let signed = headers.first { $0.name == "XroadVnpt-sign-header" }?.value ?? ""
        guard isPlain, signed.utf8.count <= VXPRequestHeaders.maxSignHeaderBytes else { return }
        let believed = try VXPRequestHeaders(headers).verify(secrets: [secret], now: now)
        try hold(believed.systemID == system, "signed by \(system), believed of \(believed.systemID)")
        // Shown to the millisecond.
        try hold(believed.timestamp == now, "the timestamp became \(believed.timestamp)")
        try readAll(believed)
        try checkHeaders(headers.map { ($0.name, $0.value) })
    }

    private static func checkText(_ text: String) throws {
        let escaped = VXPText.escaped(text)
        try hold(escaped.utf8.allSatisfy { $0 < 0x80 }, "escaped, and not ASCII")
        try hold(Array(VXPText.unescaped(escaped).utf8) == Array(text.utf8), "escaped and unescaped, another text")
        _ = VXPText.unescaped(text)
        var json: [UInt8] = []
        VXPText.appendJSON(text, text, to: &json)
        let object = "{" + String(decoding: json, as: UTF8.self) + "}"
        var reader = JSONStringsReader("text", object)
        let entries = try reader.object()
        try hold(
            entries.count == 1 && Array(entries[0].key.utf8) == Array(text.utf8)
                && Array(entries[0].value.utf8) == Array(text.utf8),
            "written as JSON and read again, another text")
        if let hash = try? HashFile(parsing: text) {
            try hold(try HashFile(parsing: hash.text) == hash, "a hash-file became another")
        }
        _ = try? VXPOperation(method: "POST", path: text)
    }

    /// Nil when it was not believed.
    private static func verify(_ fields: [(name: String, value: String)], secret: [UInt8]? = Self.secret) -> String? {
        guard let headers = try? VXPRequestHeaders(fields),
            let parameters = try? headers.verify(secrets: secret.map { [$0] } ?? [], now: now)
        else { return nil }
        do { try readAll(parameters) } catch { return "\(error)" }
        return "\(parameters.systemID) \(parameters.timestamp)"
    }

    private static func readAll(_ parameters: VXPSignedParameters) throws {
        _ = try? parameters.serviceType
        _ = try? parameters.messageType
        _ = try? parameters.confirmation
        _ = try? parameters.from
        _ = try? parameters.hashFile
        _ = try? parameters.fromDate
        _ = try? parameters.toDate
        if let to = try? parameters.to {
            try hold((1...VXPSignedParameters.maxRecipients).contains(to.count), "\(to.count) recipients")
            try hold(Set(to).count == to.count, "a recipient twice")
        }
        if let docID = try? parameters.docID {
            try hold((1...VXPSignedParameters.maxDocIDBytes).contains(docID.utf8.count), "a docId of \(docID)")
        }
        if let description = try? parameters.description {
            try hold(
                description.unicodeScalars.count <= VXPSignedParameters.maxDescriptionLength, "a long description")
        }
    }
}
