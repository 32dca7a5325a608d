// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import TestKit
import Testing
import Trust
import VXPProtocol

/// What a hub logs, answers, prints and stores gives no secret away: a hub that logs all it can, on a database that logs all
/// it is asked, is led through its life, and then everything is searched.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SecrecyTests {
    @Test func `no secret, key or signature stands in what a hub writes, says or stores`() async throws {
        let scene = try await Scene()
        let first = try await scene.start()
        try await scene.traffic(first)
        try await scene.rotations(first)
        try await scene.forgedRow(first)
        #expect(try await first.stop() == 0)
        try await scene.write(first.logText)
        try await scene.brokenKeyFiles()
        try await scene.databaseWithPassword()

        let evidence = await scene.evidence()
        // Had it not been written at all, nothing could be found.
        #expect(first.logText.contains(#""level":"trace""#) || first.logText.contains(#""level":"debug""#))
        for words in ["INSERT INTO system_secret", "auth.signature-invalid", "hub.secret-unreadable", "key.added"] {
            #expect(try await Search.files([words], in: evidence).isEmpty == false, "\(words)")
        }
        let secrets = await scene.secrets
        #expect(secrets.count >= 9)
        for (name, secret) in secrets {
            #expect(try await Search.files(secret.disguises, in: evidence) == [], "\(name)")
        }
    }

    /// What the test above looks for is found where it is.
    @Test func `the search finds a secret in each of its disguises`() async throws {
        let directory = try TestCluster.temporaryDirectory()
        for secret in [Secret(SecureRandom.bytes(32)), Secret(text: SecureRandom.bytes(16).hex)] {
            let bytes = secret.bytes
            var planted: [String: Data] = [
                "raw": Data([0x7B] + bytes + [0x7D]), "hex": Data("x'\(bytes.hex)'".utf8),
                "upper": Data("\\X\(bytes.hex.uppercased())".utf8), "array": Data("key: \(bytes)".utf8),
                "cut": Data("\(bytes.hex.prefix(28))…".utf8),
            ]
            for offset in 0..<4 {
                let text = Data(Array("user:".utf8.prefix(offset)) + bytes + [0x0A]).base64EncodedString()
                planted["base64-\(offset)"] = Data("Basic \(text)".utf8)
                planted["base64url-\(offset)"] = Data(text.replacing("+", with: "-").replacing("/", with: "_").utf8)
            }
            for (name, content) in planted {
                try content.write(to: URL(filePath: "\(directory)/\(name)"))
            }
            let found = try await Search.files(secret.disguises, in: [directory])
            #expect(Set(found.map { URL(filePath: $0).lastPathComponent }) == Set(planted.keys))
            #expect(try await Search.files(Secret(SecureRandom.bytes(32)).disguises, in: [directory]) == [])
        }
    }
}

/// Bytes that nobody else may learn.
private struct Secret {
    /// Shortest part that is looked for: half a secret in a log is a secret in a log.
    static let part = 12

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(text: String) { bytes = Array(text.utf8) }

    /// Beginning and end of the secret in every form in which a program might write it.
    var disguises: [[UInt8]] {
        [bytes.prefix(Self.part), bytes.suffix(Self.part)].flatMap { part -> [[UInt8]] in
            let part = Array(part)
            var forms = [part.hex, part.hex.uppercased(), part.map(String.init).joined(separator: ", ")]
            for offset in 0..<3 {
                // Characters that hold bits of the secret alone, wherever in a longer text it began.
                let text = Data(Array(repeating: 0, count: offset) + part).base64EncodedString()
                let whole = text.prefix((offset + part.count) * 8 / 6).dropFirst((offset * 8 + 5) / 6)
                forms += [String(whole), String(whole.replacing("+", with: "-").replacing("/", with: "_"))]
            }
            return [part] + forms.map { Array($0.utf8) }
        }
    }
}

/// `grep`, which reads binary files too.
private enum Search {
    struct Failure: Error { let output: String }

