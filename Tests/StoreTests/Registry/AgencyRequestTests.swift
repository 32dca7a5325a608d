// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Store

/// Requests about the registry: taken down, decided once, and without effect before that.
@Suite(.timeLimit(.minutes(2))) struct AgencyRequestTests {
    private static let actor = "operator:test"

    private func application(_ code: String, name: String = "Chi cục", mail: String? = nil) throws -> AgencyApplication
    {
        AgencyApplication(code: try AgencyID(parsing: code), name: name, mail: mail, mobile: "0912", fax: nil)
    }

    private func propose(
        _ bench: AcceptBench, _ proposal: AgencyProposal, by agency: TestAgency = .construction
    ) async throws -> AgencyRequestNumber {
        try await bench.database.propose(proposal, by: try agency.systemID, request: RequestID(), at: .now())
    }

    private func register(
        _ bench: AcceptBench, _ code: String, name: String = "Chi cục", by agency: TestAgency = .construction
    ) async throws -> AgencyRequestNumber {
        try await propose(
            bench, .register(try application(code, name: name), below: try bench.key(.construction)), by: agency)
    }

    private func decision() throws -> Decision {
        Decision(number: "123/QĐ-UBND", date: try CalendarDate(iso8601: "2026-11-20"))
    }

    private func events(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT event || ' ' || actor || ' ' || detail::text AS value FROM history
            WHERE event LIKE 'registry.agency-req%' ORDER BY at, id
            """)
    }

    @Test func aRequestChangesNothingBeforeItIsApproved() async throws {
        let bench = try await AcceptBench()
        let number = try await register(bench, "000.05.13.H52")
        #expect(try await bench.database.registry() == bench.registry)
        let waiting = try await bench.database.agencyRequests(in: .waiting, limit: 10)
        let request = try #require(waiting.first)
        #expect(waiting.count == 1 && request.number == number && request.kind == .register)
        #expect(request.parent?.text == TestAgency.construction.code && request.mobile == "0912")

        let approved = try await bench.database.approve(
            number, .register(aliases: ["H52.13.05"]), on: try decision(), actor: Self.actor, at: .now())
        #expect(approved.state == .approved && approved.decidedBy == Self.actor)
        #expect(try approved.decision == decision())
        let after = try await bench.database.registry()
        let agency = try #require(after.agencies.first { $0.code.text == "000.05.13.H52" })
        #expect(agency.aliases == ["H52.13.05"] && agency.name == "Chi cục")
        #expect(try agency.system == TestAgency.construction.systemID)
        #expect(try agency.parent == bench.key(.construction))
        #expect(after.version == bench.registry.version + 1)
        #expect(try await bench.database.agencyRequests(in: .waiting, limit: 10).isEmpty)

        let told = try await events(bench)
        #expect(told.count == 2)
        #expect(told[0].hasPrefix("registry.agency-requested qlvb.soxd "))
        #expect(told[1].hasPrefix("registry.agency-request-approved operator:test "))
        #expect(told[1].contains("123/QĐ-UBND") && told[1].contains("2026-11-20"))
        await bench.close()
    }

    @Test func closingNeedsItsDayAndIsOnlyProposed() async throws {
        let bench = try await AcceptBench()
        let code = try TestAgency.treasury.id
        let number = try await propose(bench, .close(code, try bench.key(.treasury)), by: .finance)
        #expect(try await bench.database.registry() == bench.registry)
        #expect(try await bench.database.agencyRequests(in: .waiting, limit: 10).map(\.name) == ["Chi cục Ngân sách"])
        let wrong = await refusal {
            try await bench.database.approve(
                number, .register(aliases: []), on: try decision(), actor: Self.actor, at: .now())
        }
        #expect(wrong == .registryInvalid)
        let day = try CalendarDate(iso8601: "2026-12-31")
        _ = try await bench.database.approve(
            number, .close(lastDay: day, successor: try TestAgency.finance.id), on: try decision(), actor: Self.actor,
            at: .now())
        let closed = try #require(try await bench.database.registry().agencies.first { $0.code == code })
        #expect(closed.lastDay == day)
        #expect(try closed.successors.map(\.agency) == [bench.key(.finance)])
        await bench.close()
    }

    @Test func decidedOnce() async throws {
        let bench = try await AcceptBench()
        let number = try await register(bench, "000.05.13.H52")
        let rejected = try await bench.database.reject(
            number, reason: "Chưa có quyết định", actor: Self.actor, at: .now())
        #expect(rejected.state == .rejected && rejected.reason == "Chưa có quyết định")
        let again = await refusal {
            try await bench.database.reject(number, reason: "x", actor: Self.actor, at: .now())
        }
        let late = await refusal {
            try await bench.database.approve(
                number, .register(aliases: []), on: try decision(), actor: Self.actor, at: .now())
        }
        #expect(again == .agencyRequestDecided && late == .agencyRequestDecided)
        let unknown = await refusal {
            try await bench.database.reject(
                AgencyRequestNumber(number.value + 1), reason: "x", actor: Self.actor, at: .now())
        }
        #expect(unknown == .agencyRequestNotFound)
        #expect(try await bench.database.registry() == bench.registry)
        #expect(try await events(bench).count == 2)
        // Asked anew, it is another request.
        #expect(try await register(bench, "000.05.13.H52") > number)
        await bench.close()
    }

    @Test func anIdentifierThatWasTakenMeanwhileKeepsTheRequestWaiting() async throws {
        let bench = try await AcceptBench()
        let number = try await register(bench, "000.05.13.H52")
        try await bench.database.addAgency(
            NewAgency(code: try AgencyID(parsing: "000.05.13.H52"), name: "Khác"), actor: Self.actor)
        let late = await refusal {
            try await bench.database.approve(
                number, .register(aliases: []), on: try decision(), actor: Self.actor, at: .now())
        }
        #expect(late == .agencyTaken)
        #expect(try await bench.database.agencyRequests(in: .waiting, limit: 10).map(\.number) == [number])
        #expect(try await events(bench).count == 1)
        await bench.close()
    }

    @Test func theSameAgainIsOneRequestAndAnotherIsRefused() async throws {
        let bench = try await AcceptBench()
        let number = try await register(bench, "000.05.13.H52")
        #expect(try await register(bench, "000.05.13.H52") == number)
        #expect(await refusal { try await register(bench, "000.05.13.H52", name: "Khác") } == .agencyRequestWaiting)
        #expect(await refusal { try await register(bench, "000.05.13.H52", by: .finance) } == .agencyRequestWaiting)
        #expect(try await events(bench).count == 1)
        await bench.close()
    }

    /// Also when all of them come at once.
    @Test func oneSystemHasSoManyWaitingAndNoMore() async throws {
        let bench = try await AcceptBench()
        let limit = Database.maxWaitingAgencyRequests
        let outcomes = await withTaskGroup(of: Refusal.Code?.self) { group in
            for number in 0..<limit + 5 {
                group.addTask { await refusal { try await register(bench, "H52.13.\(100 + number)") } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == nil }.count == limit)
        #expect(outcomes.filter { $0 == .agencyRequestsFull }.count == 5, "\(outcomes)")
        #expect(try await bench.database.agencyRequests(in: .waiting, limit: 7).count == 7)
        // Nobody else's place, and a decision makes room.
        let other = try await register(bench, "H52.14.01", by: .finance)
        #expect(await refusal { try await register(bench, "H52.13.200") } == .agencyRequestsFull)
        let first = try #require(try await bench.database.agencyRequests(in: .waiting, limit: 1).first)
        #expect(first.number < other)
        _ = try await bench.database.reject(first.number, reason: "x", actor: Self.actor, at: .now())
        #expect(await refusal { try await register(bench, "H52.13.200") } == nil)
        await bench.close()
    }

    @Test func theRuntimeRoleDecidesAndUnwritesNothing() async throws {
        let bench = try await AcceptBench()
        _ = try await register(bench, "000.05.13.H52")
        for statement in [
            "DELETE FROM agency_request", "UPDATE agency_request SET code = 'x'", "TRUNCATE agency_request",
        ] {
            let state = try await onConnection(to: bench.owner) { connection -> String? in
                try connection.query("SET ROLE \(PrivateCluster.runtime)")
                do {
                    try connection.query(statement)
                    return nil
                } catch let error as PostgresError {
                    return error.sqlState
                }
            }
            #expect(state == "42501", "\(statement)")
        }
        await bench.close()
    }
}
