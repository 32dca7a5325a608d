// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// `truc system` and `truc agency`, beside a hub that runs.
@Suite(.timeLimit(.minutes(5))) struct RegistryCommandTests {
    private func secretFile(_ text: String, in directory: String) throws -> String {
        let path = directory + "/secret-\(UUID().uuidString.prefix(4))"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func `what the README tells to type works, and holds from the next request`() async throws {
        let hub = try await HubProcess.start()
        let secret = "a-secret-of-the-construction-dept"
        let client = SDKClient(
            port: hub.port, system: try SystemID(parsing: "qlvb.soxd"), secret: secret, prefix: "/XrdAdapter/adapter")
        #expect(try await client.call(.getAgenciesList).reply.code == Refusal.Code.signatureInvalid.rawValue)

        let file = try secretFile(secret + "\n", in: hub.dataDirectory)
        let system = try await hub.command(
            "system", "add", "qlvb.soxd", "--name", "QLVB Sở Xây dựng", "--secret-file", file)
        #expect(system.status == 0 && system.errors == "")
        #expect(!system.output.contains(secret))
        #expect(try await client.call(.getAgenciesList).reply.isSuccess)

        let agency = try await hub.command(
            "agency", "add", "000.00.13.H52", "--name", "Sở Xây dựng", "--system", "qlvb.soxd", "--alias", "H52.13")
        #expect(agency.status == 0 && agency.errors == "")
        let listed = try VXPReceivedReply.items(
            VXPAgencyItem.self, parsing: try await client.call(.getAgenciesList).body)
        #expect(listed.map(\.code) == ["000.00.13.H52"])
        #expect(listed.map(\.name) == ["Sở Xây dựng"])

        let generated = try await hub.command(
            "system", "add", "qlvb.sotc", "--name", "QLVB Sở Tài chính", "--generate-secret")
        let shown = try #require(generated.output.split(separator: "\n").last.map(String.init))
        let other = SDKClient(port: hub.port, system: try SystemID(parsing: "qlvb.sotc"), secret: shown)
        #expect(try await other.call(.getAgenciesList).reply.isSuccess)
        #expect(try await hub.stop() == 0)
    }

    @Test func `commands find the hub's database without a hub, and JSON is stable`() async throws {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        // Only a hub makes an installation; then commands do without one.
        let early = try await CommandOutcome.run(["agency", "list", "--data-dir", directory])
        #expect(early.status == 2 && early.errors.contains("[setup.data-directory-unusable]"))
        #expect(!FileManager.default.fileExists(atPath: directory))
        #expect(try await HubProcess.start(dataDirectory: directory).stop() == 0)
        func truc(_ arguments: String...) async throws -> CommandOutcome {
            try await CommandOutcome.run(arguments + ["--data-dir", directory])
        }
        let file = try secretFile("0123456789abcdef", in: try TestCluster.temporaryDirectory())
        let system = try await truc("system", "add", "qlvb.soxd", "--name", "QLVB", "--secret-file", file, "--json")
        #expect(
            system.output == """
                {
                  "agencies" : [

                  ],
                  "disabled" : false,
                  "id" : "qlvb.soxd",
                  "name" : "QLVB",
                  "timestampFuture" : 300
                }

                """)
        let agency = try await truc(
            "agency", "add", "000.00.13.H52", "--name", "Sở Xây dựng", "--system", "qlvb.soxd", "--alias", "H52.13",
            "--json")
        #expect(agency.status == 0)
        let one = """
            {
              "aliases" : [
                "H52.13"
              ],
              "code" : "000.00.13.H52",
              "name" : "Sở Xây dựng",
              "successors" : [

              ],
              "system" : "qlvb.soxd",
              "validFrom" : "2019-01-01T00:00:00.000+07:00"
            }

            """
        #expect(agency.output == one)
        let entry = """
              "directory" : {
                "delivery" : "pull",
                "fileFormats" : [

                ],
                "health" : "delivering",
                "maxFileBytes" : 201326592,
                "maxPackageBytes" : 268435456,
                "policy" : "quoc-gia",
                "signature" : "advised"
              },
              "name"
            """
        #expect(
            try await truc("agency", "show", "H52.13", "--json").output
                == one.replacing("  \"name\"", with: entry))
        let systems = try await truc("system", "list", "--json")
        #expect(try JSONSerialization.jsonObject(with: Data(systems.output.utf8)) is [Any])
        #expect(!systems.output.contains("0123456789abcdef"))

        let again = try await truc("system", "add", "qlvb.soxd", "--name", "QLVB", "--generate-secret")
        #expect(again.status == 1 && again.output == "")
        #expect(again.errors.hasPrefix("truc: Mã hệ thống đã tồn tại. [registry.system-exists]\n"))
        #expect(again.errors.contains("→ Choose another id, or see truc system show."))
        let taken = try await truc("agency", "add", "H52.13", "--name", "Khác")
        #expect(taken.status == 1 && taken.errors.contains("[registry.agency-taken]"))
        let missing = try await truc("agency", "show", "000.00.77.H52", "--json")
        #expect(missing.status == 1 && missing.output == "" && missing.errors.contains("[registry.agency-not-found]"))
        let nothing = try await truc("trace", "15/SXD-VP")
        #expect(nothing.status == 1 && nothing.errors.contains("[trace.not-found]"))
    }

    @Test func `a short secret and a bad identifier are told`() async throws {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        let file = try secretFile("short", in: try TestCluster.temporaryDirectory())
        let short = try await CommandOutcome.run(
            ["system", "add", "a", "--name", "A", "--secret-file", file, "--data-dir", directory])
        #expect(short.status == 1 && short.errors.contains("5 bytes, not 16 to 1024"))
        let wrong = try await CommandOutcome.run(["agency", "add", "not an id", "--name", "A", "--data-dir", directory])
        #expect(wrong.status == 1 && wrong.errors.contains("[registry.invalid-value]"))
        // Neither needed a database to be made.
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}
