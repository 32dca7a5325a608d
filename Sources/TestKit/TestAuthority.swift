// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A certification authority for one test: `openssl ca`, with what certificates and lists say chosen freely.
public struct TestAuthority: Sendable {
    /// The authority's own certificate with its key, as files.
    public let pair: TestCertificates.Pair
    public let name: String
    private let directory: String

    /// What a certificate is to say.
    public struct Profile: Sendable {
        public var extensions: [String]
        public var from: Instant
        public var until: Instant
        /// Arguments of `openssl genpkey`.
        public var key: [String]
        public var digest: String

        public init(
            _ extensions: [String], from: Instant? = nil, until: Instant? = nil, key: [String] = Profile.p256,
            digest: String = "sha256"
        ) {
            self.extensions = extensions
            self.from = from ?? .now().advanced(by: .seconds(-86_400))
            self.until = until ?? .now().advanced(by: .seconds(30 * 86_400))
            self.key = key
            self.digest = digest
        }

        public static let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        public static func rsa(_ bits: Int) -> [String] {
            ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"]
        }

        public static var authority: Profile {
            Profile([
                "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
                "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid",
            ])
        }
        public static var signer: Profile {
            Profile([
                "basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature,nonRepudiation",
                "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid",
            ])
        }
        public static var timeStamping: Profile {
            Profile([
                "basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature",
                "extendedKeyUsage=critical,timeStamping", "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid",
            ])
        }

        /// The same with other extensions of the same names.
        public func with(_ changed: String...) -> Profile {
            var copy = self
            for item in changed {
                let name = item.prefix { $0 != "=" } + "="
                copy.extensions.removeAll { $0.hasPrefix(name) }
                if item.count > name.count { copy.extensions.append(item) }
            }
            return copy
        }

        public func from(_ from: Instant, until: Instant) -> Profile {
            var copy = self
            (copy.from, copy.until) = (from, until)
            return copy
        }

        public func key(_ key: [String], digest: String = "sha256") -> Profile {
            var copy = self
            (copy.key, copy.digest) = (key, digest)
            return copy
        }
    }

    /// A root: its subject signs itself.
    ///
    /// - Parameter sharing: whose key it has; nil for a new one.
    public init(
        root subject: String, _ profile: Profile = .authority, in certificates: TestCertificates,
        file: String? = nil, sharing: TestCertificates.Pair? = nil
    ) async throws {
        directory = certificates.directory
        name = file ?? UUID().uuidString
        pair = try await Self.make(subject, profile, directory, name, sharing: sharing, by: nil)
    }

    private init(pair: TestCertificates.Pair, name: String, directory: String) {
        self.pair = pair
        self.name = name
        self.directory = directory
    }

    /// An authority below this one.
    public func authority(
        _ subject: String, _ profile: Profile = .authority, sharing: TestCertificates.Pair? = nil
    ) async throws -> TestAuthority {
        let name = UUID().uuidString
        let pair = try await Self.make(subject, profile, directory, name, sharing: sharing, by: self.pair)
        return TestAuthority(pair: pair, name: name, directory: directory)
    }

    /// A certificate below this authority.
    ///
    /// - Parameter subject: as `openssl -subj` takes it: `/C=VN/CN=…`.
    public func issue(
        _ subject: String, _ profile: Profile = .signer, sharing: TestCertificates.Pair? = nil
    ) async throws -> TestCertificates.Pair {
        try await Self.make(subject, profile, directory, UUID().uuidString, sharing: sharing, by: pair)
    }

