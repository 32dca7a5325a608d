// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// `truc system rotate-secret|disable|enable` and `truc key`, beside a hub that runs: what they change holds from the next
/// request.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SecretCommandTests {
    private func object(_ outcome: CommandOutcome) throws -> [String: Any] {
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    private func code(_ client: SDKClient) async throws -> String? {
        try await client.call(.getAgenciesList).reply.code
    }

    @Test func `both secrets are taken until the stated time, then one`() async throws {
        let province = try await Province.open()
        let system = Province.systemID(Province.construction)
        let old = try province.client(Province.construction)
        let until = Instant.now().advanced(by: .seconds(3_600))
        let rotated = try object(
            try await province.hub.command(
                "system", "rotate-secret", system, "--generate-secret", "--old-until", until.iso8601, "--json"))
        let first = try province.client(Province.construction, secret: try #require(rotated["secret"] as? String))
        #expect(rotated["previousSecretUntil"] as? String == until.iso8601)
        #expect(try await code(old) == nil)
        #expect(try await code(first) == nil)
        let shown = try object(try await province.hub.command("system", "show", system, "--json"))
        #expect(shown["previousSecretUntil"] as? String == until.iso8601)
        #expect(shown["secret"] == nil)

        // A third one at a time would end the agency's access before it knows.
        let third = try await province.hub.command("system", "rotate-secret", system, "--generate-secret")
        #expect(third.status == 1 && third.errors.contains("[registry.secret-overlap]"), "\(third.errors)")
        #expect(try await code(old) == nil)

        let ended = try object(
            try await province.hub.command("system", "rotate-secret", system, "--end-overlap", "--json"))
        #expect(ended["previousSecretUntil"] == nil && ended["secret"] == nil)
        #expect(try await code(old) == "auth.signature-invalid")
        #expect(try await code(first) == nil)

        let leaked = try object(
            try await province.hub.command(
                "system", "rotate-secret", system, "--generate-secret", "--overlap-hours", "0", "--json"))
        let second = try province.client(Province.construction, secret: try #require(leaked["secret"] as? String))
        #expect(try await code(first) == "auth.signature-invalid")
        #expect(try await code(second) == nil)
        // Nobody else noticed.
        #expect(try await code(try province.client(Province.justice)) == nil)
        #expect(try await province.hub.stop() == 0)
    }

    @Test func `a disabled system is told so, and what waits for it waits`() async throws {
        let province = try await Province.open()
        let system = Province.systemID(Province.justice)
        let client = try province.client(Province.justice)
        let sender = try province.client(Province.construction)
        #expect(try await client.received().isEmpty)
        let disabled = try object(
            try await province.hub.command("system", "disable", system, "--reason", "Hết hợp đồng", "--json"))
        #expect(disabled["disabled"] as? Bool == true)
        let refused = try await client.call(.getAgenciesList)
        #expect(refused.status == 403)
        #expect(try refused.reply.code == "auth.system-disabled")
        // Only who has the secret learns it.
        #expect(
            try await code(try province.client(Province.justice, secret: "không phải khóa này"))
                == "auth.signature-invalid")
        let sent = try await sender.send(
            try Sample.document("81"), from: try Sample.agency(Province.construction))
        #expect(sent.status == 200)
        let again = try await province.hub.command("system", "disable", system)
        #expect(again.status == 0 && again.output.contains("từ trước"))

        #expect(
            try object(try await province.hub.command("system", "enable", system, "--json"))["disabled"] as? Bool
                == false)
        #expect(try await client.received().count == 1)
        let nobody = try await province.hub.command("system", "disable", "qlvb.none")
        #expect(nobody.status == 1 && nobody.errors.contains("[registry.system-not-found]"))
        #expect(try await province.hub.stop() == 0)
    }

    @Test func `the wrapping key is rotated under a running hub, and the old one retired`() async throws {
        let province = try await Province.open()
        let file = province.hub.dataDirectory + "/keyring"
        let client = try province.client(Province.construction)
        func keys() async throws -> [[String: Any]] {
            let outcome = try await province.hub.command("key", "list", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        }
        let old = try #require(try await keys().first?["id"] as? String)
        let prepared = try object(try await province.hub.command("key", "prepare", "--json"))["id"] as? String
        #expect(try await keys().map { $0["use"] as? String } == ["wrapping", "prepared"])
        let inUse = try await province.hub.command("key", "retire", old)
        #expect(inUse.status == 1 && inUse.errors.contains("[key.in-use]"))

        let rotated = try object(try await province.hub.command("key", "rotate", "--json"))
        #expect(rotated["id"] as? String == prepared && rotated["rewrapped"] as? Int == 3)
        #expect(try await keys().map { $0["use"] as? String } == ["opening", "wrapping"])
        #expect(try await keys().map { $0["wrapped"] as? Int } == [0, 3])
        #expect(try await code(client) == nil)

        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(try await province.hub.command("key", "retire", old).status == 0)
        let after = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(before != after && !String(decoding: after, as: UTF8.self).contains(old))
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        #expect(try await code(client) == nil)
        let gone = try await province.hub.command("key", "retire", old)
        #expect(gone.status == 1 && gone.errors.contains("[key.not-found]"))
        // What was wrapped anew opens after a start, too, and with the file of before.
        #expect(try await province.hub.stop() == 0)
        let revived = try await province.restarted()
        #expect(try await code(try revived.client(Province.construction)) == nil)
        #expect(try await revived.hub.stop() == 0)
    }

    @Test func `a hub does not start with a key file that others read, or without it`() async throws {
        let hub = try await HubProcess.start()
        let file = hub.dataDirectory + "/keyring"
        #expect(try await hub.stop() == 0)
        func start() async throws -> CommandOutcome {
            try await CommandOutcome.run(["serve", "--data-dir", hub.dataDirectory, "--listen", "127.0.0.1:0"])
        }
        #expect(chmod(file, 0o640) == 0)
        let readable = try await start()
        #expect(readable.status == 2 && readable.errors.contains("[setup.keyring-unusable]"), "\(readable.errors)")
        #expect(chmod(file, 0o600) == 0)
        try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
        let missing = try await start()
        #expect(missing.status == 2 && missing.errors.contains("[setup.keyring-missing]"), "\(missing.errors)")
        #expect(!FileManager.default.fileExists(atPath: file))
        // It may lie elsewhere.
        let elsewhere = try await HubProcess.start(
            dataDirectory: hub.dataDirectory, arguments: ["--set", "key-file=\(file).away"])
        #expect(try await elsewhere.stop() == 0)
    }
}
