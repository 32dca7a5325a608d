// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Store

/// What the policy in force makes of a document: pure.
///
/// A recall obliges, and nothing may stop it; statuses are not judged at all. What a profile binds is refused or held; of
/// anybody else's it only says so (house §4.13).
struct PolicyJudgement: Equatable {
    /// Codes of what was found in a package that the profile does not bind, sorted.
    let warnings: [String]
    /// Why nothing of it is delivered before its sender confirms it.
    let hold: Refusal?
    /// Whether something in it looks like what may not travel: the record keeps no words of it then.
    let isConfidential: Bool

    /// - Throws: `Refusal` when the policy binds the sender and refuses such a package.
    init(
        _ reading: PackageReading, _ document: DocumentHeader, policy: ActivatedPolicy, binds: Bool
    ) throws(Refusal) {
        let profile = policy.profile
        let hit = Self.hit(reading, document, policy)
        isConfidential = hit != nil
        var found: [Refusal] = []
        if document.kind != .recall {
            found += Self.files(reading.attachments, profile)
            if let missing = Self.signature(reading, document, profile) { found.append(missing) }
        }
        if binds, let refusal = found.first { throw refusal }
        let stops = document.kind == .recall ? nil : hit
        hold = binds ? stops : nil
        warnings = Set((found + (binds ? [] : [stops].compactMap(\.self))).map(\.code.rawValue)).sorted()
    }

    // MARK: What may not travel

    private static func hit(_ reading: PackageReading, _ document: DocumentHeader, _ policy: ActivatedPolicy)
        -> Refusal?
    {
        let profile = policy.profile
        if let allowed = profile.priorityValues,
            let written = document.urgency.map({ String($0.rawValue) }) ?? document.other.unknownPriority,
            Int(written).map(allowed.value.contains) != true
        {
            return Refusal(.confirmationNeeded, "Priority \(written.prefix(20)); \(allowed.source)")
        }
        var texts = [document.subject, document.typeName, document.content, document.business?.reason]
        for attachment in reading.attachments { texts += [attachment.name, attachment.description] }
        var left = HeldWords.maxPackageBytes
        for case let text? in texts {
            guard left > 0 else { return nil }
            left -= text.utf8.count
            guard let hit = policy.heldWords.hit(in: text) else { continue }
            let source = hit.rule == .secretMarks ? profile.secretMarks?.source : profile.heldKeywords?.source
            return Refusal(.confirmationNeeded, "\"\(hit.word)\"; \(source ?? "")")
        }
        return nil
    }

    // MARK: Files

    /// Files are named by their place: a name may say what must not be said.
    private static func files(_ files: [AttachmentSummary], _ profile: PolicyProfile) -> [Refusal] {
        var found: [Refusal] = []
        var total = 0
        for (index, file) in files.enumerated() {
            let place = "tệp \(index + 1)"
            total += file.decodedBytes
            if let rule = profile.fileMaxBytes, file.decodedBytes > rule.value {
                found.append(
                    Refusal(.policyFileSize, "\(place): \(file.decodedBytes) > \(rule.value) byte; \(rule.source)"))
            }
            let name = file.name ?? ""
            if let rule = profile.fileNameMaxCharacters, name.count > rule.value {
                found.append(Refusal(.policyFileName, "\(place): \(name.count) > \(rule.value) ký tự; \(rule.source)"))
            }
            if let rule = profile.fileNamePlain, rule.value, !isPlain(name) {
                found.append(Refusal(.policyFileName, "\(place): dấu hoặc ký tự đặc biệt; \(rule.source)"))
            }
            if let rule = profile.fileFormats, !rule.value.contains(ending(of: name)) {
                found.append(
                    Refusal(
                        .policyFileFormat, "\(place): không phải \(rule.value.joined(separator: ", ")); \(rule.source)")
                )
            }
        }
        if let rule = profile.filesMaxBytes, total > rule.value {
            found.append(Refusal(.policyFileSize, "\(files.count) tệp: \(total) > \(rule.value) byte; \(rule.source)"))
        }
        return found
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    private static func ending(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    // MARK: Signature

    /// The package's own signature, or one inside an attached PDF: regulations speak of the signed document. Nothing here
    /// verifies either.
    private static func signature(
        _ reading: PackageReading, _ document: DocumentHeader, _ profile: PolicyProfile
    ) -> Refusal? {
        guard let rule = profile.signature, rule.value == .required,
            document.kind == .new || document.kind == .replacement, reading.signature != .present,
            !reading.attachments.contains(where: \.isSignedPDF)
        else { return nil }
        return Refusal(.policySignatureMissing, rule.source)
    }
}
