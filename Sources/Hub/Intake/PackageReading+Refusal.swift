// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange

extension PackageReading {
    /// Findings that a refusal quotes; `truc package check` shows all.
    private static var maxQuoted: Int { 3 }

    /// What makes a text no XML that the hub reads, before edXML is even looked at.
    private static var malformations: Set<Finding.Code> {
        [.malformed, .incomplete, .junkBeforeDeclaration, .encoding, .doctype, .entity, .unboundPrefix]
    }

    /// Why the package is not taken, for one whose verdict is `refuse`.
    var refusal: Refusal {
        let errors = findings.filter { $0.severity == .error }
        let quoted = errors.prefix(Self.maxQuoted).map { "\($0.code.rawValue) (dòng \($0.line)) \($0.detail)" }
        let detail = quoted.joined(separator: "; ")
        guard let first = errors.first?.code else { return Refusal(.packageMalformed, detail) }
        if first == .totalBytes { return Refusal(.bodyTooLarge, detail) }
        return Refusal(Self.malformations.contains(first) ? .packageMalformed : .packageInvalid, detail)
    }

    /// Codes of the warnings, each once, sorted.
    var warningCodes: [String] {
        Set(findings.lazy.filter { $0.severity == .warning }.map(\.code.rawValue)).sorted()
    }
}
