// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Asks the lists whether something in a chain was revoked at an instant.
///
/// Not by libcrypto's own check, which demands a list of exactly that time: for a document signed last year there is only
/// today's, and it knows better. Its primitives do the work: signature, scope, entry.
enum RevocationCheck {
    enum State: Equatable {
        case good
        /// - isFirst: whether it is the certificate in question.
        case revoked(ChainFlaw, isFirst: Bool)
        case unknown([RevocationGap])
    }

    /// The root is left out: nobody stands above it, and an operator who no longer believes it removes it.
    static func state(of chain: [Certificate], by lists: [RevocationList], at: Instant) -> State {
        var gaps: [RevocationGap] = []
        for (index, (certificate, issuer)) in zip(chain, chain.dropFirst()).enumerated() {
            switch state(of: certificate, issuer, lists, at) {
            case .good: continue
            case .revoked(let flaw, _): return .revoked(flaw, isFirst: index == 0)
            case .unknown(let own): gaps += own
            }
        }
        return gaps.isEmpty ? .good : .unknown(gaps)
    }

    private static func state(
        of certificate: Certificate, _ issuer: Certificate, _ lists: [RevocationList], _ at: Instant
    ) -> State {
        let name = issuer.subject.text
        let named = lists.filter { $0.isOfIssuer(of: certificate) }
        guard !named.isEmpty else { return .unknown([.noList(issuer: name)]) }
        let usable = named.filter { $0.unfitness(for: certificate, issuer: issuer) == nil }
        guard !usable.isEmpty else { return .unknown([.listUnusable(issuer: name)]) }
        let newest = usable.map(\.thisUpdate).max()
        for list in usable {
            guard let revocation = list.revocation(of: certificate), revocation.at <= at else { continue }
            // A hold may be taken back, and is where a newer list is silent; nothing else ever is.
            guard revocation.reason != "certificateHold" || list.thisUpdate == newest else { continue }
            let flaw = ChainFlaw.revoked(
                subject: certificate.subject.text, at: revocation.at, reason: revocation.reason)
            return .revoked(flaw, isFirst: false)
        }
        let current = usable.filter { $0.knowsUntil >= at }
        guard !current.isEmpty else {
            let latest = usable.map(\.knowsUntil).max() ?? .earliest
            return .unknown([.listExpired(issuer: name, at: latest)])
        }
        // An issuer may drop a certificate from its lists once that has expired.
        guard current.contains(where: { $0.thisUpdate <= certificate.facts.notAfter }) else {
            return .unknown([.listTooLate(subject: certificate.subject.text)])
        }
        return .good
    }
}
