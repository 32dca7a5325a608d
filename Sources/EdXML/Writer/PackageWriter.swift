// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Writes packages: the same model and attachments always give the same bytes.
///
/// - Order: the standard's own numbers 1.1 to 1.14, which .NET receivers generated from the standard expect, and which
///   readers that go by name do not mind.
/// - The envelope and what is in it carries the prefix `edXML:`, as .NET receivers of some provinces refuse it without;
///   `AttachmentEncoded` stands beside it without one, as the national SDK writes it.
/// - UTF-8 without a mark, line feeds, two blanks a level. An absent value has no element.
///
/// No signature is written: one would have to be made over these very bytes afterwards.
public enum PackageWriter {
    /// Writes a package piece by piece.
    ///
    /// - Parameter sink: gets the bytes in order, some 16 KB at a time; the pointer is valid during the call only.
    /// - Throws: what `sink` or an attachment throws, and nothing else.
    public static func write(
        _ header: PackageHeader, attachments: [OutgoingAttachment] = [],
        to sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try withoutActuallyEscaping(sink) { sink in
            var output = XMLOutput(sink)
            try output.line(#"<?xml version="1.0" encoding="UTF-8"?>"#)
            try output.start("edXML", #" xmlns="\#(Vocabulary.namespace)""#)
            try output.start("edXML:edXMLEnvelope", #" xmlns:edXML="\#(Vocabulary.namespace)""#)
            try output.start("edXML:edXMLHeader")
            switch header {
            case .document(let document): try document.write(to: &output)
            case .status(let status): try status.write(to: &output)
            }
            try output.end()
            if !header.isStatus || !attachments.isEmpty { try writeManifest(attachments, to: &output) }
            try output.end()
            try writeAttachments(attachments, to: &output)
            try output.end()
            try output.finish()
        }
    }

    /// The whole package in memory.
    ///
    /// - Throws: what an attachment throws, and nothing else.
    public static func bytes(_ header: PackageHeader, attachments: [OutgoingAttachment] = []) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try write(header, attachments: attachments) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func writeManifest(_ attachments: [OutgoingAttachment], to output: inout XMLOutput) throws {
        try output.start("edXML:edXMLBody")
        try output.start("edXML:edXMLManifest", #" version="1.0""#)
        for attachment in attachments {
            try output.start("edXML:Reference")
            try output.text("edXML:ContentId", "cid:" + attachment.contentID)
            try output.text("edXML:ContentType", attachment.contentType)
            try output.text("edXML:Description", attachment.description)
            try output.text("edXML:AttachmentName", attachment.name)
            try output.end()
        }
        try output.end()
        try output.end()
    }

    private static func writeAttachments(_ attachments: [OutgoingAttachment], to output: inout XMLOutput) throws {
        guard !attachments.isEmpty else { return }
        try output.start("AttachmentEncoded")
        for attachment in attachments {
            try output.start("Attachment")
            try output.text("ContentId", "cid:" + attachment.contentID)
            try output.text("AttachmentName", attachment.name)
            try output.text("Description", attachment.description)
            try output.text("ContentType", attachment.contentType)
            try output.base64(
                "edXML:ContentTransferEncoded", #" xmlns:edXML="\#(Vocabulary.namespace)""#, attachment.produce)
            try output.end()
        }
        try output.end()
    }
}
