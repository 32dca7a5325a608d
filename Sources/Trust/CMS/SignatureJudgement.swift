// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What can be told of one CMS signature: whether it holds, by whom, when, and whether the signer is to be believed.
///
/// Facts, and no pronouncement on what the signature is worth in law.
public struct SignatureJudgement: Sendable, Equatable {
    /// How the instant of signing is known.
    public enum TimeBasis: String, Sendable, Codable {
        /// A time-stamp of a believed authority.
        case timeStamp = "time-stamp"
        /// The signer's own word.
        case claimed
        /// Nothing tells; it was not later than it was seen here.
        case seen
    }

    /// A time-stamp and what is to be said of it.
    public struct Stamp: Sendable, Equatable {
        public let at: Instant?
        public let authority: Certificate?
        public let fault: SignedDataFault?
        /// Of the authority's certificate, at that instant; nil where there is a fault.
        public let verdict: CertificateVerdict?

        public var isBelieved: Bool { fault == nil && verdict?.code == "valid" }
    }

    public let signer: Certificate
    public let digest: DigestAlgorithm
    /// Nil when the signature holds over the content.
    public let fault: SignedDataFault?
    public let bindsCertificate: Bool
    public let claimedTime: Instant?
    public let stamp: Stamp?
    /// The instant at which the signer's certificate is judged.
    public let at: Instant
    public let timeBasis: TimeBasis
    public let verdict: CertificateVerdict

    /// - Parameters:
    ///   - contentDigest: of what was signed, by `signed.digest`.
    ///   - seenAt: when these bytes were here for the first time: the signature is not younger.
    public init(
        of signed: SignedData, contentDigest: [UInt8], by store: TrustStore, seenAt: Instant
    ) {
        signer = signed.signer
        digest = signed.digest
        fault = signed.fault(contentDigest: contentDigest)
        bindsCertificate = signed.bindsCertificate
        claimedTime = signed.claimedTime
        stamp = signed.timeStamp.map { token in
            Self.stamp(token, by: store, seenAt: seenAt) { MessageDigest.of(signed.value, $0) }
        }
        if let stamp, stamp.isBelieved, let at = stamp.at {
            (self.at, timeBasis) = (at, .timeStamp)
        } else if let claimed = signed.claimedTime, claimed <= seenAt {
            (at, timeBasis) = (claimed, .claimed)
        } else {
            (at, timeBasis) = (seenAt, .seen)
        }
        let judged = store.judge(signed.signer, with: signed.certificates, lists: signed.lists, at: at)
        guard timeBasis == .claimed, case .valid(let chain, _) = judged else {
            verdict = judged
            return
        }
        // Who has a stolen key can write any time into what it signs.
        let later = store.judge(signed.signer, with: signed.certificates, lists: signed.lists, at: seenAt)
        if let revoked = later.revocation {
            verdict = .undetermined(chain: chain, [.revokedSince(subject: revoked.subject, at: revoked.at)])
        } else {
            verdict = judged
        }
    }

    /// Judges a time-stamp.
    ///
    /// - Parameter dataDigest: makes the digest of what it has to be over.
    public static func stamp(
        _ token: [UInt8], by store: TrustStore, seenAt: Instant, over dataDigest: (DigestAlgorithm) -> [UInt8]
    ) -> Stamp {
        let read: TimeStamp
        do throws(SignedDataFault) { read = try TimeStamp(token: token) } catch {
            return Stamp(at: nil, authority: nil, fault: error, verdict: nil)
        }
        if let fault = read.fault(dataDigest: dataDigest(read.digest)) {
            return Stamp(at: read.at, authority: read.authority, fault: fault, verdict: nil)
        }
        let verdict = store.judge(
            read.authority, with: read.signed.certificates, lists: read.signed.lists, at: read.at, for: .timeStamping)
        return Stamp(at: read.at, authority: read.authority, fault: nil, verdict: verdict)
    }
}

extension CertificateVerdict {
    /// What in the chains is revoked, where that is why it is not trusted.
    fileprivate var revocation: (subject: String, at: Instant)? {
        guard case .untrusted(let chains) = self else { return nil }
        for chain in chains {
            if case .revoked(let subject, let at, _) = chain.flaw { return (subject, at) }
        }
        return nil
    }
}
