// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

@Suite struct RoutingTests {
    private func route(_ written: String, acceptsClosed: Bool = false, on day: String = "2026-03-05") throws
        -> Routing.Destination
    {
        Routing.destination(
            of: written, in: try Province.snapshot(), on: try CalendarDate(iso8601: day), acceptsClosed: acceptsClosed)
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
        ("000.00.16.H52", .recipientNoSystem), ("000.00.17.H52", .recipientClosed), ("H52.17", .recipientClosed),
        ("000.00.19.H52", .recipientClosed),
        // Other trees, of which nobody is registered.
        ("000.00.13.H26", .recipientNoRoute), ("H26.13", .recipientNoRoute), ("000.00.00.G01", .recipientNoRoute),
        // The hub is nobody's recipient.
        (TestAgency.hubCode, .recipientUnknown), ("TRUC", .recipientUnknown),
    ])
    func othersLeadToNobodyAndSayWhy(written: String, expected: Refusal.Code) throws {
        #expect(code(try route(written)) == expected)
    }

    @Test func aClosedAgencyNamesItsSuccessorAndItsLastDay() throws {
        guard case .none(let refusal) = try route("000.00.17.H52") else { throw Refusal(.internalError) }
        let detail = try #require(refusal.detail)
        #expect(detail.contains("2026-02-28"))
        #expect(detail.contains("000.00.18.H52"))
        #expect(try route("000.00.17.H52", on: "2026-02-28") == .agency(Province.closed))
        #expect(try code(route("000.00.17.H52", on: "2026-03-01")) == .recipientClosed)
    }

    @Test func statusesReachClosedAgencies() throws {
        #expect(try route("000.00.17.H52", acceptsClosed: true) == .agency(Province.closed))
        #expect(try code(route("000.00.16.H52", acceptsClosed: true)) == .recipientNoSystem)
        #expect(try code(route("000.00.99.H52", acceptsClosed: true)) == .recipientUnknown)
    }

    @Test func aHostileNameStaysShort() throws {
        guard case .none(let refusal) = try route(String(repeating: "a\u{301}", count: 50_000)) else {
            throw Refusal(.internalError)
        }
        #expect((refusal.detail?.unicodeScalars.count ?? 0) <= Refusal.maxDetailLength)
    }
}
