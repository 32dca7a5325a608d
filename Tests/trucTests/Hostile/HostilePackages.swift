// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import VXPProtocol

/// Packages that somebody makes on purpose, and what each must get.
struct HostilePackages {
    struct Shape: Sendable {
        let name: String
        /// Nil for one that is accepted.
        let refused: Refusal.Code?
        /// Stands in the answer.
        let finding: String?
        let bytes: @Sendable (_ number: String) throws -> [UInt8]
    }

    let shapes: [Shape]

    /// - Parameter bomb: a ZIP that unpacks to very much.
    init(bomb: [UInt8]) {
        shapes = [
            Self.malformed("external entity", "xml.doctype") {
                #"<!DOCTYPE edXML [<!ENTITY x SYSTEM "file:///etc/hostname">]>"# + $0
            },
            Self.malformed("external subset", "xml.doctype") {
                #"<!DOCTYPE edXML SYSTEM "http://127.0.0.1:1/x.dtd">"# + $0
            },
            Self.malformed("entity bomb", "xml.doctype") {
                let levels = (1...9).map { level in
                    "<!ENTITY l\(level) \"" + String(repeating: "&l\(level - 1);", count: 10) + "\">"
                }
                return "<!DOCTYPE edXML [<!ENTITY l0 \"l\">\(levels.joined())]>" + $0
            },
            Self.invalid(
                "deep nesting", "limit.depth", before: "<edXML:Code>", String(repeating: "<edXML:a>", count: 50_000)),
            Self.invalid(
                "huge attribute", "limit.markup-bytes", before: "<edXML:Code>",
                "<edXML:a b=\"" + String(repeating: "x", count: 2 << 20) + "\"/>"),
            Self.invalid(
                "many attributes", "limit.attributes", before: "<edXML:Code>",
                "<edXML:a " + (0..<500).map { "b\($0)=\"\"" }.joined(separator: " ") + "/>"),
            Self.invalid(
                "many attachments", "limit.attachments", before: "</AttachmentEncoded>",
                String(repeating: "<Attachment><ContentTransferEncoded/></Attachment>", count: 20_000)),
            Self.invalid(
                "huge text", "limit.text-bytes", before: "</edXML:Subject>", String(repeating: "x", count: 1 << 20)),
            Shape(name: "zip bomb", refused: nil, finding: nil) { try Sample.document($0, content: bomb) },
            Shape(name: "cut document", refused: .packageMalformed, finding: "xml.incomplete") {
                try Sample.document($0).dropLast(40)
            },
        ]
    }

    private static func malformed(
        _ name: String, _ finding: String, _ change: @escaping @Sendable (String) -> String
    ) -> Shape {
        Shape(name: name, refused: .packageMalformed, finding: finding) { number in
            let text = String(decoding: try Sample.document(number), as: UTF8.self)
            guard let end = text.range(of: "?>")?.upperBound else { return Array(change(text).utf8) }
            return Array((text[..<end] + change(String(text[end...]))).utf8)
        }
    }

    private static func invalid(_ name: String, _ finding: String, before place: String, _ inserted: String) -> Shape {
        Shape(name: name, refused: .packageInvalid, finding: finding) { number in
            let text = String(decoding: try Sample.document(number), as: UTF8.self)
            return Array(text.replacing(place, with: inserted + place, maxReplacements: 1).utf8)
        }
    }

    /// A ZIP of few kilobytes whose one entry has so many bytes; made by Python.
    static func bomb(megabytes: Int) async throws -> [UInt8] {
        let path = try TestCluster.temporaryDirectory() + "/bomb.zip"
        let made = try await Tool.run(
            "python3",
            [
                "-c",
                """
                import sys, zipfile
                with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
                    z.writestr("x.txt", bytes(int(sys.argv[2]) << 20))
                """, path, "\(megabytes)",
            ])
        try made.requireSuccess()
        return Array(try Data(contentsOf: URL(filePath: path)))
    }
}
