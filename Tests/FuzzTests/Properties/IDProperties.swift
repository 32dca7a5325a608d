// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// What must hold for identifiers, dates and times: text → value → text → value.
enum IDProperties {
    static func check(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        try checkAgency(text)
        try checkDocument(text)
        try checkDates(text)
        try checkOthers(text)
        let number = input.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        for value in [number, number &* 1_000_003] { try checkNumber(value) }
    }

    private static func checkAgency(_ text: String) throws {
        guard let agency = try? AgencyID(parsing: text) else { return }
        try hold(Array(agency.text.utf8) == Array(text.utf8), "the text of an AgencyID changed")
        try hold(text.utf8.count <= AgencyID.maxLength, "a long AgencyID")
        if let parent = agency.parent {
            let read = try AgencyID(parsing: parent.text)
            try hold(read == parent && read.form == agency.form, "the parent \(parent) is not of the form of \(agency)")
            if let level = agency.level, let above = parent.level {
                try hold(above < level, "\(parent) stands above \(agency), but not its level")
            }
            try hold(parent.levelOne == agency.levelOne, "\(parent) and \(agency) have other roots")
        }
        try hold(agency.ancestors.count <= AgencyID.maxLength, "no end of ancestors")
        if let reversed = agency.reversed {
            try hold(reversed.reversed == agency, "\(agency) reversed twice is another")
            try hold(try AgencyID(parsing: reversed.text).form == reversed.form, "the form of \(reversed)")
        }
    }

    private static func checkDocument(_ text: String) throws {
        guard let id = try? DocumentID(parsing: text) else { return }
        try hold(Array(id.text.utf8) == Array(text.utf8), "the text of a DocumentID changed")
        try hold(id.normalized.unicodeScalars.count <= DocumentID.maxLength, "a long DocumentID")
        let again = try DocumentID(parsing: id.normalized)
        try hold(again == id && again.form == id.form, "a DocumentID in NFC is another")
        try hold(Array(again.normalized.utf8) == Array(id.normalized.utf8), "NFC of NFC is another")
        try hold(again.hashValue == id.hashValue, "equal, but not of one hash")
        if case .edXML(let agency, let date, let number, let notation) = id.form {
            let built = try DocumentID(agency: agency, date: date, number: number, notation: notation)
            try hold(built == id, "a DocumentID built of its parts is another")
        }
    }

    private static func checkDates(_ text: String) throws {
        if let date = try? CalendarDate(edXML: text) {
            try hold(date.edXML == text, "the date \(text) became \(date.edXML)")
            try hold(CalendarDate(daysSince1970: date.daysSince1970) == date, "\(date) by its days is another")
        }
        if let date = try? CalendarDate(iso8601: text) { try hold(date.iso8601 == text, "\(text) became \(date)") }
        if let instant = try? Instant(edXML: text) { try hold(instant.edXML == text, "\(text) became \(instant)") }
        if let instant = try? Instant(vxp: text) { try hold(instant.vxp == text, "\(text) became \(instant)") }
        if let instant = try? Instant(vxpHeader: text) {
            try hold(instant.vxpHeader == text, "\(text) became \(instant.vxpHeader)")
        }
        if let instant = try? Instant(iso8601: text) { try checkNumber(instant.microseconds) }
        if let instant = try? Instant(httpDate: text, now: .earliest) { try checkNumber(instant.microseconds) }
    }

    private static func checkOthers(_ text: String) throws {
        if let id = try? PackageID(parsing: text) {
            try hold(id.description == text.lowercased(), "a PackageID became another")
        }
        if let id = try? SystemID(parsing: text) {
            try hold(try SystemID(parsing: id.text) == id, "a SystemID became another")
        }
        if let address = try? IPAddress(parsing: text) {
            try hold(try IPAddress(parsing: address.description) == address, "an address became another")
            try hold(NetworkPrefix(address: address, length: 0).contains(address), "\(address) lies nowhere")
        }
        if let network = try? NetworkPrefix(parsing: text) {
            try hold(try NetworkPrefix(parsing: network.description) == network, "a network became another")
            try hold(network.contains(network.address), "\(network) does not hold its own address")
        }
    }

    /// A number as an instant and as a day.
    private static func checkNumber(_ number: Int64) throws {
        let instant = Instant(microseconds: number)
        let read = try Instant(iso8601: instant.iso8601)
        // Shown to the millisecond, rounded down.
        try hold(read <= instant && instant.microseconds - read.microseconds < 1_000, "\(instant) was read as \(read)")
        try hold(read.iso8601 == instant.iso8601, "\(instant) is shown in two ways")
        let second = try Instant(edXML: instant.edXML)
        try hold(second <= instant && instant.microseconds - second.microseconds < 1_000_000, "\(instant) in edXML")
        try hold(try Instant(vxp: instant.vxp) == second, "\(instant) in a VXP list is another")
        try hold(try Instant(vxpHeader: instant.vxpHeader) == read, "\(instant) in a VXP header is another")
        let date = CalendarDate(daysSince1970: number)
        try hold(try CalendarDate(iso8601: date.iso8601) == date, "\(date) was read as another day")
        try hold(instant.vietnamDate.iso8601 == instant.iso8601.prefix(10), "\(instant) is of another day")
        try hold(instant.advanced(by: .microseconds(number)) >= .earliest, "before the first instant")
    }
}
