// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct RegistryRecordsTests {
    @Test func `an agency is open from its first instant to the last before its end`() throws {
        let first = Instant(vietnam: try CalendarDate(edXML: "2025/04/14"))
        let last = try CalendarDate(edXML: "2026/06/30")
        let code = try AgencyID(parsing: "H53.13")
        let closed = AgencyRecord(
            key: AgencyKey(1), code: code, name: "A", validFrom: first, validUntil: last.end, version: 1,
            changedAt: .now())
        for (instant, open) in [
            (first.advanced(by: .microseconds(-1)), false), (first, true),
            (last.end.advanced(by: .microseconds(-1)), true), (last.end, false),
        ] {
            #expect(closed.isOpen(at: instant) == open, "\(instant)")
        }
        #expect(closed.lastDay == last)
        #expect(try last.end == Instant(iso8601: "2026-07-01T00:00:00+07:00"))
        let lasting = AgencyRecord(
            key: AgencyKey(1), code: code, name: "A", validFrom: first, version: 1, changedAt: .now())
        #expect(lasting.isOpen(at: .latest) && lasting.lastDay == nil)
        #expect(!lasting.isOpen(at: first.advanced(by: .microseconds(-1))))
        #expect(AgencyRecord.earliest.iso8601 == "2019-01-01T00:00:00.000+07:00")
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
