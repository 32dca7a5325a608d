// SPDX-License-Identifier: Apache-2.0
import Exchange
import Synchronization
import Trust

/// The identity that new connections get; it may be renewed while they come.
///
/// Connections keep the one with which they began.
public final class TLSGuard: Sendable {
    public let files: TLSFiles
    /// Days before its end at which a certificate is warned of.
    public let warnDays: Int
    /// How long a handshake may take.
    let handshakeTime: Duration
    private let identity: Mutex<TLSIdentity>

    /// What became of a renewal.
    public enum Renewal: Sendable, Equatable {
        /// The files hold what is served already.
        case unchanged
        /// New connections get the certificate with this fingerprint.
        case renewed(SHA256Digest)
    }

    /// Reads the files. Blocking.
    ///
    /// - Throws: `Refusal(.tlsUnusable)`. Not for a certificate that is out of its time: a hub that is started at night
    ///   must not stay away, also from those who do not check, for what it has served the day before; it is told loudly.
    public init(_ files: TLSFiles, handshakeTime: Duration, warnDays: Int) throws(Refusal) {
        self.files = files
        self.warnDays = warnDays
        self.handshakeTime = handshakeTime
        identity = Mutex(try TLSIdentity(files))
    }

    public var current: TLSIdentity { identity.withLock { $0 } }

    /// Reads the files again. Blocking.
    ///
    /// - Throws: `Refusal(.tlsUnusable)`; then everything stays as it is. Here a certificate that is not valid now is
    ///   refused too: what is served is no worse.
    public func renew(at now: Instant) throws(Refusal) -> Renewal {
        let fresh = try TLSIdentity(files)
        if let problem = fresh.problem(at: now, warnDays: 0), problem.isFailure {
            throw Refusal(.tlsUnusable, "\(files.certificate): \(problem)")
        }
        let before = identity.withLock { identity in
            let before = identity.fingerprint
            // Even when it is the same certificate: the roots of client certificates may be others.
            identity = fresh
            return before
        }
        return before == fresh.fingerprint ? .unchanged : .renewed(fresh.fingerprint)
    }

    /// What is to be said of the certificate that is served.
    public func problem(at now: Instant) -> TLSTimeProblem? { current.problem(at: now, warnDays: warnDays) }
}
