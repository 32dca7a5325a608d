// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Couriers
import Exchange
import Foundation
import Hub
import Store
import Trust

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "What the province's decision says about packages: sizes, names, formats, signatures.",
        discussion: """
            A profile is a JSON document: every value with the article that it comes from, and the day from which it holds
            (docs/policy.md). It binds the province's own agencies and warns of what comes from others.

              truc policy show                                     what is in force, and what there is
              truc policy show ninh-binh-161-2025 --as-file > ours.json
              truc policy check ours.json
              truc policy activate --file ours.json --reason "QĐ 12/2027/QĐ-UBND" --dry-run
            """,
        subcommands: [Show.self, Check.self, Activate.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is in force, or one profile with the article of each value.",
            discussion: """
                truc policy show
                truc policy show ninh-binh-161-2025

                Besides a name it takes the whole SHA-256 of a document, as truc trace --json shows it.
                """)

        @Argument(help: "A profile's name, or its document's SHA-256.") var name: String?
        @Flag(help: "Print the document itself.") var asFile = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if asFile, output.json || name == nil { throw ValidationError("--as-file wants a name, and no --json.") }
        }

        func run() async throws {
            if let name { return try await show(name) }
            let (registry, activations) = try await Installation.visit(installation) { database in
                (RegistrySnapshot(try await database.registry()), try await database.policyActivations())
            }
            let now = Instant.now()
            let overview = PolicyText.Overview(
                inForce: registry.policy(at: now), activations: activations, known: KnownPolicies.all, now: now)
            if output.json { return try Console.printJSON(overview) }
            PolicyText.lines(overview).forEach { print($0) }
        }

        private func show(_ name: String) async throws {
            let document = try await PolicyCommand.document(named: name, installation)
            if asFile { return print(document.text, terminator: document.text.hasSuffix("\n") ? "" : "\n") }
            let shown = PolicyText.Profile(document)
            if output.json { return try Console.printJSON(shown) }
            PolicyText.lines(shown).forEach { print($0) }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say everything that is wrong with a profile's document.",
            discussion: """
                truc policy check ours.json

                Exit status 0 when it could be activated, 1 when not. Nothing is changed, and no hub is needed. Where it has
                files scanned the scanner is asked which it is; one that does not answer is a warning.
                """)

        @Argument(help: ArgumentHelp("The document.", valueName: "file")) var file: String
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (document, problems) = try PolicyCommand.read(file)
            let scanner = await PolicyCommand.scanner(document?.profile.malwareScan?.value.scanner)
            if output.json {
                try Console.printJSON(
                    PolicyText.Verdict(
                        document: document.map(PolicyText.Profile.init), problems: problems, scanner: scanner))
            } else {
                for problem in problems { print("  \(problem)") }
                if let document {
                    print("\(file): \(document.profile.name), \(document.profile.lines.count) quy tắc, dùng được.")
                }
                if let scanner { print("  \(scanner.line)") }
            }
            if document == nil { throw PolicyCommand.refusal(file, problems) }
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a profile in force from an instant on, on every node.",
            discussion: """
                truc policy activate ninh-binh-161-2025 --from 2025-12-10 --reason "QĐ 161/2025/QĐ-UBND"
                truc policy activate --file ours.json --reason "QĐ 12/2027/QĐ-UBND" --dry-run

                Running hubs see it with their next request. Packages that were accepted before keep the profile that judged
                them. In force is the profile whose time began last; to take a coming one back, activate the present one from
                the same instant.
                """)

        @Argument(help: "The name of a profile that comes with the program or was in force before.") var name: String?
        @Option(help: ArgumentHelp("A profile of one's own.", valueName: "file")) var file: String?
        @Option(
            help: ArgumentHelp(
                "From when on: a day yyyy-MM-dd in Vietnam or an instant in ISO 8601. Default: now, or the profile's own "
                    + "beginning where that is to come.", valueName: "instant"))
        var from: String?
        @Option(help: "Why, for the history.") var reason: String
        @Flag(help: "Show what would change, and change nothing.") var dryRun = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        /// Said from here: a node may reach it all the same.
        private static let holding = "While no node reaches it, packages with files wait (truc package scans)."
        private static let passing = "While no node reaches it, packages with files go on unscanned, marked."

        func validate() throws {
            guard (name == nil) != (file == nil) else { throw ValidationError("Either a name or --file.") }
        }

        func run() async throws {
            let reason = try Input.text(self.reason, "--reason")
            let document = try await wanted()
            let now = Instant.now()
            let from = try PolicyCommand.beginning(of: document.profile, self.from, now: now)
            let before = try await Installation.visit(installation) { database in
                let before = RegistrySnapshot(try await database.registry()).policy(at: from)
                if !dryRun {
                    try await database.activate(
                        document, from: from, reason: reason, actor: Operator.actor, at: now)
                }
                return before
            }
            let change = PolicyText.Change(document, from: from, before: before, dryRun: dryRun)
            if let rule = document.profile.malwareScan?.value {
                do throws(ClamdScanner.Silence) {
                    _ = try await ClamdScanner().version(at: rule.scanner)
                } catch {
                    Console.warn(
                        "malware-scan: \(error.reason). " + (rule.whenAway == .hold ? Self.holding : Self.passing))
                }
            }
            if output.json { return try Console.printJSON(change) }
            PolicyText.lines(change).forEach { print($0) }
        }

        private func wanted() async throws -> PolicyDocument {
            guard let file else { return try await PolicyCommand.document(named: name ?? "", installation) }
            let (document, problems) = try PolicyCommand.read(file)
            guard let document else { throw PolicyCommand.refusal(file, problems) }
            return document
        }
    }

    /// - Throws: `Refusal(.policyActivationInvalid)` for an instant that has passed, or before the decision takes effect.
    static func beginning(of profile: PolicyProfile, _ written: String?, now: Instant) throws(Refusal) -> Instant {
        guard let written else { return max(now, profile.from) }
        let from: Instant
        if let day = try? CalendarDate(iso8601: written) {
            // Of today: from now on.
            from = day == now.vietnamDate ? now : Instant(vietnam: day)
        } else {
            from = try Input.read(written, Instant.init(iso8601:))
        }
        guard from >= now else { throw Refusal(.policyActivationInvalid, "\(from.iso8601) has passed") }
        guard from >= profile.from else {
            throw Refusal(.policyActivationInvalid, "\(profile.name) takes effect at \(profile.from.iso8601)")
        }
        return from
    }

    /// One that comes with the program, else one that was in force here.
    private static func document(
        named name: String, _ installation: InstallationOptions
    ) async throws -> PolicyDocument {
        if let known = KnownPolicies.all.first(where: { $0.profile.name == name || $0.digest == name }) { return known }
        guard let kept = try await Installation.visit(installation, { try await $0.policy(name) }) else {
            let names = KnownPolicies.all.map(\.profile.name)
            throw Refusal(
                .policyNotFound, Spelling.nearest(to: name, in: names).map { "\(name); did you mean \($0)?" } ?? name)
        }
        return kept
    }

    /// A document, or what is wrong with it; one more byte than it may have is read.
    private static func read(_ path: String) throws(Refusal) -> (document: PolicyDocument?, problems: [PolicyProblem]) {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Refusal(.fileUnreadable, path) }
        var bytes: [UInt8] = []
        do {
            while bytes.count <= PolicyDocument.maxBytes,
                let more = try handle.read(upToCount: PolicyDocument.maxBytes + 1 - bytes.count), !more.isEmpty
            {
                bytes += more
            }
        } catch {
            throw Refusal(.fileUnreadable, "\(path): \(error.localizedDescription)")
        }
        switch PolicyDocument.read(bytes) {
        case .failure(let problems): return (nil, problems.all)
        case .success(let document):
            if let known = KnownPolicies.named(document.profile.name), known.text != document.text {
                // One name, one document: who reads the name beside a package must know which.
                return (nil, [PolicyProblem(path: "name", reason: "is that of a profile that comes with the program")])
            }
            return (document, [])
        }
    }

    private static func scanner(_ address: ScannerAddress?) async -> PolicyText.Scanner? {
        guard let address else { return nil }
        do throws(ClamdScanner.Silence) {
            let version = try await ClamdScanner().version(at: address)
            return PolicyText.Scanner(address: "\(address)", version: version, problem: nil)
        } catch {
            return PolicyText.Scanner(address: "\(address)", version: nil, problem: error.reason)
        }
    }

    private static func refusal(_ path: String, _ problems: [PolicyProblem]) -> Refusal {
        Refusal(.policyDocumentInvalid, "\(path): \(problems.prefix(5).map(\.description).joined(separator: "; "))")
    }
}
