// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Whether a certificate was to be believed at an instant, and why.
public enum CertificateVerdict: Sendable, Equatable {
    /// From the certificate to a trusted root, nothing in it revoked.
    case valid(chain: [Certificate], at: Instant)
    /// No chain makes it trusted: each that was tried, with what is wrong with it.
    case untrusted([TriedChain])
    /// A chain holds, and whether something in it was revoked cannot be known.
    case undetermined(chain: [Certificate], [RevocationGap])

    /// `valid`, `untrusted` or `undetermined`.
    public var code: String {
        switch self {
        case .valid: "valid"
        case .untrusted: "untrusted"
        case .undetermined: "undetermined"
        }
    }

    /// Sentences that give the reasons; for a valid one who vouches for it.
    public var vietnamese: [String] {
        switch self {
        case .valid(let chain, let at):
            ["Hợp lệ lúc \(at.iso8601), gốc tin cậy «\(chain.last?.subject.text ?? "")»."]
        case .untrusted(let chains): chains.map { $0.names + ": " + $0.flaw.vietnamese }
        case .undetermined(_, let gaps): gaps.map(\.vietnamese)
        }
    }

    public var english: [String] {
        switch self {
        case .valid(let chain, let at):
            ["Valid at \(at.iso8601), below the trusted root \"\(chain.last?.subject.text ?? "")\"."]
        case .untrusted(let chains): chains.map { $0.names + ": " + $0.flaw.english }
        case .undetermined(_, let gaps): gaps.map(\.english)
        }
    }
}

/// A chain that was tried, and what is wrong with it.
public struct TriedChain: Sendable, Equatable {
    /// The certificate that was asked about first; the last may lack its issuer.
    public let certificates: [Certificate]
    public let flaw: ChainFlaw

    /// The common names on the way up.
    public var names: String {
        certificates.map { $0.subject.commonName ?? $0.subject.text }.joined(separator: " ← ")
    }
}
