// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store
import Trust

struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Whom the hub believes: roots, the authorities below them, and their lists of revoked certificates.",
        discussion: """
            The hub comes without any: an operator declares the roots, and says why. What a hub holds against signatures is
            this store alone, never the system's.

              truc trust add --root goc-quoc-gia.pem --reason "NEAC, vân tay đối chiếu ngày 2/3/2026" --dry-run
              truc trust add ca-cong-vu.pem --reason "CA chuyên dùng Chính phủ"
              truc trust add cp-2026-10.crl --reason "CRL tuần 41"
              truc trust check                     what is out of date
              truc trust check nguoi-ky.pem        whether a certificate is believed, and why not
            """,
        subcommands: [List.self, Add.self, Remove.self, Check.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what the hub believes, until when, since when and why.",
            discussion: """
                truc trust list
                truc trust list --all --json
                """)

        @Flag(help: "Also what was removed.") var all = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let records = try await Installation.visit(installation) { try await $0.trustRecords() }
                .filter { all || $0.removedAt == nil }
            if output.json { return try Console.printJSON(records.map(TrustText.Shown.init)) }
            Console.printTable(TrustText.table(records))
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add roots, authorities or lists of revoked certificates, from PEM or DER files.",
            discussion: """
                truc trust add --root goc.pem --reason "…" --dry-run
                truc trust add ca.pem ca.crl --reason "…"

                Compare the SHA-256 that --dry-run prints of a root with one from another source, by telephone or on paper:
                everything below it is believed by it. Without --root a certificate has to be of an authority below what is
                there, and a list has to be signed by one.
                """)

        @Argument(help: ArgumentHelp("PEM or DER.", valueName: "file")) var files: [String]
        @Flag(help: "The certificates are roots, trusted by themselves.") var root = false
        @Option(help: "Why, for the history.") var reason: String
        @Flag(help: "Show what would be added, and change nothing.") var dryRun = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...TrustFile.maxFiles).contains(files.count) else {
                throw ValidationError("1 to \(TrustFile.maxFiles) files.")
            }
        }

        func run() async throws {
            let reason = try Input.text(self.reason, "--reason")
            var read: [TrustItem] = []
            for file in files { read += try TrustFile.items(in: file, asRoots: root) }
            let items = read
            let now = Instant.now()
            let added = try await Installation.visit(installation) { database in
                try TrustFile.check(items, against: try await database.trustStore())
                if dryRun { return items }
                return try await database.addTrust(items, reason: reason, actor: Operator.actor, at: now)
            }
            if output.json { return try Console.printJSON(added.map(TrustText.Added.init)) }
            for item in added { TrustText.lines(item).forEach { print($0) } }
            print(dryRun ? "Chưa ghi gì (--dry-run)." : "Đã thêm \(added.count) trên \(items.count) mục.")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "No longer believe a root, an authority or a list.",
            discussion: """
                truc trust remove 3fa94b12 --reason "thay bằng gốc mới"

                Takes the beginning of a SHA-256, as truc trust list shows it, of at least 8 digits. Verdicts that were given
                before stay as they are.
                """)

        @Argument(help: "The beginning of its SHA-256.") var sha256: String
        @Option(help: "Why, for the history.") var reason: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try Input.text(self.reason, "--reason")
            let record = try await Installation.visit(installation) { database in
                try await database.removeTrust(sha256, reason: reason, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(TrustText.Shown(record)) }
            print("Đã bỏ \(record.kind.rawValue) «\(TrustText.safe(record.name))».")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judge a certificate, or say what in the store is out of date.",
            discussion: """
                truc trust check
                truc trust check nguoi-ky.pem --at 2026-03-02

                With a file: exit status 0 only when the certificate is valid; 1 untrusted, with every chain that was tried; 2
                undetermined, because a list of revoked certificates is missing or too old. Further certificates in the file
                help to build a chain. Without one: exit status 2 when a list or a certificate is out of date.
                """)

        @Argument(help: ArgumentHelp("A certificate, PEM or DER.", valueName: "file")) var file: String?
        @Option(help: ArgumentHelp("As of when: yyyy-MM-dd, ISO 8601, or now.", valueName: "instant"))
        var at = "now"
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let at = try Input.instant(self.at, "--at") ?? .now()
            guard let file else { return try await checkStore(at) }
            let bytes = try Input.bytes(of: file, max: PEMBlocks.maxBytes)
            let certificates: [Certificate]
            do { certificates = try Certificate.all(in: bytes) } catch { throw Refusal(.trustFileInvalid, error) }
            guard let certificate = certificates.first else { throw Refusal(.trustFileInvalid, file) }
            let store = try await Installation.visit(installation) { try await $0.trustStore() }
            let verdict = store.judge(certificate, with: Array(certificates.dropFirst()), at: at)
            if output.json {
                try Console.printJSON(TrustText.Verdict(certificate, verdict, at: at))
            } else {
                TrustText.lines(certificate, verdict).forEach { print($0) }
            }
            switch verdict {
            case .valid: return
            case .untrusted: throw Refusal(.certificateUntrusted, TrustText.safe(certificate.subject.text))
            case .undetermined: throw Refusal(.certificateUndetermined, TrustText.safe(certificate.subject.text))
            }
        }

        private func checkStore(_ at: Instant) async throws {
            let store = try await Installation.visit(installation) { try await $0.trustStore() }
            let findings = TrustFinding.all(of: store, at: at)
            if output.json {
                try Console.printJSON(findings)
            } else {
                for finding in findings { print("  \(finding.vietnamese)") }
                print(
                    "\(store.roots.count) gốc, \(store.intermediates.count) CA, \(store.lists.count) CRL; "
                        + (findings.isEmpty ? "còn hạn." : "\(findings.count) điểm cần xem."))
            }
            if findings.contains(where: \.isPressing) { throw Refusal(.trustStale) }
        }
    }
}
