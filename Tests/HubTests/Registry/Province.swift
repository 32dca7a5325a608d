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
    /// Ended without a successor.
    static let ended = AgencyKey(20)
    /// Ended, with `finance` for what was pending and `successor`; without a default and with the latter as such.
    static let split = AgencyKey(21)
    static let splitWithDefault = AgencyKey(22)
    /// Succeeded by `closed` before that ended.
    static let former = AgencyKey(23)

    static func snapshot() throws -> RegistrySnapshot {
        func agency(
            _ key: AgencyKey, _ code: String, system: String?, isHub: Bool = false, from: String = "2019-01-01",
            to: String? = nil, successor: AgencyKey? = nil, heirs: [AgencySuccessor] = [], until: String? = nil,
            aliases: [String] = []
        ) throws -> AgencyRecord {
            AgencyRecord(
                key: key, code: try AgencyID(parsing: code), name: "Đơn vị \(key.value)",
                system: try system.map { try SystemID(parsing: $0) }, isHub: isHub,
                validFrom: Instant(vietnam: try CalendarDate(iso8601: from)),
                validUntil: try to.map { try CalendarDate(iso8601: $0).end },
                toleratedUntil: try until.map { Instant(vietnam: try CalendarDate(iso8601: $0)) },
                successors: successor.map { [AgencySuccessor($0, takesPending: true, isDefault: true)] } ?? heirs,
                aliases: aliases, version: key.value,
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
                        until: "2026-06-01", aliases: ["H52.17"]),
                    try agency(successor, "000.00.18.H52", system: "two"),
                    try agency(future, "000.00.19.H52", system: "two", from: "2027-01-01"),
                    try agency(ended, "000.00.20.H52", system: "one", to: "2026-02-28"),
                    try agency(
                        split, "000.00.21.H52", system: "one", to: "2026-02-28",
                        heirs: [
                            AgencySuccessor(finance, takesPending: true, isDefault: false),
                            AgencySuccessor(successor, takesPending: false, isDefault: false),
                        ]),
                    try agency(
                        splitWithDefault, "000.00.22.H52", system: "one", to: "2026-02-28",
                        heirs: [
                            AgencySuccessor(finance, takesPending: true, isDefault: false),
                            AgencySuccessor(successor, takesPending: false, isDefault: true),
                        ]),
                    try agency(former, "000.00.23.H52", system: nil, to: "2025-12-31", successor: closed),
                ]))
    }

    /// A day on which `closed` is closed.
    static var today: Instant { get throws { Instant(vietnam: try CalendarDate(iso8601: "2026-03-05"), hour: 10) } }

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
