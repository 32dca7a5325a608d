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

    /// Each text up to its length is nothing to speak of, and one character more is told.
    @Test func everyTextHasItsLength() {
        var paths = [[Vocabulary.root]]
        var visited: Set<String> = []
        var bounded = 0
        while let path = paths.popLast() {
            guard let name = path.last, visited.insert(path.suffix(2).joined(separator: "/")).inserted else { continue }
            for (child, rule) in Vocabulary.children[name] ?? [:] {
                switch rule.content {
                case .elements, .list: paths.append(path + [child])
                case .text(let length?):
                    bounded += 1
                    for (count, isTold) in [(length, false), (length + 1, true)] {
                        // Counted in NFC: two scalars are written for each character.
                        let text = String(repeating: "e\u{323}", count: count)
                        let told = read(nested(path + [child], text)).findings.contains {
                            $0.code == .textTooLong && $0.element.hasSuffix("\(name)/\(child)")
                        }
                        #expect(told == isTold, "\(path)/\(child)")
                    }
                case .text, .base64, .anything: break
                }
            }
        }
        #expect(bounded > 30)
    }

    @Test func allPlacesTogetherHaveALength() throws {
        let most = DocumentRules.maxToPlacesLength
        for (length, isTold) in [(most, false), (most + 1, true)] {
            var document = try Invented.document()
            document.toPlaces = (0..<10).map { String(repeating: "ế", count: $0 == 0 ? length - 9 * 100 : 100) }
            let reading = read(try PackageWriter.bytes(.document(document)))
            #expect(reading.codes.contains(.textTooLong) == isTold)
        }
    }

    private func nested(_ path: [String], _ text: String) -> String {
        let open = path.dropFirst().map { "<\($0)>" }.joined()
        let close = path.reversed().map { "</\($0)>" }.joined()
        return "<edXML xmlns=\"\(Vocabulary.namespace)\">\(open)\(text)\(close)"
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
