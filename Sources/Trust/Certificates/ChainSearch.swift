// SPDX-License-Identifier: Apache-2.0

/// Finds every way from a certificate up to a root, within bounds that a hostile message cannot move.
///
/// Names alone do not make an issuer: several may have one name, after a change of keys or on purpose, and authorities
/// sign each other's certificates in circles. A way goes on only where the signature holds.
struct ChainSearch {
    /// Most chains that are told of, whole or broken off.
    static let maxChains = 32
    /// Most signatures that one search verifies.
    static let maxSignatures = 256

    struct Found {
        /// From the certificate to a root.
        var complete: [[Certificate]] = []
        /// Those that end elsewhere, with the reason.
        var dead: [TriedChain] = []
        var count: Int { complete.count + dead.count }
    }

    private let roots: [Certificate]
    private let trusted: Set<Certificate>
    /// Roots first, so that what a message brings along cannot use up the bounds before them.
    private let issuers: [Certificate]
    private var signatures = 0
    private var found = Found()

    init(roots: [Certificate], others: [Certificate]) {
        self.roots = roots
        trusted = Set(roots)
        var seen: Set<Certificate> = []
        issuers = (roots + others).filter { seen.insert($0).inserted }
    }

    mutating func chains(from certificate: Certificate) -> Found {
        climb([certificate])
        return found
    }

    private mutating func climb(_ path: [Certificate]) {
        guard found.count < Self.maxChains, let top = path.last else { return }
        if trusted.contains(top) {
            found.complete.append(path)
            return
        }
        guard path.count < TrustStore.maxDepth else { return end(path, .chainTooLong) }
        let named = issuers.filter { top.namesAsIssuer($0) && !path.contains($0) }
        guard !named.isEmpty else {
            let isRoot = top.facts.isSelfIssued
            return end(
                path, isRoot ? .rootNotTrusted(root: top.subject.text) : .issuerUnknown(issuer: top.issuer.text))
        }
        var goesOn = false
        for issuer in named {
            guard signatures < Self.maxSignatures else { break }
            signatures += 1
            guard top.isSigned(by: issuer) else { continue }
            goesOn = true
            climb(path + [issuer])
        }
        if !goesOn { end(path, .signatureWrong(subject: top.subject.text)) }
    }

    private mutating func end(_ path: [Certificate], _ flaw: ChainFlaw) {
        found.dead.append(TriedChain(certificates: path, flaw: flaw))
    }
}
