// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

/// Recalls and updates that name agencies which have ended, as packages say it and the hub routes it.
@Suite(.timeLimit(.minutes(3))) struct SuccessionMattersTests {
    /// Ends the treasury; the first successor takes what is pending, the last what is sent later.
    private func end(_ heirs: TestAgency..., in test: TestHub) async throws {
        let successors = try heirs.map { heir in
            Succession.Successor(try heir.id, takesPending: heir == heirs.first, isDefault: heir == heirs.last)
        }
        _ = try await test.database.close(
            Succession([Succession.Closing(try TestAgency.treasury.id, successors: successors)], effective: nil),
            actor: "operator:test", at: .now())
        _ = try await test.database.moveToSuccessors(at: .now())
    }

    private func document(_ number: Int, to agencies: TestAgency..., in test: TestHub) async throws -> PackageBuilder {
        var builder = PackageBuilder(number: number)
        builder.to = agencies.map(\.code)
        _ = try await test.send(builder.document())
        return builder
    }

    /// A recall or update that names the treasury, and further agencies.
    private func change(
        _ kind: BusinessKind, _ number: Int, of document: PackageBuilder, and further: TestAgency...,
        removing: TestAgency? = nil, in test: TestHub
    ) async throws {
        var builder = PackageBuilder(number: number)
        builder.to = [TestAgency.treasury.code] + further.map(\.code)
        var business = Business(kind: kind)
        business.documentIDText = try document.documentID.text
        business.receivers = removing.map { [Business.ReceiverChange(organID: $0.code, type: 0)] } ?? []
        builder.business = business
        _ = try await test.send(builder.document())
    }

    /// Where every package went, as `number code state`.
    private func lines(_ test: TestHub) async throws -> [String] {
        try await test.asOwner { connection in
            try connection.query(
                """
                SELECT coalesce(code_number, '-') || ' ' || agency.code || ' ' || delivery.state AS value
                FROM delivery JOIN agency ON agency.id = recipient_agency_id JOIN package ON package.id = package_id
                WHERE kind <> 'status' ORDER BY 1
                """
            ).map { try $0.decode("value", as: String.self) }
        }
    }

    @Test func `what a divided agency got is recalled where it is, and no copy of its successors' own`() async throws {
        let test = try await TestHub.open()
        let first = try await document(10, to: .treasury, .stranger, in: test)
        try await end(.finance, .stranger, in: test)
        let second = try await document(11, to: .treasury, in: test)
        let read = try #require(try await test.pending(.stranger).last)
        _ = try await test.fetch(read.id.uuid, by: .stranger)
        try await change(.recall, 20, of: first, in: test)
        try await change(.recall, 21, of: second, in: test)
        #expect(
            try await lines(test) == [
                "10 000.00.14.H52 withdrawn", "10 000.00.15.H52 waiting", "11 000.00.15.H52 waiting",
                "20 000.00.14.H52 withdrawn", "21 000.00.15.H52 waiting",
            ])
        // Who has it answers for it.
        #expect(try await test.database.recallDuties(limit: 9).map(\.recipient) == [TestAgency.stranger.code])
        _ = try await test.send(
            second.status(.changeAgreed, from: TestAgency.stranger.code), from: .stranger, .status)
        #expect(try await test.database.recallDuties(limit: 9).isEmpty)
        await test.close()
    }

    @Test func `13 follows as the package does`() async throws {
        let test = try await TestHub.open()
        let document = try await document(10, to: .treasury, .finance, in: test)
        try await end(.stranger, in: test)
        _ = try await test.send(
            document.status(.recallRequested, from: TestAgency.construction.code, to: TestAgency.treasury.code),
            .status)
        #expect(try await lines(test) == ["10 000.00.14.H52 waiting", "10 000.00.15.H52 withdrawn"])
        #expect(try await test.pending(.stranger, .status).isEmpty)
        await test.close()
    }

    @Test func `an update removes by an identifier that has ended`() async throws {
        let test = try await TestHub.open()
        let moved = try await document(10, to: .treasury, in: test)
        let both = try await document(11, to: .treasury, .stranger, in: test)
        try await end(.stranger, in: test)
        try await change(.update, 20, of: moved, removing: .treasury, in: test)
        // The successor's own copy stays; the update comes to it where it names it.
        try await change(.update, 21, of: both, removing: .treasury, in: test)
        try await change(.update, 22, of: both, and: .stranger, removing: .treasury, in: test)
        #expect(
            try await lines(test) == [
                "10 000.00.15.H52 withdrawn", "11 000.00.15.H52 waiting", "11 001.00.14.H52 withdrawn",
                "20 000.00.15.H52 withdrawn", "21 000.00.15.H52 withdrawn", "22 000.00.15.H52 waiting",
            ])
        await test.close()
    }

    @Test func `an agency that ended without a successor is recalled from, and answers itself`() async throws {
        let test = try await TestHub.open()
        let document = try await document(10, to: .treasury, in: test)
        let line = try #require(try await test.pending(.treasury).first)
        _ = try await test.fetch(line.id.uuid, by: .treasury)
        try await end(in: test)
        try await change(.recall, 20, of: document, in: test)
        #expect(try await lines(test) == ["10 001.00.14.H52 waiting", "20 001.00.14.H52 waiting"])
        #expect(try await test.database.recallDuties(limit: 9).map(\.recipient) == [TestAgency.treasury.code])
        _ = try await test.send(
            document.status(.changeAgreed, from: TestAgency.treasury.code), from: .treasury, .status)
        #expect(try await test.database.recallDuties(limit: 9).isEmpty)
        await test.close()
    }

    @Test func `a successor that is named later reads what was sent, is recalled from, and answers`() async throws {
        let test = try await TestHub.open()
        let read = try await document(10, to: .treasury, in: test)
        let line = try #require(try await test.pending(.treasury).first)
        let bytes = try await test.fetch(line.id.uuid, by: .treasury)
        _ = try await test.confirm(line.id, .done, by: .treasury)
        try await end(in: test)
        await #expect(throws: Refusal(.packageNotFound)) { try await test.fetch(line.id.uuid, by: .stranger) }
        let closing = Succession.Closing(
            try TestAgency.treasury.id, successors: [Succession.Successor(try TestAgency.stranger.id)])
        _ = try await test.database.nameSuccessors(
            [closing], decision: Decision(number: "7/QĐ-UBND", date: try CalendarDate(iso8601: "2026-11-20")),
            actor: "operator:test", at: .now())
        _ = try await test.database.moveToSuccessors(at: .now())
        #expect(try await test.fetch(line.id.uuid, by: .stranger) == bytes)
        // What is sent to the closed identifier goes there, and so does the recall of what that has read.
        _ = try await document(11, to: .treasury, in: test)
        try await change(.recall, 20, of: read, in: test)
        #expect(
            try await lines(test) == [
                "10 001.00.14.H52 delivered", "11 000.00.15.H52 waiting", "20 000.00.15.H52 waiting",
            ])
        _ = try await test.send(
            read.status(.changeAgreed, from: TestAgency.stranger.code), from: .stranger, .status)
        #expect(try await test.database.recallDuties(limit: 9).isEmpty)
        await test.close()
    }
}
