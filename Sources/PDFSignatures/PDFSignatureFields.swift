// SPDX-License-Identifier: Apache-2.0

/// Finds the signatures of a form: what a reader of PDFs shows as signatures (ISO 32000-2 §12.7).
struct PDFSignatureFields {
    /// Most fields of a form that are looked at.
    static let maxFields = 20_000
    static let maxDepth = 32

    struct Field {
        let name: String
        /// Where the signature's dictionary is; nil where it stands in the field itself.
        let value: PDFReference?
    }

    private var objects: PDFObjects
    private var seen: Set<PDFReference> = []
    private var budget = PDFSignatureFields.maxFields
    private var found: [Field] = []

    /// The signed fields, in the form's order.
    static func all(in objects: inout PDFObjects) throws(PDFProblem) -> [Field] {
        let root = try objects.resolve(objects.tables.trailer("Root"))
        guard let catalog = root.dictionary else { throw .malformed("no catalogue") }
        guard let form = try objects.resolve(catalog["AcroForm"]).dictionary else { return [] }
        var walk = PDFSignatureFields(objects: objects)
        for field in try objects.resolve(form["Fields"]).array ?? [] {
            try walk.visit(field, name: "", type: nil, depth: 0)
        }
        objects = walk.objects
        return walk.found
    }

    private init(objects: PDFObjects) { self.objects = objects }

    private mutating func visit(_ object: PDFObject, name: String, type: String?, depth: Int) throws(PDFProblem) {
        guard depth < Self.maxDepth else { throw .tooMuch("depth of a form") }
        // Two ways to one field, or a circle of them.
        if let reference = object.reference, !seen.insert(reference).inserted { return }
        budget -= 1
        guard budget >= 0 else { throw .tooMuch("fields") }
        guard let field = try objects.resolve(object).dictionary else { return }
        let own = try objects.resolve(field["T"]).string?.text
        let name = [name, own ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
        let type = try objects.resolve(field["FT"]).name ?? type
        if type == "Sig", let value = field["V"], value != .null {
            found.append(Field(name: String(name.prefix(PDFString.maxText)), value: value.reference))
            return
        }
        for kid in try objects.resolve(field["Kids"]).array ?? [] {
            try visit(kid, name: name, type: type, depth: depth + 1)
        }
    }
}
