// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import EdXML
import Exchange
import Foundation
import Trust

extension PackageCommand {
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a package from a header in JSON and files.",
            discussion: """
                truc package build header.json --attach van-ban.pdf --attach phu-luc.xlsx -o van-ban.edxml

                The JSON has the children of MessageHeader by their names in the standard, TraceHeaderList beside them:
                {"From": {"OrganId": "000.00.13.H52"}, "To": [{"OrganId": "000.00.14.H52"}], "Subject": "…", …}
                """)

        @Argument(help: ArgumentHelp("The header.", valueName: "header.json")) var header: String
        @Option(help: ArgumentHelp("Files, in order.", valueName: "file")) var attach: [String] = []
        @Option(name: .shortAndLong, help: ArgumentHelp("Where the package goes.", valueName: "file"))
        var output: String

        func run() throws {
            let made = try readHeader()
            let attachments = try attach.enumerated().map { try Self.attachment($1, number: $0 + 1) }
            try OutputFile.write(output) { sink in
                try PackageWriter.write(made, attachments: attachments, to: sink)
            } check: { path in
                let reader = PackageReader()
                try PackageFile(path).read { reader.feed($0) }
                let reading = reader.finish()
                guard reading.verdict != .refuse else {
                    throw Refusal(.packageInvalid, Self.line(reading.findings.first { $0.severity == .error }))
                }
            }
            print("\(output): đã tạo (built)")
        }

        private func readHeader() throws(Refusal) -> PackageHeader {
            let read: (header: PackageHeader?, findings: [Finding])
            do throws(ParsingProblem) {
                read = try PackageHeaderFile.read(try RegularFile.read(header, maxBytes: PackageHeaderFile.maxBytes))
            } catch {
                throw Refusal(.fileUnreadable, "\(header): \(error.reason)")
            }
            for finding in read.findings where finding.severity == .warning { Console.warn(Self.line(finding)) }
            guard let made = read.header, !read.findings.contains(where: { $0.severity == .error }) else {
                throw Refusal(.packageInvalid, Self.line(read.findings.first { $0.severity == .error }))
            }
            return made
        }

        private static func line(_ finding: Finding?) -> String {
            finding.map { "[\($0.code.rawValue)] \($0.element): \($0.code.vietnamese) \($0.detail)" } ?? ""
        }

        private static func attachment(_ path: String, number: Int) throws(Refusal) -> OutgoingAttachment {
            let file = try PackageFile(path)
            let name = URL(filePath: path).lastPathComponent
            let type = mediaTypes[URL(filePath: path).pathExtension.lowercased()] ?? "application/octet-stream"
            return OutgoingAttachment(contentID: "tep-\(number)", name: name, contentType: type) { sink in
                try file.read { try sink($0) }
            }
        }

        /// By the ending of the name.
        private static let mediaTypes: [String: String] = [
            "pdf": "application/pdf", "doc": "application/msword", "xls": "application/vnd.ms-excel",
            "ppt": "application/vnd.ms-powerpoint", "rtf": "application/rtf", "zip": "application/zip",
            "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "odt": "application/vnd.oasis.opendocument.text", "png": "image/png", "jpg": "image/jpeg",
            "jpeg": "image/jpeg", "gif": "image/gif", "tif": "image/tiff", "tiff": "image/tiff", "txt": "text/plain",
            "xml": "application/xml",
        ]
    }
}
