// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import EdXML
import Exchange
import Foundation

struct PackageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package",
        abstract: "Look at edXML packages, build, sign and verify them, and stop what must not be handed out.",
        subcommands: [
            Check.self, Build.self, Sign.self, Verify.self, Seal.self, Unseal.self, Sealed.self, Scans.self,
            ScanAgain.self,
            PassUnscanned.self,
            Repeated.self,
        ])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether the hub would take packages, and everything that is wrong with them.",
            discussion: """
                truc package check document.edxml
                truc package check --json *.edxml

                Exit status 0 when every package would be taken (perhaps with warnings), 1 when one would be refused.
                """)

        /// Bytes read at a time.
        static let chunkBytes = 256 << 10

        @Argument(help: ArgumentHelp("Packages.", valueName: "file")) var files: [String]
        @OptionGroup var output: OutputOptions

        func run() throws {
            var reports: [PackageCheckReport] = []
            var unreadable: Refusal?
            for file in files {
                do throws(Refusal) {
                    reports.append(PackageCheckReport(file: file, reading: try Self.read(file)))
                } catch {
                    unreadable = unreadable ?? error
                }
            }
            if output.json {
                try Console.printJSON(reports)
            } else {
                for report in reports { Self.show(report) }
            }
            // The others were checked all the same.
            if let unreadable { throw unreadable }
            if reports.contains(where: { $0.verdict == .refuse }) { throw ExitCode(1) }
        }

        private static func read(_ file: String) throws(Refusal) -> PackageReading {
            guard let handle = FileHandle(forReadingAtPath: file) else {
                throw Refusal(.fileUnreadable, file)
            }
            let reader = PackageReader()
            do {
                while let chunk = try handle.read(upToCount: chunkBytes), !chunk.isEmpty {
                    chunk.withUnsafeBytes { reader.feed($0) }
                }
            } catch {
                throw Refusal(.fileUnreadable, "\(file): \(error.localizedDescription)")
            }
            return reader.finish()
        }

        private static func show(_ report: PackageCheckReport) {
            let verdict =
                switch report.verdict {
                case .accept: "nhận (accept)"
                case .acceptWithWarnings: "nhận, có cảnh báo (accept with warnings)"
                case .refuse: "từ chối (refuse)"
                }
            print("\(report.file): \(verdict)")
            if let id = report.documentId { print("  \(report.kind ?? "") \(id)") }
            print("  SHA-256 \(report.sha256)")
            for finding in report.findings {
                let mark = finding.severity == .error ? "lỗi" : "cảnh báo"
                let detail = finding.detail.isEmpty ? "" : " (\(finding.detail))"
                print("  dòng \(finding.line): \(mark) [\(finding.code.rawValue)] \(finding.sentenceVi)\(detail)")
            }
            if report.omittedFindings > 0 { print("  … và \(report.omittedFindings) phát hiện nữa") }
        }
    }
}
