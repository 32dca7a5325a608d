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
    /// Where Debian and Red Hat keep the system's roots. Read once: for each connection anew would cost milliseconds.
    private static let systemRoots = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    let context: NIOSSLContext

    /// Blocking.
    ///
    /// - Throws: `Refusal(.tlsUnusable)` that names the file and what is wrong with it.
    init(_ configuration: PushConfiguration) throws(Refusal) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        tls.shutdownTimeout = .seconds(Self.shutdownSeconds)
        if let caFile = configuration.caFile {
            tls.trustRoots = .certificates(try Self.certificates(caFile))
        } else if let roots = Self.systemRoots.lazy.compactMap({ try? Self.certificates($0) }).first {
            tls.trustRoots = .certificates(roots)
        }
        if let own = configuration.clientCertificate {
            tls.certificateChain = try Self.certificates(own.certificateFile).map { .certificate($0) }
            tls.privateKey = .privateKey(try Self.key(own.keyFile))
        }
        do { context = try NIOSSLContext(configuration: tls) } catch {
            throw Refusal(
                .tlsUnusable,
                configuration.clientCertificate.map { "\($0.keyFile) is not the key of \($0.certificateFile)" })
        }
    }

    private static func certificates(_ path: String) throws(Refusal) -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do throws(ParsingProblem) { bytes = try RegularFile.read(path, maxBytes: maxFileBytes) } catch {
            throw Refusal(.tlsUnusable, error)
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw Refusal(.tlsUnusable, "\(path): no certificates in PEM")
        }
        return certificates
    }

    private static func key(_ path: String) throws(Refusal) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: try PrivateFile.read(path), format: .pem)
        } catch let problem as ParsingProblem {
            throw Refusal(.tlsUnusable, problem)
        } catch {
            throw Refusal(.tlsUnusable, "\(path): no private key in PEM, or an encrypted one")
        }
    }
}
