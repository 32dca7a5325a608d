// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Store
import Surfaces

extension SystemCommand {
    struct Bind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a system in only with a client certificate.",
            discussion: """
                truc system bind qlvb.soxd --certificate soxd.crt

                From the next request on the system needs, beside its secret, a TLS connection that has shown a certificate
                with this key (or with another one that it is bound to), verified by tls-client-ca-file. It is the key that
                counts: a certificate renewed for the same key goes on. Bind the next key before the system changes to it.
                """)

        @Argument(help: "The system's name.") var id: String
        @OptionGroup var key: ClientKeyOptions
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (id, key) = (try Input.read(self.id, SystemID.init(parsing:)), try self.key.read())
            let asksNobody = try installation.settings().tlsClientCAFile.isEmpty
            let shown = try await Installation.visit(installation) { database in
                try await database.bindSystem(id, to: key, actor: Operator.actor)
                return try await Shown.read(id, from: database)
            }
            if asksNobody {
                Console.warn("tls-client-ca-file is empty here: a hub that asks for no certificate refuses \(id)")
            }
            if output.json { return try Console.printJSON(shown) }
            print("Hệ thống \(id) chỉ được kết nối bằng chứng thư có khóa \(key).")
        }
    }

    struct Unbind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a client certificate's key from a system.",
            discussion: "Without its last key the system needs no certificate any more, only its secret.")

        @Argument(help: "The system's name.") var id: String
        @OptionGroup var key: ClientKeyOptions
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (id, key) = (try Input.read(self.id, SystemID.init(parsing:)), try self.key.read())
            let (rest, shown) = try await Installation.visit(installation) { database in
                (
                    try await database.unbindSystem(id, from: key, actor: Operator.actor),
                    try await Shown.read(id, from: database)
                )
            }
            if output.json { return try Console.printJSON(shown) }
            print(
                rest > 0
                    ? "Đã gỡ khóa \(key); hệ thống \(id) còn \(rest) khóa."
                    : "Đã gỡ khóa cuối cùng: hệ thống \(id) không cần chứng thư nữa, chỉ cần khóa bí mật.")
        }
    }

    /// Which key.
    struct ClientKeyOptions: ParsableArguments {
        @Option(help: ArgumentHelp("The client certificate, PEM.", valueName: "file")) var certificate: String?
        @Option(
            help: ArgumentHelp(
                "Instead of the file: SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER).",
                valueName: "hex"))
        var keySHA256: String?

        func validate() throws {
            guard (certificate != nil) != (keySHA256 != nil) else {
                throw ValidationError("Give either --certificate or --key-sha256.")
            }
        }

        func read() throws(Refusal) -> ClientKey {
            if let certificate { return try ClientCertificate.key(ofFile: certificate) }
            return try Input.read(keySHA256 ?? "", ClientKey.init(parsing:))
        }
    }
}
