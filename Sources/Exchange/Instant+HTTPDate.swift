// SPDX-License-Identifier: Apache-2.0

extension Instant {
    /// Reads a date of HTTP (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two forms that old senders write,
    /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. The day of the week is not compared.
    ///
    /// - Parameter now: settles the century of a year of two digits: one more than 50 years ahead lies in the past.
    /// - Throws: `ParsingProblem` for anything else and for impossible dates.
    public init(httpDate text: some StringProtocol, now: Instant) throws(ParsingProblem) {
        var reader = DigitReader("HTTP date", text)
        let isFromC = !(try reader.weekday())
        let date: CalendarDate
        let clock: (hour: Int, minute: Int, second: Int)
        if isFromC {
            let month = try reader.monthName()
            try reader.expect(" ")
            let day = try reader.number(digits: reader.skip(" ") ? 1 : 2, in: 1...31)
            try reader.expect(" ")
            clock = try reader.clock()
            try reader.expect(" ")
            date = try reader.existing(try reader.number(digits: 4, in: 1...9999), month, day)
        } else {
            let day = try reader.number(digits: 2, in: 1...31)
            let isOld = reader.skip("-")
            if !isOld { try reader.expect(" ") }
            let month = try reader.monthName()
            try reader.expect(isOld ? "-" : " ")
            var year = try reader.number(digits: isOld ? 2 : 4, in: isOld ? 0...99 : 1...9999)
            if isOld {
                let present = now.vietnamDate.year
                year += present / 100 * 100
                if year > present + 50 { year -= 100 }
            }
            date = try reader.existing(year, month, day)
            try reader.expect(" ")
            clock = try reader.clock()
            for character in " GMT".unicodeScalars { try reader.expect(character) }
        }
        try reader.end()
        // The clock of the date is at Greenwich.
        self = Instant(vietnam: date, hour: clock.hour, minute: clock.minute, second: clock.second)
            .advanced(by: .seconds(Self.vietnamOffsetSeconds))
    }
}

extension DigitReader {
    /// The day of the week, long or short; whether a comma stands behind it.
    fileprivate mutating func weekday() throws(ParsingProblem) -> Bool {
        for (name, rest) in [
            ("Mon", "day"), ("Tue", "sday"), ("Wed", "nesday"), ("Thu", "rsday"), ("Fri", "day"), ("Sat", "urday"),
            ("Sun", "day"),
        ] where skip(word: name) {
            _ = skip(word: rest)
            let isBeforeComma = skip(",")
            try expect(" ")
            return isBeforeComma
        }
        throw problem("does not begin with the day of the week")
    }

    /// `Jan` to `Dec`, in English and this case.
    fileprivate mutating func monthName() throws(ParsingProblem) -> Int {
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        for (index, name) in names.enumerated() where skip(word: name) { return index + 1 }
        throw problem("expected the name of a month")
    }
}
