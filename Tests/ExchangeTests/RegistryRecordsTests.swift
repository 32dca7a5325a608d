// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct RegistryRecordsTests {
    @Test func `an agency is open on its first and its last day`() throws {
        let first = try CalendarDate(edXML: "2025/04/14")
        let last = try CalendarDate(edXML: "2026/06/30")
        let code = try AgencyID(parsing: "H53.13")
        let closed = AgencyRecord(
            key: AgencyKey(1), code: code, name: "A", validFrom: first, validTo: last, version: 1, changedAt: .now())
        for (day, open) in [
            ("2025/04/13", false), ("2025/04/14", true), ("2026/06/30", true), ("2026/07/01", false),
        ] {
            #expect(closed.isOpen(on: try CalendarDate(edXML: day)) == open, "\(day)")
        }
        let lasting = AgencyRecord(
            key: AgencyKey(1), code: code, name: "A", validFrom: first, version: 1, changedAt: .now())
        #expect(lasting.isOpen(on: try CalendarDate(edXML: "9999/12/31")))
        #expect(!lasting.isOpen(on: try CalendarDate(edXML: "2025/04/13")))
    }

    @Test func `nothing that prints a system prints its secret`() throws {
        let secret: [UInt8] = [211, 212, 213, 214]
        let system = SystemRecord(id: try SystemID(parsing: "qlvb.soxd"), name: "A", secrets: [SystemSecret(secret)])
        var dumped = ""
        dump(RegistryRecords(version: 1, systems: [system], agencies: []), to: &dumped)
        for text in ["\(system.secrets)", String(reflecting: system.secrets)] { #expect(!text.contains("211")) }
        for text in ["\(system)", "\([system])", String(reflecting: system), "\(Optional(system) as Any)", dumped] {
            #expect(text.contains("qlvb.soxd"))
            #expect(!text.contains("211") && !text.contains("212"), "\(text)")
        }
    }
}
