// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import VXPProtocol

/// The calls that show the registry.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPRegistryTests {
    private func units(_ client: SDKClient, since version: Int64? = nil) async throws -> ([VXPUnitItem], Int64) {
        let answer = try await client.call(.getSynchronizeUnit, version.map { [.unitVersion($0)] } ?? [])
        #expect(answer.body.allSatisfy { $0 < 0x80 })
        return (
            try VXPReceivedReply.items(VXPUnitItem.self, parsing: answer.body),
            try VXPReceivedReply.version(parsing: answer.body)
        )
    }

    @Test func `a client that synchronises learns what changed, closings too`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.justice)
        let (all, first) = try await units(client)
        #expect(all.map(\.code).sorted() == [Province.justice, Province.construction, Province.health])
        #expect(all.allSatisfy { $0.deleted == "false" && $0.isAgency == "true" && !$0.centerCode.isEmpty })
        #expect(try await units(client, since: first).0.isEmpty)
        #expect(try await units(client, since: first - 1).0.map(\.code) == [Province.health])
        // Of another registry, or of one before a restore: everything.
        #expect(try await units(client, since: first + 1).0.count == 3)

        let today = Instant.now().vietnamDate
        let yesterday = CalendarDate(daysSince1970: today.daysSince1970 - 1)
        let decision = ["--decision", "12/QĐ-UBND", "--date", yesterday.iso8601]
        let trial = try await province.hub.command(
            "agency", "close", Province.health, "--last-day", today.iso8601, "--dry-run", "--json", decision[0],
            decision[1], decision[2], decision[3])
        #expect(trial.output.contains("\"isDryRun\" : true") && trial.output.contains("12/QĐ-UBND"), "\(trial)")
        #expect(try await units(client, since: first).0.isEmpty)
        for (agency, day) in [(Province.health, today), (Province.construction, yesterday)] {
            let outcome = try await province.hub.command("agency", "close", agency, "--last-day", day.iso8601)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let (changed, second) = try await units(client, since: first)
        #expect(second == first + 2)
        #expect(changed.map(\.code).sorted() == [Province.construction, Province.health])
        #expect(changed.map { $0.deleted == "true" } == changed.map { $0.code == Province.construction })
        #expect(Set(changed.map(\.version)) == [String(first + 1), String(second)])
        #expect(try await units(client, since: second).0.map(\.code) == [Province.construction])
        try await province.hub.stop()
    }

    @Test func `agencies in both forms, by level`() async throws {
        let province = try await Province.open()
        let added = try await province.hub.command("agency", "add", "000.00.00.H52", "--name", "UBND tỉnh Mẫu")
        #expect(added.status == 0, "\(added.errors)")
        let client = try province.client(Province.justice)
        for (level, codes) in [
            (nil, ["000.00.00.H52", "H52.07", "H52.13", "H52.21"]), (1, ["000.00.00.H52"]),
            (2, ["H52.07", "H52.13", "H52.21"]), (35, []),
        ] as [(Int?, [String])] {
            let answer = try await client.call(.getAgenciesListQD20, level.map { [.level($0)] } ?? [])
            let items = try VXPReceivedReply.items(VXPQD20AgencyItem.self, parsing: answer.body)
            #expect(items.map(\.code).sorted() == codes)
            #expect(items.filter { $0.code == "H52.13" }.allSatisfy { $0.code102 == Province.construction })
        }
        try await province.hub.stop()
    }

    private func directory(_ client: SDKClient, _ code: String? = nil) async throws -> [VXPDirectoryItem] {
        let parameters = try code.map { [VXPParameter.agencyCode(try Sample.agency($0))] } ?? []
        let answer = try await client.call(.getAgencyDirectory, parameters)
        #expect(answer.body.allSatisfy { $0 < 0x80 })
        return try VXPReceivedReply.items(VXPDirectoryItem.self, parsing: answer.body)
    }

    @Test func `a sender sees beforehand what an agency takes and how it goes there`() async throws {
        let province = try await Province.open()
        let added = try await province.hub.command("agency", "add", "000.00.00.H52", "--name", "UBND tỉnh Mẫu")
        #expect(added.status == 0, "\(added.errors)")
        let (sender, receiver) = (try province.client(Province.construction), try province.client(Province.justice))
        let all = try await directory(sender)
        #expect(all.map(\.code) == [Province.construction, Province.justice, Province.health, "000.00.00.H52"])
        #expect(all.map(\.delivery) == ["pull", "pull", "pull", "none"])
        #expect(all.map(\.health) == ["delivering", "delivering", "delivering", "none"])
        #expect(all.allSatisfy { Int($0.maxPackageBytes) ?? 0 > Int($0.maxFileBytes) ?? 0 && $0.lastPickUp.isEmpty })
        #expect(try await sender.send(Sample.document("15"), from: Sample.agency(Province.construction)).status == 200)
        _ = try await receiver.fetch(try #require(try await receiver.received().first).docId)
        let justice = try #require(try await directory(sender, "H52.07").first)
        #expect(justice.code == Province.justice && !justice.lastPickUp.isEmpty)

        let url = "https://qlvb-bi-mat.example.vn/truc"
        let set = try await province.hub.command("endpoint", "set", Province.health, url)
        #expect(set.status == 0, "\(set.errors)")
        #expect(try await directory(sender, Province.health).map(\.delivery) == ["push"])
        let stopped = try await province.hub.command(
            "endpoint", "suspend", Province.health, "--reason", "lý do riêng")
        #expect(stopped.status == 0, "\(stopped.errors)")
        let health = try #require(try await directory(sender, Province.health).first)
        #expect(health.health == "suspended" && !health.since.isEmpty)
        let raw = String(decoding: try await sender.call(.getAgencyDirectory).body, as: UTF8.self)
        #expect(!raw.contains("example.vn") && !raw.contains("ri\\u00eang"))
        // The operator sees the same.
        let shown = try await province.hub.command("agency", "show", Province.health, "--json").output
        #expect(shown.contains("\"health\" : \"suspended\"") && !shown.contains("example.vn"))
        #expect(try await province.hub.command("agency", "show", "H52.07").output.contains("last pick-up  20"))
        #expect(try await province.hub.command("agency", "list", "--json").output.contains("\"health\" : \"none\""))

        for code in ["000.00.99.H52", "H52.99"] {
            let unknown = try await sender.call(.getAgencyDirectory, [.agencyCode(try Sample.agency(code))])
            #expect(try unknown.reply.code == "registry.agency-not-found")
        }
        let wrong = try province.client(Province.justice, secret: "khác")
        #expect(try await wrong.call(.getAgencyDirectory).reply.code == "auth.signature-invalid")
        try await province.hub.stop()
    }

    @Test func `numbers just outside their bounds, and who has no key`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.justice)
        for (operation, name, values) in [
            (VXPOperation.getAgenciesListQD20, "level", ["0", "36", "-1", "+1", "x"]),
            (.getSynchronizeUnit, "unitversion", ["-1", "+1", "9223372036854775808", "x"]),
        ] {
            for value in values {
                let answer = try await client.call(operation, [VXPParameter(name, value)])
                #expect(answer.status == 400)
                #expect(try answer.reply.code == "request.parameter-invalid", "\(name): \(value)")
            }
            let wrong = try province.client(Province.justice, secret: "khác")
            #expect(try await wrong.call(operation).reply.code == "auth.signature-invalid")
        }
        #expect(try await units(client, since: 0).0.count == 3)
        #expect(try await units(client, since: .max).0.count == 3)
        try await province.hub.stop()
    }
}
