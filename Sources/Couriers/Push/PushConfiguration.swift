// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import NIOCore
import NIOSSL
import Trust

/// How packages are pushed.
public struct PushConfiguration: Sendable, Equatable {
    /// To which addresses the hub may connect.
    public var addresses: AddressPolicy
    /// Whether `http://` endpoints may be pushed to. A provincial hub says no: anyone on the way could read documents.
    public var allowsPlainHTTP: Bool
    /// PEM file of the roots that endpoints' certificates lead to; nil for those of the operating system.
    public var caFile: String?
    /// The hub's certificate, shown to endpoints that ask for one.
    public var clientCertificate: PushClientCertificate?
    public var limits: PushLimits

    public init(
        addresses: AddressPolicy = AddressPolicy(), allowsPlainHTTP: Bool = false, caFile: String? = nil,
        clientCertificate: PushClientCertificate? = nil, limits: PushLimits = PushLimits()
    ) {
        self.addresses = addresses
        self.allowsPlainHTTP = allowsPlainHTTP
        self.caFile = caFile
        self.clientCertificate = clientCertificate
        self.limits = limits
    }
}

/// The files of the certificate with which the hub makes itself known.
public struct PushClientCertificate: Sendable, Equatable {
    /// PEM: the hub's certificate first, then those that lead to its root.
    public let certificateFile: String
    /// PEM, not encrypted, readable by its owner only.
    public let keyFile: String

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// How long the parts of one attempt may take.
public struct PushLimits: Sendable, Equatable {
    /// For looking a name up, and again for each address until a connection stands: half of it for TCP, the rest for TLS.
    public var connect: Duration
    /// Longest time in which nothing of the package could be sent. Longer lets bad lines live; shorter frees the hub of
    /// endpoints that hang.
    public var idle: Duration
    /// From the package's last byte to the answer's. An endpoint that stores first and works afterwards needs little.
    public var answer: Duration
    /// Bytes a second that an endpoint must take on the whole. Sending may last as long as the package takes at this pace.
    public var slowestPace: Int

    public init(
        connect: Duration = .seconds(10), idle: Duration = .seconds(30), answer: Duration = .seconds(60),
        slowestPace: Int = 64 << 10
    ) {
        self.connect = connect
        self.idle = idle
        self.answer = answer
        self.slowestPace = max(1, slowestPace)
    }

    /// How long the whole attempt may take for a package of `length` bytes.
    public func total(length: Int) -> Duration {
        connect * 2 + idle + answer + .milliseconds(Int64(length) * 1_000 / Int64(slowestPace))
    }
}

/// What the hub trusts and shows in TLS; the files were read and checked. Immutable.
struct PushTLS: Sendable {
    /// Largest file of certificates, in bytes.
    static let maxFileBytes = 1 << 20
    /// How long an endpoint may take to answer the end of TLS, in seconds.
    static let shutdownSeconds: Int64 = 1
    /// Where Debian and Red Hat keep the system's roots. Not read for each connection: that would cost milliseconds.
    private static let systemRoots = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    let context: NIOSSLContext
    /// Of all that was read, in order.
    let digest: SHA256Digest

    /// Blocking.
    ///
    /// - Throws: `Refusal(.tlsUnusable)` that names the file and what is wrong with it.
    init(_ configuration: PushConfiguration) throws(Refusal) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        tls.shutdownTimeout = .seconds(Self.shutdownSeconds)
        var files: [[UInt8]] = []
        if let caFile = configuration.caFile {
            files.append(try Self.bytes(of: caFile))
            tls.trustRoots = .certificates(try Self.certificates(files[0], caFile))
        } else {
            for path in Self.systemRoots {
                guard let bytes = try? Self.bytes(of: path), let roots = try? Self.certificates(bytes, path) else {
                    continue
                }
                files.append(bytes)
                tls.trustRoots = .certificates(roots)
                break
            }
        }
        if let own = configuration.clientCertificate {
            let (chain, key) = (try Self.bytes(of: own.certificateFile), try Self.key(own.keyFile))
            tls.certificateChain = try Self.certificates(chain, own.certificateFile).map { .certificate($0) }
            tls.privateKey = .privateKey(key.key)
            files += [chain, key.bytes]
        }
        digest = SHA256Digest(of: files.flatMap { SHA256Digest(of: $0).bytes })
        do { context = try NIOSSLContext(configuration: tls) } catch {
            throw Refusal(
                .tlsUnusable,
                configuration.clientCertificate.map { "\($0.keyFile) is not the key of \($0.certificateFile)" })
        }
    }

    private static func bytes(of path: String) throws(Refusal) -> [UInt8] {
        do throws(ParsingProblem) { return try RegularFile.read(path, maxBytes: maxFileBytes) } catch {
            throw Refusal(.tlsUnusable, error)
        }
    }

    private static func certificates(_ bytes: [UInt8], _ path: String) throws(Refusal) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw Refusal(.tlsUnusable, "\(path): no certificates in PEM")
        }
        return certificates
    }

    private static func key(_ path: String) throws(Refusal) -> (key: NIOSSLPrivateKey, bytes: [UInt8]) {
        do {
            let bytes = try PrivateFile.read(path)
            return (try NIOSSLPrivateKey(bytes: bytes, format: .pem), bytes)
        } catch let problem as ParsingProblem {
            throw Refusal(.tlsUnusable, problem)
        } catch {
            throw Refusal(.tlsUnusable, "\(path): no private key in PEM, or an encrypted one")
        }
    }
}
