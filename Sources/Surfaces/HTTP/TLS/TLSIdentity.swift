// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import NIOCore
import NIOSSL
import Trust

/// Which files make the hub known, and by which it knows others.
public struct TLSFiles: Sendable, Equatable {
    /// PEM: the hub's certificate first, then those that lead to its root.
    public let certificate: String
    /// PEM, not encrypted, readable by its owner only.
    public let key: String
    /// PEM: the roots of client certificates; nil to ask for none.
    public let clientCA: String?

    public init(certificate: String, key: String, clientCA: String?) {
        self.certificate = certificate
        self.key = key
        self.clientCA = clientCA
    }

    /// The files that are set; nil for a hub without TLS.
    ///
    /// - Throws: `Refusal(.settingInvalid)` when one of them has no use without another that is missing.
    public init?(_ settings: Settings) throws(Refusal) {
        let (certificate, key) = (settings.tlsCertificateFile, settings.tlsKeyFile)
        let clientCA = settings.tlsClientCAFile.isEmpty ? nil : settings.tlsClientCAFile
        if certificate.isEmpty, key.isEmpty, clientCA == nil { return nil }
        guard !certificate.isEmpty, !key.isEmpty else {
            throw Refusal(.settingInvalid, "TLS needs both tls-certificate-file and tls-key-file")
        }
        self.init(certificate: certificate, key: key, clientCA: clientCA)
    }
}

/// A certificate with its key, ready to serve. Immutable.
public struct TLSIdentity: Sendable {
    let context: NIOSSLContext
    let asksForCertificate: Bool
    public let notBefore: Instant
    public let notAfter: Instant
    /// Of the hub's certificate (DER), for logs.
    public let fingerprint: SHA256Digest

    /// Without forward secrecy or authenticated encryption there is nothing to gain: every TLS 1.2 client of the last ten
    /// years has these. TLS 1.3 has no others.
    static let tls12CipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
    /// Largest file of certificates, in bytes.
    static let maxFileBytes = 256 << 10
    /// How long a peer may take to answer the end of TLS.
    static let shutdownSeconds: Int64 = 5

    /// Reads and checks the files. Blocking.
    ///
    /// - Throws: `Refusal(.tlsUnusable)` that names the file and what is wrong with it. A certificate out of its time is
    ///   none of that: ask `problem(at:warnDays:)`.
    public init(_ files: TLSFiles) throws(Refusal) {
        let chain = try Self.certificates(files.certificate)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: try PrivateFile.read(files.key), format: .pem)
        } catch let problem as ParsingProblem {
            throw Refusal(.tlsUnusable, problem)
        } catch {
            throw Refusal(.tlsUnusable, "\(files.key): no private key in PEM, or an encrypted one")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = Self.tls12CipherSuites
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(Self.shutdownSeconds)
        if let clientCA = files.clientCA {
            configuration.trustRoots = .certificates(try Self.certificates(clientCA))
            // Whoever shows one must show a good one; whether one must be shown is the registry's to say.
            configuration.certificateVerification = .optionalVerification
        }
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw Refusal(.tlsUnusable, "\(files.key) is not the key of \(files.certificate)")
        }
        do { fingerprint = SHA256Digest(of: try chain[0].toDERBytes()) } catch {
            throw Refusal(.tlsUnusable, files.certificate)
        }
        asksForCertificate = files.clientCA != nil
        notBefore = Instant(microseconds: Int64(chain[0].notValidBefore) * 1_000_000)
        notAfter = Instant(microseconds: Int64(chain[0].notValidAfter) * 1_000_000)
    }

    /// The certificates in a PEM file, at least one. Blocking.
    static func certificates(_ path: String) throws(Refusal) -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do throws(ParsingProblem) {
            bytes = try RegularFile.read(path, maxBytes: maxFileBytes)
        } catch {
            throw Refusal(.tlsUnusable, error)
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw Refusal(.tlsUnusable, "\(path): no certificates in PEM")
        }
        return certificates
    }

    /// What is to be said of the certificate's time; nil while all is well.
    public func problem(at now: Instant, warnDays: Int) -> TLSTimeProblem? {
        if now < notBefore { return .notYetValid(notBefore) }
        if now >= notAfter { return .expired(notAfter) }
        let warning = Int64(warnDays) * 86_400 * 1_000_000
        return notAfter.microseconds - now.microseconds <= warning ? .expiresSoon(notAfter) : nil
    }
}

/// A certificate that is not, or will soon not be, of use to its readers.
public enum TLSTimeProblem: Sendable, Equatable, CustomStringConvertible {
    case notYetValid(Instant)
    case expired(Instant)
    case expiresSoon(Instant)

    /// Whether clients that check refuse the certificate now.
    public var isFailure: Bool {
        switch self {
        case .expiresSoon: false
        case .notYetValid, .expired: true
        }
    }

    public var description: String {
        switch self {
        case .notYetValid(let from): "the TLS certificate is not valid before \(from.iso8601)"
        case .expired(let at): "the TLS certificate expired at \(at.iso8601)"
        case .expiresSoon(let at): "the TLS certificate expires at \(at.iso8601)"
        }
    }
}
