// SPDX-License-Identifier: Apache-2.0

/// An element that has been read: the header and the small parts of the body as a tree, bounded by the reader.
struct Element {
    let name: String
    /// In the namespace of XML-DSig; only signatures are.
    let isSignatureNamespace: Bool
    let line: Int
    /// Without the XML white space around it.
    var text = ""
    var children: [Element] = []

    func first(_ name: String) -> Element? { children.first { $0.name == name } }
    func all(_ name: String) -> [Element] { children.filter { $0.name == name } }

    /// The text of a child; nil when there is none or it is empty.
    func value(_ name: String) -> String? { first(name).flatMap { $0.text.isEmpty ? nil : $0.text } }

    /// Texts of the children of a child, without the empty ones: `ToPlaces/Place`.
    func values(_ list: String, _ item: String) -> [String] {
        first(list)?.all(item).map(\.text).filter { !$0.isEmpty } ?? []
    }

    /// The texts of the element and of all below it, in order, joined by line feeds.
    var allText: String {
        ([text] + children.map(\.allText)).filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// Whether there is nothing in it but elements that are empty themselves.
    var isBlank: Bool { text.isEmpty && children.allSatisfy(\.isBlank) }
}
