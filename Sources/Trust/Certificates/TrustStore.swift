// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Whom a hub believes: the roots that its operator has declared trusted, the authorities between, and the lists of
/// revoked certificates. A value: it fetches nothing and knows no clock.
public struct TrustStore: Sendable, Equatable {
    /// Most roots that are used. Vietnam has two: the national one and the Government Cipher Committee's.
    public static let maxRoots = 128
    public static let maxIntermediates = 1_024
    public static let maxLists = 512
    /// Longest chain, in certificates.
    public static let maxDepth = 10
    /// Most certificates of a message that are looked at.
    public static let maxExtra = 32

    public let roots: [Certificate]
    public let intermediates: [Certificate]
    public let lists: [RevocationList]

    /// What is above a bound is left out, from the end.
    public init(roots: [Certificate], intermediates: [Certificate] = [], lists: [RevocationList] = []) {
        self.roots = Array(roots.prefix(Self.maxRoots))
        self.intermediates = Array(intermediates.prefix(Self.maxIntermediates))
        self.lists = Array(lists.prefix(Self.maxLists))
    }

    /// Judges a certificate by every chain from it to a root.
    ///
    /// Chains, times, name constraints and usages are checked by `X509_verify_cert`, at libcrypto's security level 2:
    /// RSA of 2048 bits, curves of 224, and no SHA-1 or MD5 under a signature. Revocation is asked of the lists: one
    /// made after `at` is as good as one of that time, because it names what was revoked before, with the time.
    ///
    /// - Parameters:
    ///   - extra: certificates that came with the message. They help to build a chain and are trusted no more than the
    ///     one in question; lists that came with it are passed as `lists`, since their issuers' signatures speak for them.
    ///   - at: the instant for which the answer holds: of the signature, where that is known.
    public func judge(
        _ certificate: Certificate, with extra: [Certificate] = [], lists extraLists: [RevocationList] = [],
        at: Instant,
        for purpose: CertificatePurpose = .signing
    ) -> CertificateVerdict {
        var search = ChainSearch(roots: roots, others: intermediates + extra.prefix(Self.maxExtra))
        let found = search.chains(from: certificate)
        var refused = found.dead
        var open: (chain: [Certificate], gaps: [RevocationGap])?
        var valid: [Certificate]?
        let known = lists + extraLists.prefix(Self.maxLists)
        for chain in found.complete {
            if let flaw = ChainCheck.flaw(in: chain, at: at, for: purpose) {
                refused.append(TriedChain(certificates: chain, flaw: flaw))
                continue
            }
            switch RevocationCheck.state(of: chain, by: known, at: at) {
            case .good: valid = valid ?? chain
            case .unknown(let gaps): open = open ?? (chain, gaps)
            case .revoked(let flaw, let isFirst):
                refused.append(TriedChain(certificates: chain, flaw: flaw))
                // Another way up does not give life to a certificate that its own issuer has revoked.
                if isFirst { return .untrusted(refused) }
            }
        }
        if let valid { return .valid(chain: valid, at: at) }
        if let open { return .undetermined(chain: open.chain, open.gaps) }
        return .untrusted(refused)
    }
}
