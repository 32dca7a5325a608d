// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import PDFSignatures
import Store
import Trust

struct PDFCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pdf",
        abstract: "Say who has signed a PDF, over which part of it, and whether that is to be believed.",
        discussion: """
            truc pdf van-ban.pdf
            truc pdf van-ban.pdf --trust goc.pem --trust goc.crl --json

            Facts, and no pronouncement on what the document is worth in law. Without --trust the hub's own trust store is
            asked (truc trust list). Exit status 0 when there are signatures, every one is intact and of a believed signer, and
            one is over the whole file; 2 when all that is missing is whether a certificate was revoked; else 1.
            """)

    @Argument(help: "A PDF.") var file: String
    @Option(
        help: ArgumentHelp(
            "Believe these roots, authorities and lists of revoked certificates instead, PEM or DER.", valueName: "file"
        ))
    var trust: [String] = []
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard trust.count <= TrustFile.maxFiles else {
            throw ValidationError("--trust at most \(TrustFile.maxFiles) times.")
        }
    }

    func run() async throws {
        let source: PDFFile
        do throws(PDFProblem) { source = try PDFFile(path: file) } catch { throw Refusal(.fileUnreadable, file) }
        let store = try await store()
        let report = PDFSignatureReport(of: source, by: store, seenAt: .now())
        if output.json {
            try Console.printJSON(PDFText.Shown(report))
        } else {
            PDFText.lines(report, file: file).forEach { print($0) }
        }
        switch PDFText.outcome(of: report) {
        case .good: return
        case .undetermined: throw ExitCode(Console.operatorStatus)
        case .bad: throw ExitCode(1)
        }
    }

    private func store() async throws -> TrustStore {
        if trust.isEmpty { return try await Installation.visit(installation) { try await $0.trustStore() } }
        var (roots, between, lists): ([Certificate], [Certificate], [RevocationList]) = ([], [], [])
        for path in trust {
            for item in try TrustFile.items(in: path, asRoots: true) {
                switch item {
                case .root(let certificate), .intermediate(let certificate):
                    if certificate.facts.isSelfIssued { roots.append(certificate) } else { between.append(certificate) }
                case .list(let list): lists.append(list)
                }
            }
        }
        return TrustStore(roots: roots, intermediates: between, lists: lists)
    }
}
