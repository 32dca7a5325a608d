// SPDX-License-Identifier: Apache-2.0

/// What a file is by its first bytes. The raw value is its media type.
public enum FileType: String, CaseIterable, Sendable, Codable {
    case pdf = "application/pdf"
    case zip = "application/zip"
    /// Word, Excel or PowerPoint since 2007: a ZIP of a certain order.
    case officeOpenXML = "application/vnd.openxmlformats-officedocument"
    case openDocument = "application/vnd.oasis.opendocument"
    /// Word, Excel or PowerPoint before 2007.
    case compoundFile = "application/x-ole-storage"
    case rtf = "application/rtf"
    case xml = "application/xml"
    case png = "image/png"
    case jpeg = "image/jpeg"
    case gif = "image/gif"
    case tiff = "image/tiff"
    case rar = "application/vnd.rar"
    case sevenZip = "application/x-7z-compressed"
    case gzip = "application/gzip"
    /// No control characters in the bytes that were looked at.
    case text = "text/plain"
    case unknown = "application/octet-stream"

    /// How many of the first bytes are looked at.
    static let bytesNeeded = 512

    init(of bytes: some RandomAccessCollection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.bytesNeeded))
        if let known = Self.magic.first(where: { bytes.starts(with: $0.bytes) })?.type {
            self = known == .zip ? Self.zipFamily(bytes) : known
        } else if !bytes.isEmpty, bytes.allSatisfy(Self.isText) {
            self = bytes.starts(with: Array("<?xml".utf8)) ? .xml : .text
        } else {
            self = .unknown
        }
    }

    private static let magic: [(bytes: [UInt8], type: FileType)] = [
        (Array("%PDF-".utf8), .pdf),
        ([0x50, 0x4B, 0x03, 0x04], .zip),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], .compoundFile),
        (Array("{\\rtf".utf8), .rtf),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
        ([0xFF, 0xD8, 0xFF], .jpeg),
        (Array("GIF8".utf8), .gif),
        ([0x49, 0x49, 0x2A, 0x00], .tiff),
        ([0x4D, 0x4D, 0x00, 0x2A], .tiff),
        (Array("Rar!".utf8) + [0x1A, 0x07], .rar),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .sevenZip),
        ([0x1F, 0x8B], .gzip),
    ]

    /// The first entry's name tells a document from an archive: both formats fix what stands first.
    private static func zipFamily(_ bytes: [UInt8]) -> FileType {
        let name = bytes.dropFirst(30)
        if ["[Content_Types].xml", "_rels/", "word/", "xl/", "ppt/", "docProps/"].contains(where: {
            name.starts(with: $0.utf8)
        }) {
            return .officeOpenXML
        }
        return name.starts(with: "mimetypeapplication/vnd.oasis".utf8) ? .openDocument : .zip
    }

    private static func isText(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : [0x09, 0x0A, 0x0C, 0x0D, 0x1B].contains(byte)
    }

    /// Whether a file of this type may be declared as `mediaType`. A declaration that promises nothing in particular
    /// (`application/octet-stream`, a type we have no magic for) fits everything.
    func fits(declared mediaType: String) -> Bool {
        let declared = mediaType.split(separator: ";").first.map { $0.lowercased() }?.filter { $0 != " " } ?? ""
        guard let allowed = Self.allowed(for: declared) else { return true }
        return allowed.contains(self)
    }

    private static func allowed(for declared: String) -> Set<FileType>? {
        switch declared {
        case "application/pdf": [.pdf]
        case "application/zip", "application/x-zip-compressed", "application/x-zip":
            [.zip, .officeOpenXML, .openDocument]
        case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint":
            [.compoundFile, .rtf, .officeOpenXML]
        case "application/rtf", "text/rtf": [.rtf]
        case "image/png": [.png]
        case "image/jpeg", "image/jpg": [.jpeg]
        case "image/gif": [.gif]
        case "image/tiff": [.tiff]
        case "application/xml", "text/xml": [.xml, .text]
        case "application/vnd.rar", "application/x-rar-compressed", "application/x-rar": [.rar]
        case "application/x-7z-compressed": [.sevenZip]
        case "application/gzip": [.gzip]
        case _ where declared.hasPrefix("text/"): [.text, .xml, .rtf]
        case _ where declared.hasPrefix("application/vnd.openxmlformats-officedocument"): [.officeOpenXML, .zip]
        case _ where declared.hasPrefix("application/vnd.oasis.opendocument"): [.openDocument, .zip]
        default: nil
        }
    }

    /// Whether a file with this name is itself an archive or a document that is a ZIP inside, so that a ZIP is its
    /// content and not a wrapper around it.
    static func isArchive(name: String?) -> Bool {
        guard let name, let dot = name.lastIndex(of: ".") else { return false }
        return archiveExtensions.contains(name[name.index(after: dot)...].lowercased())
    }

    private static let archiveExtensions: Set<String> = [
        "zip", "jar", "docx", "docm", "dotx", "xlsx", "xlsm", "xltx", "pptx", "pptm", "ppsx", "odt", "ods", "odp",
        "odg",
        "epub", "vsdx", "kmz", "apk", "asice", "bdoc",
    ]
}
