// SPDX-License-Identifier: Apache-2.0

/// An object of a PDF (ISO 32000-2 §7.3), without what a stream holds.
indirect enum PDFObject: Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case name(String)
    case string(PDFString)
    case array([PDFObject])
    case dictionary(PDFDictionary)
    case reference(PDFReference)

    var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    var name: String? { if case .name(let value) = self { value } else { nil } }
    var string: PDFString? { if case .string(let value) = self { value } else { nil } }
    var array: [PDFObject]? { if case .array(let value) = self { value } else { nil } }
    var dictionary: PDFDictionary? { if case .dictionary(let value) = self { value } else { nil } }
    var reference: PDFReference? { if case .reference(let value) = self { value } else { nil } }
}

struct PDFReference: Hashable {
    let number: Int
    let generation: Int
}

/// A string, with its place.
struct PDFString: Equatable {
    let bytes: [UInt8]
    /// From its first delimiter to behind its last, in the source that it was read from.
    let range: Range<Int>

    /// Most scalars of a text that is shown.
    static let maxText = 1_024

    /// The text of it (§7.9.2.2): UTF-16 or UTF-8 with their marks, else bytes of Latin letters.
    var text: String {
        let head = bytes.prefix(4 * Self.maxText)
        let whole: String
        if head.starts(with: [0xFE, 0xFF]) {
            let units = stride(from: 2, to: head.count - 1, by: 2).map { UInt16(head[$0]) << 8 | UInt16(head[$0 + 1]) }
            whole = String(decoding: units, as: UTF16.self)
        } else if head.starts(with: [0xEF, 0xBB, 0xBF]) {
            whole = String(decoding: head.dropFirst(3), as: UTF8.self)
        } else {
            whole = String(String.UnicodeScalarView(head.map { Unicode.Scalar($0) }))
        }
        return String(String.UnicodeScalarView(whole.unicodeScalars.prefix(Self.maxText)))
    }
}

struct PDFDictionary: Equatable {
    private var entries: [String: PDFObject] = [:]
    /// Keys that stand in it twice: two readers may take different values.
    private(set) var repeated: Set<String> = []

    subscript(_ key: String) -> PDFObject? { entries[key] }

    mutating func add(_ key: String, _ value: PDFObject) {
        if entries.updateValue(value, forKey: key) != nil { repeated.insert(key) }
    }
}
