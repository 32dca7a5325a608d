// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

@Suite struct RoutingTests {
    private func route(
        _ written: String, _ matter: RegistrySnapshot.Matter = .newDocument, on day: String = "2026-03-05"
    ) throws -> Routing.Destination {
        Routing.destination(
            of: written, in: try Province.snapshot(), at: Instant(vietnam: try CalendarDate(iso8601: day)),
            matter: matter)
    }

    private func code(_ destination: Routing.Destination) -> Refusal.Code? {
        if case .none(let refusal) = destination { refusal.code } else { nil }
    }

    @Test(arguments: ["000.00.14.H52", "H52.14", "STC-H52"])
    func everyWrittenFormLeadsToTheAgency(written: String) throws {
        #expect(try route(written) == .agency(Province.finance))
    }

    @Test(arguments: [
        ("000.00.99.H52", Refusal.Code.recipientUnknown), ("", .recipientUnknown), (" ", .recipientUnknown),
        ("không phải mã", .recipientUnknown), ("h52.14", .recipientUnknown), ("000.00.14.H52 ", .recipientUnknown),
        // The reversal of a form is no alias.
        ("H52.99", .recipientUnknown), ("H52.18", .recipientUnknown),
        ("000.00.16.H52", .recipientNoSystem), ("000.00.20.H52", .recipientClosed), ("000.00.19.H52", .recipientClosed),
        ("000.00.21.H52", .recipientSplit),
        // Other trees, of which nobody is registered.
        ("000.00.13.H26", .recipientNoRoute), ("H26.13", .recipientNoRoute), ("000.00.00.G01", .recipientNoRoute),
        // The hub is nobody's recipient.
        (TestAgency.hubCode, .recipientUnknown), ("TRUC", .recipientUnknown),
    ])
    func othersLeadToNobodyAndSayWhy(written: String, expected: Refusal.Code) throws {
        #expect(code(try route(written)) == expected)
    }

    @Test func aClosedAgencyLeadsToItsSuccessorFromItsEndOn() throws {
        for name in ["000.00.17.H52", "H52.17"] {
            #expect(try route(name) == .agency(Province.successor))
            #expect(try route(name, on: "2026-02-28") == .agency(Province.closed))
            #expect(try route(name, on: "2026-03-01") == .agency(Province.successor))
        }
    }

    @Test func aSuccessorThatHasEndedItselfLeadsOn() throws {
        // 23 → 17 → 18
        #expect(try route("000.00.23.H52") == .agency(Province.successor))
        #expect(try route("000.00.23.H52", .knownDocument) == .agency(Province.successor))
    }

    @Test func aRefusalSaysWhyAndWhereTo() throws {
        guard case .none(let ended) = try route("000.00.20.H52"), case .none(let split) = try route("000.00.21.H52")
        else { throw Refusal(.internalError) }
        #expect(ended.detail == "000.00.20.H52 (2026-02-28)")
        #expect(split.detail == "000.00.21.H52 → 000.00.14.H52, 000.00.18.H52")
    }

    @Test func aDefaultGetsWhatIsSentLaterAndAnotherWhatIsSaidOfOldDocuments() throws {
        #expect(try route("000.00.22.H52") == .agency(Province.successor))
        #expect(try route("000.00.22.H52", .knownDocument) == .agency(Province.finance))
        #expect(try route("000.00.21.H52", .knownDocument) == .agency(Province.finance))
    }

    @Test func whatIsSaidOfOldDocumentsReachesClosedAgencies() throws {
        #expect(try route("000.00.17.H52", .knownDocument) == .agency(Province.successor))
        #expect(try route("000.00.20.H52", .knownDocument) == .agency(Province.ended))
        #expect(try code(route("000.00.16.H52", .knownDocument)) == .recipientNoSystem)
        #expect(try code(route("000.00.99.H52", .knownDocument)) == .recipientUnknown)
    }

    @Test func aHostileNameStaysShort() throws {
        guard case .none(let refusal) = try route(String(repeating: "a\u{301}", count: 50_000)) else {
            throw Refusal(.internalError)
        }
        #expect((refusal.detail?.unicodeScalars.count ?? 0) <= Refusal.maxDetailLength)
    }
}
