// SPDX-License-Identifier: Apache-2.0
import Trust

/// Gathers manifest and attachments and holds them against each other at the end: emitters put either first.
struct BodyReader {
    /// What `ContentTransferEncoded` of one attachment came to.
    struct Content {
        let line: Int
        /// Nil when it was not base64.
        let decoded: AttachmentStream.Content?
    }

    private struct Attachment {
        let element: Element
        let contentID: String
        let content: AttachmentStream.Content
    }

    private static let manifestPath = "edXML/edXMLEnvelope/edXMLBody/edXMLManifest/Reference"
    private static let attachmentPath = "edXML/AttachmentEncoded/Attachment"

    private(set) var manifest: [ManifestEntry] = []
    private(set) var attachmentCount = 0
    private var attachments: [Attachment] = []
    /// Content ids of all attachments, also of those whose content was wrong.
    private var contentIDs: Set<String> = []

    mutating func add(reference element: Element) {
        manifest.append(
            ManifestEntry(
                contentID: Self.contentID(element), contentType: element.value("ContentType"),
                description: element.value("Description"), name: element.value("AttachmentName"), line: element.line))
    }

    /// - Parameter content: nil when there was no `ContentTransferEncoded`.
    mutating func add(attachment element: Element, content: Content?, log: inout FindingLog) {
        attachmentCount += 1
        let contentID = Self.contentID(element)
        let isNew = contentIDs.insert(contentID).inserted
        if !isNew, !contentID.isEmpty {
            log.add(.contentIDRepeated, line: element.line, element: Self.attachmentPath + "/ContentId", contentID)
        }
        let path = Self.attachmentPath + "/ContentTransferEncoded"
        guard let content else {
            return log.add(.contentMissing, line: element.line, element: path, "attachment \(attachmentCount)")
        }
        guard let decoded = content.decoded else {
            return log.add(.base64Invalid, line: content.line, element: path, "attachment \(attachmentCount)")
        }
        if decoded.bytes == 0 {
            log.add(.contentEmpty, line: content.line, element: path, "attachment \(attachmentCount)")
        } else if let declared = element.value("ContentType"), !decoded.type.fits(declared: declared) {
            log.add(
                .attachmentTypeDiffers, line: element.line, element: Self.attachmentPath + "/ContentType",
                "declared \(declared), is \(decoded.type.rawValue)")
        }
        attachments.append(Attachment(element: element, contentID: contentID, content: decoded))
    }

    /// What can be said only when everything has been read.
    func judge(header: PackageHeader?, log: inout FindingLog) {
        var references: [String: ManifestEntry] = [:]
        for entry in manifest {
            if !contentIDs.contains(entry.contentID) || entry.contentID.isEmpty {
                log.add(.referenceUnmatched, line: entry.line, element: Self.manifestPath, entry.contentID)
            } else if references.updateValue(entry, forKey: entry.contentID) != nil {
                log.add(
                    .contentIDRepeated, line: entry.line, element: Self.manifestPath + "/ContentId", entry.contentID)
            }
        }
        for attachment in attachments {
            guard let reference = references[attachment.contentID] else {
                log.add(
                    .attachmentUnlisted, line: attachment.element.line, element: Self.attachmentPath,
                    attachment.contentID)
                continue
            }
            if let listed = reference.contentType, let declared = attachment.element.value("ContentType"),
                listed.lowercased() != declared.lowercased()
            {
                log.add(
                    .manifestTypeDiffers, line: reference.line, element: Self.manifestPath + "/ContentType",
                    "\(listed); the attachment says \(declared)")
            }
        }
        judgePresence(header: header, log: &log)
    }

    private func judgePresence(header: PackageHeader?, log: inout FindingLog) {
        switch header {
        case .status where attachmentCount > 0 || !manifest.isEmpty:
            log.add(.statusWithBody, line: 0, element: "edXML", "\(attachmentCount) attachments")
        case .document(let document) where attachmentCount == 0 && !log.hasErrors:
            // A recall or an update needs no file.
            guard document.kind == .new || document.kind == .replacement else { return }
            log.add(.noAttachments, line: 0, element: "edXML", "no Attachment")
        default: return
        }
    }

    /// - Parameter seesThrough: whether wrapped attachments count as unpacked.
    func summaries(seesThrough: Bool) -> [AttachmentSummary] {
        let references = Dictionary(manifest.map { ($0.contentID, $0) }, uniquingKeysWith: { first, _ in first })
        return attachments.map { attachment in
            let reference = references[attachment.contentID]
            let name = attachment.element.value("AttachmentName") ?? reference?.name
            let content = attachment.content
            let wrapped = !seesThrough || FileType.isArchive(name: name) ? nil : content.wrapped
            return AttachmentSummary(
                contentID: attachment.contentID, name: name, description: attachment.element.value("Description"),
                declaredType: attachment.element.value("ContentType"), detectedType: content.type,
                decodedBytes: content.bytes, sha256: content.sha256, unpackedSHA256: wrapped?.digest ?? content.sha256,
                unpackedBytes: wrapped?.bytes ?? content.bytes, isSignedPDF: content.isSignedPDF, reference: reference,
                line: attachment.element.line)
        }
    }

    /// `ContentId` without the `cid:` that some emitters write at one end only.
    private static func contentID(_ element: Element) -> String {
        let text = element.value("ContentId") ?? ""
        return text.lowercased().hasPrefix("cid:") ? String(text.dropFirst(4)) : text
    }
}
