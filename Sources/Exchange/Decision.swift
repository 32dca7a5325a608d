// SPDX-License-Identifier: Apache-2.0

/// The decision of the competent body that a change rests on which the hub must not make by itself.
public struct Decision: Sendable, Hashable {
    /// Number and notation, for example `123/QĐ-UBND`.
    public let number: String
    public let date: CalendarDate

    public init(number: String, date: CalendarDate) {
        self.number = number
        self.date = date
    }
}
