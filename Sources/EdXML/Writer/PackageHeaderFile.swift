// SPDX-License-Identifier: Apache-2.0
import Exchange

/// A package's header written by hand, in JSON: an object with the children of `MessageHeader` by their names in the
/// standard, and `TraceHeaderList` beside them.
///
/// What may stand in what is the reader's own `Vocabulary`, and what it means the reader's own judgement: a header that is
/// taken here is taken from a package.
public enum PackageHeaderFile {
    /// Largest file, in bytes.
    public static let maxBytes = 256 << 10

    /// - Returns: the header, nil where it says too little to be one; and what the reader has to say of it, but for the
    ///   signature, which it cannot have yet.
    /// - Throws: `ParsingProblem` for what is no such object, with the path of what is not known or not in its place.
    public static func read(
        _ bytes: [UInt8]
    ) throws(ParsingProblem) -> (header: PackageHeader?, findings: [Finding]) {
        guard bytes.count <= maxBytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw ParsingProblem("header", "is not UTF-8 of at most \(maxBytes) bytes")
        }
        guard case .object(let members) = try JSONDocument("header", text) else {
            throw ParsingProblem("header", "is no object")
        }
        let isTrace = { (member: JSONDocument.Member) in member.key == "TraceHeaderList" }
        var header = element("edXMLHeader")
        header.children = [
            try element("MessageHeader", .object(members.filter { !isTrace($0) }), .elements, "MessageHeader")
        ]
        for member in members where isTrace(member) {
            header.children.append(try element(member.key, member.value, .elements, member.key))
        }
        var reader = HeaderReader(log: FindingLog(limit: PackageLimits.standard.findings))
        let read = reader.read(header)
        return (read, reader.log.findings.filter { $0.code != .signatureMissing })
    }

    private static func element(_ name: String) -> Element {
        Element(name: name, isSignatureNamespace: false, line: 0)
    }

    private static func element(
        _ name: String, _ value: JSONDocument, _ rule: Vocabulary.Rule, _ path: String
    ) throws(ParsingProblem) -> Element {
        var made = element(name)
        switch (rule.content, value) {
        case (.elements, .object(let members)), (.list, .object(let members)):
            let rules = Vocabulary.children[name] ?? [:]
            for member in members {
                let place = "\(path).\(Refusal.oneLine(member.key, maxLength: 50))"
                guard let rule = rules[member.key] else {
                    let hint = Spelling.nearest(to: member.key, in: rules.keys.sorted()).map { "; did you mean \($0)?" }
                    throw ParsingProblem("header", "\(place) is not known\(hint ?? "")")
                }
                made.children += try elements(member.key, member.value, rule, place)
            }
        case (.text, .string(let text)), (.anything, .string(let text)): made.text = text
        case (.text, .number(let number)): made.text = "\(number)"
        case (.text, .bool(let flag)): made.text = flag ? "true" : "false"
        case (.elements, _), (.list, _): throw ParsingProblem("header", "\(path) must be an object")
        case (.text, _), (.anything, _), (.base64, _): throw ParsingProblem("header", "\(path) must be a text")
        }
        return made
    }

    /// One element for each item of an array, where there may be several.
    private static func elements(
        _ name: String, _ value: JSONDocument, _ rule: Vocabulary.Rule, _ path: String
    ) throws(ParsingProblem) -> [Element] {
        guard case .array(let items) = value else { return [try element(name, value, rule, path)] }
        guard rule.repeats else { throw ParsingProblem("header", "\(path) may stand there once only") }
        var made: [Element] = []
        for item in items { made.append(try element(name, item, rule, path)) }
        return made
    }
}
