// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import Trust

/// Policy profiles as people and programs read them. The keys are stable.
enum PolicyText {
    /// A profile with all that it lays down.
    struct Profile: Encodable {
        struct Rule: Encodable, Equatable {
            let rule: PolicyRule
            let value: String
            let source: String
        }

        let name: String
        let title: String
        let from: Instant
        let sha256: String
        let rules: [Rule]

        init(_ document: PolicyDocument) {
            self.init(document.profile, digest: document.digest)
        }

        init(_ profile: PolicyProfile, digest: String) {
            name = profile.name
            title = profile.title
            from = profile.from
            sha256 = digest
            rules = profile.lines.map { Rule(rule: $0.rule, value: $0.value, source: $0.source) }
        }
    }

    /// Whether a scanner answers now, to whoever asks: a warning at most, and nothing that the document could mend.
    struct Scanner: Encodable {
        let address: String
        /// What it says of itself.
        let version: String?
        let problem: String?

        var line: String {
            if let version { return "bộ quét \(address): \(version)" }
            return "cảnh báo: bộ quét không trả lời người chạy lệnh này: \(problem ?? address)"
        }
    }

    struct Verdict: Encodable {
        struct Problem: Encodable {
            let path: String
            let reason: String
        }

        let verdict: String
        let profile: Profile?
        let problems: [Problem]
        /// Of the scanner that it names; absent where it names none.
        let scanner: Scanner?

        init(document: Profile?, problems: [PolicyProblem], scanner: Scanner? = nil) {
            self.scanner = scanner
            verdict = document == nil ? "refuse" : "accept"
            profile = document
            self.problems = problems.map { Problem(path: $0.path, reason: $0.reason) }
        }
    }

    /// What is in force, what was and will be, and what there is to choose from.
    struct Overview: Encodable {
        struct Activation: Encodable {
            let name: String
            let sha256: String
            let from: Instant
            let activatedAt: Instant
            let actor: String
            let reason: String
        }

        struct Known: Encodable {
            let name: String
            let title: String
            let from: Instant
        }

        let inForce: Profile
        /// Latest first; those with `from` in the future are to come.
        let activations: [Activation]
        let known: [Known]
        let now: Instant

        init(inForce: ActivatedPolicy, activations: [PolicyActivationRecord], known: [PolicyDocument], now: Instant) {
            self.inForce = Profile(inForce.profile, digest: inForce.digest)
            self.activations = activations.map {
                Activation(
                    name: $0.name, sha256: $0.digest, from: $0.from, activatedAt: $0.activatedAt, actor: $0.actor,
                    reason: $0.reason)
            }
            self.known = known.map { Known(name: $0.profile.name, title: $0.profile.title, from: $0.profile.from) }
            self.now = now
        }
    }

    /// What an activation changes.
    struct Change: Encodable {
        let name: String
        let sha256: String
        let from: Instant
        /// The profile that would be in force then without it.
        let replaces: String
        let removed: [Profile.Rule]
        let added: [Profile.Rule]
        let dryRun: Bool

        init(_ document: PolicyDocument, from: Instant, before: ActivatedPolicy, dryRun: Bool) {
            let new = Profile(document).rules
            let old = Profile(before.profile, digest: before.digest).rules
            name = document.profile.name
            sha256 = document.digest
            self.from = from
            replaces = before.profile.name
            removed = old.filter { !new.contains($0) }
            added = new.filter { !old.contains($0) }
            self.dryRun = dryRun
        }
    }

    static func lines(_ profile: Profile) -> [String] {
        ["\(profile.name): \(profile.title)", "  hiệu lực từ \(profile.from.iso8601), SHA-256 \(profile.sha256)"]
            + profile.rules.flatMap { rule in
                ["  \(rule.rule.rawValue): \(rule.value)", "    \(rule.rule.vietnamese) — \(rule.source)"]
            }
    }

    static func lines(_ overview: Overview) -> [String] {
        var lines = ["Đang áp dụng (in force):"] + lines(overview.inForce)
        if !overview.activations.isEmpty {
            lines.append("Đã kích hoạt (activated), mới nhất trước:")
            for activation in overview.activations {
                let mark = activation.from > overview.now ? " (sắp tới)" : ""
                lines.append(
                    "  từ \(activation.from.iso8601)\(mark): \(activation.name) — \(activation.reason) (\(activation.actor))"
                )
            }
        }
        lines.append("Có sẵn (known):")
        return lines + overview.known.map { "  \($0.name): \($0.title), từ \($0.from.vietnamDate.iso8601)" }
    }

    static func lines(_ change: Change) -> [String] {
        let sentence =
            change.dryRun
            ? "Chưa đổi gì (dry run): \(change.name) sẽ thay \(change.replaces) từ \(change.from.iso8601)."
            : "Đã kích hoạt \(change.name) thay \(change.replaces) từ \(change.from.iso8601)."
        return change.removed.map { "- \($0.rule.rawValue): \($0.value) — \($0.source)" }
            + change.added.map { "+ \($0.rule.rawValue): \($0.value) — \($0.source)" } + [sentence]
    }
}
