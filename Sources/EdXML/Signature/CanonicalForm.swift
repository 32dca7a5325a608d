// SPDX-License-Identifier: Apache-2.0

/// A way to write XML such that what means the same has the same bytes.
struct CanonicalForm: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Canonical XML 1.0 (W3C, 15 March 2001).
        case inclusive
        /// Exclusive XML Canonicalization 1.0 (W3C, 18 July 2002).
        ///
        /// - Parameter listed: the prefixes of `InclusiveNamespaces`, which count as in the inclusive form; empty for
        ///   the default namespace. In order, none twice.
        case exclusive(listed: [String])
    }

    var kind: Kind
    var keepsComments: Bool

    init(_ kind: Kind, keepsComments: Bool = false) {
        self.kind = kind
        self.keepsComments = keepsComments
    }

    /// What a reference means that names no form (XML-Signature §4.4.3.2).
    static let implied = CanonicalForm(.inclusive)
    /// What we write: of a part it does not depend on what stands around it.
    static let ours = CanonicalForm(.exclusive(listed: []))

    /// Most prefixes of a list.
    static let maxListed = 32

    /// - Parameter identifier: the URI of the algorithm; nil for one that is none of these.
    init?(identifier: String, listed: [String]) {
        let comments = "#WithComments"
        switch identifier {
        case Self.inclusiveURI: self.init(.inclusive)
        case Self.inclusiveURI + comments: self.init(.inclusive, keepsComments: true)
        case Self.exclusiveURI: self.init(.exclusive(listed: listed))
        case Self.exclusiveURI + "WithComments": self.init(.exclusive(listed: listed), keepsComments: true)
        default: return nil
        }
    }

    static let inclusiveURI = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    /// Also the namespace of `InclusiveNamespaces`.
    static let exclusiveURI = "http://www.w3.org/2001/10/xml-exc-c14n#"
}
