// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Store
import TestKit

@testable import Hub

/// A registry in memory, for decisions that need no database.
enum Province {
    static let hub = AgencyKey(1)
    static let construction = AgencyKey(2)
    static let finance = AgencyKey(3)
    static let withoutSystem = AgencyKey(4)
    static let closed = AgencyKey(5)
    static let successor = AgencyKey(6)
    static let future = AgencyKey(7)

    static func snapshot() throws -> RegistrySnapshot {
        func agency(
            _ key: AgencyKey, _ code: String, system: String?, isHub: Bool = false, from: String = "2019-01-01",
            to: String? = nil, successor: AgencyKey? = nil, aliases: [String] = []
        ) throws -> AgencyRecord {
            AgencyRecord(
                key: key, code: try AgencyID(parsing: code), name: "Đơn vị \(key.value)",
                system: try system.map { try SystemID(parsing: $0) }, isHub: isHub,
                validFrom: try CalendarDate(iso8601: from), validTo: try to.map { try CalendarDate(iso8601: $0) },
                successor: successor, aliases: aliases, version: key.value,
                changedAt: Instant(microseconds: 0))
        }
        return RegistrySnapshot(
            RegistryRecords(
                version: 7,
                systems: [
                    SystemRecord(id: try SystemID(parsing: "one"), name: "Một", secrets: [SystemSecret([1])]),
                    SystemRecord(id: try SystemID(parsing: "two"), name: "Hai", secrets: [SystemSecret([2])]),
                ],
                agencies: [
                    try agency(hub, TestAgency.hubCode, system: nil, isHub: true, aliases: ["TRUC"]),
                    try agency(construction, "000.00.13.H52", system: "one", aliases: ["H52.13"]),
                    try agency(finance, "000.00.14.H52", system: "two", aliases: ["H52.14", "STC-H52"]),
                    try agency(withoutSystem, "000.00.16.H52", system: nil),
                    try agency(
                        closed, "000.00.17.H52", system: "one", to: "2026-02-28", successor: successor,
                        aliases: ["H52.17"]),
                    try agency(successor, "000.00.18.H52", system: "two"),
                    try agency(future, "000.00.19.H52", system: "two", from: "2027-01-01"),
                ]))
    }

    /// A day on which `closed` is closed.
    static var today: CalendarDate { get throws { try CalendarDate(iso8601: "2026-03-05") } }

    static func submission(
        system: String = "one", from: String = "000.00.13.H52", to narrowing: [String]? = nil,
        _ type: MessageType = .edoc, on day: String = "2026-03-05"
    ) throws -> Submission {
        Submission(
            system: try SystemID(parsing: system), registry: try snapshot(), from: try AgencyID(parsing: from),
            narrowedTo: narrowing, messageType: type, request: RequestID(),
            receivedAt: Instant(vietnam: try CalendarDate(iso8601: day), hour: 10))
    }
}