    /// The files below these directories, or among these files, in which any of the texts stands.
    static func files(_ texts: [[UInt8]], in places: [String]) async throws -> [String] {
        // A line feed would end the pattern, and a zero byte stops grep; such a part is found by its other forms.
        let patterns = texts.filter { !$0.contains(0x0A) && !$0.contains(0) }
        let file = try TestCluster.temporaryDirectory() + "/patterns"
        try Data(patterns.joined(separator: [0x0A])).write(to: URL(filePath: file))
        let arguments = ["grep", "--recursive", "--text", "--fixed-strings", "--files-with-matches", "--file=\(file)"]
        let outcome = try await Tool.run("LC_ALL=C", arguments + places)
        guard outcome.status < 2 else { throw Failure(output: outcome.output) }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    static func files(_ texts: [String], in places: [String]) async throws -> [String] {
        try await files(texts.map { Array($0.utf8) }, in: places)
    }
}

/// A hub, what is done with it, and everything that came out of it.
private actor Scene {
    let dataDirectory: String
    /// What was printed and answered, one file each.
    private let folder: String
    /// Files that hold secrets, and what is kept aside.
    private let vault: String
    private(set) var secrets: [(name: String, secret: Secret)] = []
    private var files = 0

    private static let construction = Province.systemID(Province.construction)
    private static let justice = Province.systemID(Province.justice)
    private static let foreign = "a-secret-that-nobody-gave"

    init() async throws {
        let place = try TestCluster.temporaryDirectory()
        dataDirectory = place + "/d"
        folder = place + "/evidence"
        vault = place + "/vault"
        for directory in [folder, vault] {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        }
    }

    /// A hub that logs all that it can, on a database that logs all statements with their values.
    func start() async throws -> HubProcess {
        let founding = try await HubProcess.start(dataDirectory: dataDirectory)
        try await asOwner(
            [
                ("log_statement", "all"), ("log_parameter_max_length", "-1"),
                ("log_parameter_max_length_on_error", "-1"), ("log_min_messages", "debug1"),
            ].map { "ALTER DATABASE \(PrivateCluster.database) SET \($0) = '\($1)'" })
        #expect(try await founding.stop() == 0)
        try noteKeys()
        return try await HubProcess.start(dataDirectory: dataDirectory, arguments: ["--set", "log-level=trace"])
    }

    // MARK: What happens

    /// Systems are registered; packages are sent, refused, fetched, confirmed, traced.
    func traffic(_ hub: HubProcess) async throws {
        var clients: [SDKClient] = []
        for agency in [Province.construction, Province.justice] {
            let secret = SecureRandom.bytes(16).hex
            let system = Province.systemID(agency)
            try await run("system", "add", system, "--name", "QLVB", "--secret-file", try file(secret))
            try await run("agency", "add", agency, "--name", "Sở", "--system", system)
            clients.append(try await client(hub, system, secret))
        }
        let from = try Sample.agency(Province.construction)
        try record(try await clients[0].send(try Sample.document("91"), from: from))
        try record(try await clients[0].send(Array("không phải XML".utf8), from: from))
        try record(try await clients[0].send(try Sample.document("92", from: Province.justice), from: from))
        try record(try await client(hub, Self.construction, Self.foreign).call(.getAgenciesList))
        let line = try #require(try await clients[1].received().first)
        try record(try await clients[1].call(.getEdoc, [.docID(line.docId)]))
        try record(try await clients[1].confirm(line.docId, .done))
        try await content(from: clients[0], to: clients[1])
        try record(try await clients[1].confirm("none", .done))
        try await run("trace", line.docId)
        try await run("trace", try Sample.documentID("91").text, "--json")
        try await run("config", "explain")
        try await run("system", "list", "--json")
        for path in ["/healthz", "/readyz", "/metrics"] {
            let connection = try await RawHTTPClient.connect(port: hub.port)
            try await connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            try record(try await connection.receive())
        }
    }

    /// What is in a package is a secret, too, wherever but in the answer to its recipient.
    private func content(from sender: SDKClient, to recipient: SDKClient) async throws {
        for (number, padding) in [("93", 0), ("94", 2 << 20)] {
            let inside = SecureRandom.bytes(48)
            secrets.append(("content of \(number)", Secret(inside)))
            let package = try Sample.document(number, content: inside + [UInt8](repeating: 0, count: padding))
            try record(try await sender.send(package, from: try Sample.agency(Province.construction)))
            let line = try #require(try await recipient.received().first)
            let answer = try await recipient.call(.getEdoc, [.docID(line.docId)])
            #expect(try VXPReceivedReply.content(parsing: answer.body) == package)
            try record(try await recipient.confirm(line.docId, .done))
        }
    }

    /// Secrets and the wrapping key are changed, a system disabled.
    func rotations(_ hub: HubProcess) async throws {
        let next = SecureRandom.bytes(16).hex
        try await run("system", "rotate-secret", Self.construction, "--secret-file", try file(next), "--json")
        let client = try await client(hub, Self.construction, next)
        try record(try await client.call(.getAgenciesList))
        let generated = try await hub.command("system", "rotate-secret", Self.justice, "--generate-secret")
        let shown = try #require(generated.output.split(separator: "\n").last.map(String.init))
        secrets.append(("generated", Secret(text: shown)))
        // The one place where it is shown.
        try write(generated.errors + generated.output.replacing(shown, with: ""))
        try await run("system", "rotate-secret", Self.justice, "--generate-secret")
        try await run("system", "rotate-secret", Self.justice, "--secret-file", try file("short"))
        let old = try #require(try noteKeys().first)
        for arguments in [
            ["prepare"], ["rotate", "--json"], ["list"], ["list", "--json"], ["rewrap"], ["retire", old],
        ] {
            try await run(["key"] + arguments)
        }
        #expect(try noteKeys().contains(old) == false)
        try await run("system", "disable", Self.construction, "--reason", "Thử")
        try record(try await client.call(.getAgenciesList))
        try await run("system", "show", Self.construction, "--json")
    }

    /// Somebody who may write in the database puts one secret into the place of another.
    func forgedRow(_ hub: HubProcess) async throws {
        try await asOwner([
            """
            UPDATE system_secret SET wrapped = (
                SELECT wrapped FROM system_secret WHERE system_id = '\(Self.justice)' AND valid_until IS NULL)
            WHERE system_id = '\(Self.construction)'
            """,
            "UPDATE hub SET registry_version = registry_version + 1",
        ])
        let answer = try await client(hub, Self.construction, Self.foreign).call(.getAgenciesList)
        #expect(answer.status == 500)
        try record(answer)
        try await run("system", "list")
        try await run("key", "rotate")
    }

    /// The hub is started with key files that it must refuse.
    func brokenKeyFiles() async throws {
        try noteKeys()
        let path = dataDirectory + "/keyring"
        let kept = try String(contentsOfFile: path, encoding: .utf8)
        for broken in [String(kept.dropLast(3)) + "\n", kept.uppercased(), kept + "x\n", ""] {
            try broken.write(toFile: path, atomically: false, encoding: .utf8)
            let outcome = try await run("serve", "--listen", "127.0.0.1:0")
            #expect(outcome.status == 2)
        }
        try FileManager.default.moveItem(atPath: path, toPath: vault + "/keyring")
        try await run("agency", "list")
    }

    /// Commands meet a database that cannot be reached, and one that they cannot be told of.
    func databaseWithPassword() async throws {
        let password = SecureRandom.bytes(16).hex
        secrets.append(("password", Secret(text: password)))
        let url = "postgresql://truc:\(password)@127.0.0.1:1/truc"
        let (file, open) = (vault + "/url", vault + "/open-url")
        for path in [file, open] { try url.write(toFile: path, atomically: false, encoding: .utf8) }
        #expect(chmod(file, 0o600) == 0 && chmod(open, 0o644) == 0)
        for arguments in [["agency", "list"], ["serve"], ["config", "explain"], ["config", "check"]] {
            for environment in [
                ["TRUC_DATABASE_URL": url], ["TRUC_DATABASE_URL": url + "?nonsense=1"],
                ["TRUC_DATABASE_URL_FILE": file], ["TRUC_DATABASE_URL_FILE": open],
            ] { try await run(arguments, environment) }
        }
    }

    // MARK: What comes of it

    /// All that was printed and answered, and the data directory with the database's log, its tables and its WAL.
    func evidence() -> [String] { [folder, dataDirectory] }

    func write(_ text: String) throws {
        files += 1
        try text.write(toFile: "\(folder)/\(files)", atomically: false, encoding: .utf8)
    }

    private func record(_ answer: RawHTTPResponse) throws {
        try write(answer.fields.map { "\($0.name): \($0.value)\n" }.joined() + answer.text)
    }

    @discardableResult
    private func run(_ arguments: String...) async throws -> CommandOutcome { try await run(arguments) }

    @discardableResult
    private func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> CommandOutcome {
        let outcome = try await CommandOutcome.run(
            arguments, environment: environment.merging(["TRUC_DATA_DIR": dataDirectory]) { $1 })
        try write(outcome.output + outcome.errors)
        return outcome
    }

    /// A file with a secret in it.
    private func file(_ secret: String) throws -> String {
        let path = "\(vault)/\(secrets.count)"
        try secret.write(toFile: path, atomically: false, encoding: .utf8)
        if secret.utf8.count >= Secret.part { secrets.append(("secret \(secrets.count)", Secret(text: secret))) }
        return path
    }

    /// A client; who has the signature that it makes can repeat its calls for ever, where any timestamp is taken.
    private func client(_ hub: HubProcess, _ system: String, _ secret: String) async throws -> SDKClient {
        let client = SDKClient(port: hub.port, system: try SystemID(parsing: system), secret: secret)
        let head = try await client.head(.getAgenciesList, [], contentLength: 0)
        let signature = try #require(head.firstMatch(of: /XroadVnpt-hash-header: (\S+)/))
        secrets.append(("signature \(secrets.count)", Secret(text: String(signature.1))))
        return client
    }

    /// - Returns: the names of the keys in the key file.
    @discardableResult
    private func noteKeys() throws -> [String] {
        let lines = try String(contentsOfFile: dataDirectory + "/keyring", encoding: .utf8).split(separator: "\n")
        return try lines.dropFirst().map { line in
            let parts = line.split(separator: " ").map(String.init)
            let text = try #require(parts.last)
            let key = try #require(SHA256Digest(hex: text)).bytes
            secrets.append(("key \(parts[0])", Secret(key)))
            return parts[0]
        }
    }

    private func asOwner(_ statements: [String]) async throws {
        let session =
            "host=\(dataDirectory)/postgresql user=\(PrivateCluster.owner) dbname=\(PrivateCluster.database)"
        try await DedicatedThread(name: "test-owner").run {
            let connection = try PostgresConnection(connectionString: session, applicationName: "truc-test")
            for statement in statements { try connection.query(statement) }
        }
    }
}
