// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import EdXML

/// The schema and the reader's own table must allow the same elements in the same places.
struct VocabularyTests {
    @Test func schemaAndTableAgree() throws {
        let schema = SchemaReader()
        let parser = PushParser(events: schema)
        PackageResources.edxml_xsd.withUnsafeBytes { parser.parse($0) }
        parser.end()
        var pending = [(name: Vocabulary.root, type: "Packet")]
        var visited: Set<String> = []
        while let (name, type) = pending.popLast() {
            guard visited.insert("\(name):\(type)").inserted else { continue }
            let inSchema = schema.elements[type] ?? [:]
            let inTable = Vocabulary.children[name] ?? [:]
            guard !["Text", "Anything"].contains(type) else { continue }
            #expect(Set(inSchema.keys) == Set(inTable.keys), "\(name)")
            for (child, rule) in inTable {
                switch rule.content {
                case .elements, .list: pending.append((child, inSchema[child] ?? "missing"))
                case .text, .base64: #expect(inSchema[child] == "Text", "\(name)/\(child)")
                case .anything: #expect(inSchema[child] == "Anything", "\(name)/\(child)")
                }
            }
        }
        #expect(visited.count == Vocabulary.children.count)
    }
}

/// The names and types of the elements in each type of the schema.
private final class SchemaReader: XMLEvents {
    var elements: [String: [String: String]] = [:]
    private var type = ""

    func elementStarted(_ tag: StartTag) {
        let name = String(cString: tag.localName)
        if name == "complexType" { type = attribute("name", of: tag) ?? "" }
        if name == "element", let element = attribute("name", of: tag), !type.isEmpty {
            elements[type, default: [:]][element] = attribute("type", of: tag)
        }
    }

    /// libxml2 gives five pointers for each: name, prefix, namespace, begin and end of the value.
    private func attribute(_ name: String, of tag: StartTag) -> String? {
        for index in 0..<Int(tag.attributeCount) {
            guard let parts = tag.attributes, let found = parts[5 * index], let begin = parts[5 * index + 3],
                let end = parts[5 * index + 4], String(cString: found) == name
            else { continue }
            return String(decoding: UnsafeBufferPointer(start: begin, count: end - begin), as: UTF8.self)
        }
        return nil
    }

    var line = 0
    let stopped = false
    func documentStarted(encoding: String?) {}
    func doctypeMet() {}
    func elementEnded(_ tag: EndTag) {}
    func characters(_ text: UnsafeBufferPointer<UInt8>) {}
    func plainText(_ text: UnsafeBufferPointer<UInt8>) -> Int { 0 }
    func problemMet(_ problem: XMLProblem) {}
}
