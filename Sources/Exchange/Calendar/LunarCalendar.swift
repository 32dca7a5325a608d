// SPDX-License-Identifier: Apache-2.0
import Foundation

/// When the months of Vietnam's lunar calendar begin: what Tết and Giỗ Tổ hang on.
///
/// Computed from the sky, because Foundation has nothing to ask: on Linux `Calendar(identifier: .vietnamese)` is the
/// Gregorian calendar under another name, and `.chinese` counts by Beijing's midnight, which gives Vietnam another Tết
/// in 1985, 2007 and 2030.
///
/// The calendar's rules: a month begins on the day of the new moon; the month of the winter solstice is the 11th; where
/// thirteen months lie between two of these, the first without a principal solar term repeats the number before it.
public enum LunarCalendar {
    /// The years for which the formulas are near enough: no new moon on which a holiday hangs is closer to midnight
    /// than they err. A test holds that.
    public static let years = 1976...2100

    /// Tết: the first day of the lunar year that begins in this one; nil outside `years`.
    public static func newYear(of year: Int) -> CalendarDate? { date(day: 1, month: 1, of: year) }

    /// A day of the lunar year that begins in this Gregorian one, in the month itself and not in its repetition.
    ///
    /// - Parameters:
    ///   - day: 1 to 29: the days that every month has.
    ///   - month: 1 to 10; the two last are fixed by the solstice of the year after.
    /// - Returns: nil outside of these and of `years`.
    public static func date(day: Int, month: Int, of year: Int) -> CalendarDate? {
        guard years.contains(year), (1...10).contains(month), (1...29).contains(day) else { return nil }
        let days = Sky(offsetSeconds: Instant.vietnamOffsetSeconds).firstDay(ofMonth: month, year: year)
        return CalendarDate(daysSince1970: days + Int64(day - 1))
    }
}

/// Sun and moon over one meridian; days are counted from 1970-01-01 by its clock.
struct Sky {
    /// From UTC to the clock by which days begin.
    let offsetSeconds: Int64

    /// Days between new moons, on average.
    private static let month = 29.530588861
    /// The Julian day on which 1970 began.
    private static let epoch = 2_440_587.5

    func firstDay(ofMonth month: Int, year: Int) -> Int64 {
        let eleventh = newMoonNumber(before: solstice(of: year - 1))
        let next = newMoonNumber(before: solstice(of: year))
        // The 11th month is the first, so the 1st is the third.
        let place = eleventh + month + 1
        guard next - eleventh == 13 else { return newMoonDay(place) }
        let leap = (eleventh + 1..<next).first { term(newMoonDay($0)) == term(newMoonDay($0 + 1)) } ?? next
        return newMoonDay(leap <= place ? place + 1 : place)
    }

    /// The day of the winter solstice.
    private func solstice(of year: Int) -> Int64 {
        let first = CalendarDate(year: year, month: 12, day: 18)?.daysSince1970 ?? 0
        return (first..<first + 8).first { term($0 + 1) == 9 } ?? first
    }

    /// Which twelfth of its way the sun is in as the day begins; the ninth is entered at the winter solstice.
    private func term(_ day: Int64) -> Int { Int(sunLongitude(universal: begin(of: day)) / 30) }

    /// The last new moon on or before a day.
    private func newMoonNumber(before day: Int64) -> Int {
        var number = Int(((Double(day) + Self.epoch - 2_451_550.1) / Self.month).rounded()) + 1
        for _ in 0..<3 where newMoonDay(number) > day { number -= 1 }
        return number
    }

    func newMoonDay(_ number: Int) -> Int64 { Int64(newMoon(number).rounded(.down)) }

    /// Days and their parts since 1970 on this meridian's clock.
    func newMoon(_ number: Int) -> Double {
        Self.newMoon(number) - Self.epoch + Double(offsetSeconds) / 86_400
    }

    private func begin(of day: Int64) -> Double {
        Double(day) + Self.epoch - Double(offsetSeconds) / 86_400
    }

    /// Julian day in universal time of new moon `k`, counted from January 2000; right to two minutes.
    ///
    /// Formula: J. Meeus, *Astronomical Algorithms*, chapter 49, without the planets' terms.
    private static func newMoon(_ k: Int) -> Double {
        let k = Double(k)
        let t = k / 1_236.85
        let mean = 2_451_550.09766 + month * k + 0.000_154_37 * t * t
        let sun = radians(2.5534 + 29.105_356_70 * k)
        let moon = radians(201.5643 + 385.816_935_28 * k + 0.010_758_2 * t * t)
        let node = radians(160.7108 + 390.670_502_84 * k - 0.001_611_8 * t * t)
        let ascending = radians(124.7746 - 1.563_755_88 * k + 0.002_067_2 * t * t)
        let e = 1 - 0.002_516 * t
        var moved = -0.407_20 * sin(moon) + 0.172_41 * e * sin(sun)
        moved += 0.016_08 * sin(2 * moon) + 0.010_39 * sin(2 * node)
        moved += 0.007_39 * e * sin(moon - sun) - 0.005_14 * e * sin(moon + sun)
        moved += 0.002_08 * e * e * sin(2 * sun) - 0.001_11 * sin(moon - 2 * node)
        moved += -0.000_57 * sin(moon + 2 * node) + 0.000_56 * e * sin(2 * moon + sun)
        moved += -0.000_42 * sin(3 * moon) + 0.000_42 * e * sin(sun + 2 * node)
        moved += 0.000_38 * e * sin(sun - 2 * node) - 0.000_24 * e * sin(2 * moon - sun)
        moved += -0.000_17 * sin(ascending)
        return mean + moved - clockDrift(t) / 86_400
    }

    /// The sun's apparent longitude in degrees, 0 to 360; right to 0.01°. Formula: Meeus, chapter 25.
    private func sunLongitude(universal day: Double) -> Double {
        var t = (day - 2_451_545) / 36_525
        t += Self.clockDrift(t) / 86_400 / 36_525
        let mean = 280.46646 + 36_000.76983 * t + 0.000_303_2 * t * t
        let m = Self.radians(357.52911 + 35_999.05029 * t - 0.000_153_7 * t * t)
        let centre =
            (1.914_602 - 0.004_817 * t) * sin(m) + (0.019_993 - 0.000_101 * t) * sin(2 * m) + 0.000_289 * sin(3 * m)
        let nutation = Self.radians(125.04 - 1_934.136 * t)
        let longitude = (mean + centre - 0.005_69 - 0.004_78 * sin(nutation)).truncatingRemainder(dividingBy: 360)
        return longitude < 0 ? longitude + 360 : longitude
    }

    /// Seconds by which uniform time is ahead of the turning earth, `t` centuries from 2000 (Espenak and Meeus, 2006).
    private static func clockDrift(_ t: Double) -> Double { 62.92 + 32.217 * t + 55.89 * t * t }

    private static func radians(_ degrees: Double) -> Double {
        degrees.truncatingRemainder(dividingBy: 360) * .pi / 180
    }
}