    /// A list of revoked certificates, as a file in PEM.
    ///
    /// - Parameter extensions: of the list, as OpenSSL's configuration writes them.
    public func list(
        revoked: [(certificate: TestCertificates.Pair, at: Instant, reason: String)] = [],
        from: Instant = .now().advanced(by: .seconds(-3_600)),
        until: Instant = .now().advanced(by: .seconds(7 * 86_400)), extensions: [String] = []
    ) async throws -> String {
        let place = directory + "/list-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        var index = ""
        for entry in revoked {
            let serial = try await Self.openssl("x509", "-in", entry.certificate.certificate, "-noout", "-serial")
            let number = serial.trimmingCharacters(in: .whitespacesAndNewlines).replacing("serial=", with: "")
            let at = Self.time(entry.at).dropFirst(2)
            index += "R\t491231235959Z\t\(at),\(entry.reason)\t\(number)\tunknown\t/CN=x\n"
        }
        try Self.write(index, place + "/index.txt")
        try Self.write("unique_subject = no\n", place + "/index.txt.attr")
        try Self.write("01\n", place + "/crlnumber")
        try Self.write(
            Self.configuration(place) + "[ list ]\nauthorityKeyIdentifier=keyid\n"
                + extensions.joined(separator: "\n") + "\n", place + "/ca.cnf")
        try await Self.openssl(
            "ca", "-config", place + "/ca.cnf", "-gencrl", "-cert", pair.certificate, "-keyfile", pair.key,
            "-crl_lastupdate", Self.time(from), "-crl_nextupdate", Self.time(until), "-crlexts", "list", "-md",
            "sha256", "-out", place + "/list.crl")
        return place + "/list.crl"
    }

    private static func make(
        _ subject: String, _ profile: Profile, _ directory: String, _ name: String,
        sharing: TestCertificates.Pair?, by issuer: TestCertificates.Pair?
    ) async throws -> TestCertificates.Pair {
        let place = directory + "/" + name
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let pair = TestCertificates.Pair(certificate: place + "/certificate.pem", key: place + "/key.pem")
        try write(
            configuration(place) + "[ made ]\n" + profile.extensions.joined(separator: "\n") + "\n", place + "/ca.cnf")
        for (file, text) in [("index.txt", ""), ("index.txt.attr", "unique_subject = no\n")] {
            try write(text, place + "/" + file)
        }
        if let sharing {
            try FileManager.default.copyItem(atPath: sharing.key, toPath: pair.key)
        } else {
            try await Tool.run("openssl", ["genpkey", "-out", pair.key] + profile.key).requireSuccess()
        }
        try await openssl(
            "req", "-new", "-config", place + "/ca.cnf", "-utf8", "-key", pair.key, "-subj", subject, "-out",
            place + "/request.csr")
        let signer =
            issuer.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? ["-selfsign", "-keyfile", pair.key]
        try await Tool.run(
            "openssl",
            [
                "ca", "-batch", "-config", place + "/ca.cnf", "-notext", "-preserveDN", "-rand_serial", "-md",
                profile.digest, "-startdate", time(profile.from), "-enddate", time(profile.until), "-extensions",
                "made", "-in", place + "/request.csr", "-out", pair.certificate,
            ] + signer
        ).requireSuccess()
        return pair
    }

    private static func configuration(_ place: String) -> String {
        """
        [ ca ]
        default_ca = here
        [ here ]
        new_certs_dir = \(place)
        serial = \(place)/serial
        database = \(place)/index.txt
        crlnumber = \(place)/crlnumber
        default_md = sha256
        policy = any
        [ any ]
        commonName = optional
        [ req ]
        distinguished_name = none
        string_mask = utf8only
        prompt = no
        [ none ]

        """
    }

    /// `YYYYMMDDHHMMSSZ`.
    private static func time(_ instant: Instant) -> String {
        let utc = Instant(microseconds: instant.microseconds - Instant.vietnamOffsetSeconds * 1_000_000)
        return utc.iso8601.prefix(19).filter(\.isNumber) + "Z"
    }

    private static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @discardableResult
    private static func openssl(_ arguments: String...) async throws -> String {
        let tool = try await Tool.run("openssl", arguments)
        try tool.requireSuccess()
        return tool.output
    }
}
