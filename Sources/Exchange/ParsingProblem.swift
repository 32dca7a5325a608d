// SPDX-License-Identifier: Apache-2.0

/// Why a text could not be read as a value of the language, and where the reading stopped.
///
/// Every parser in `Exchange` throws only this. It never carries the whole input: a hostile text must not be
/// able to fill a log.
public struct ParsingProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The type that was being read, for example `AgencyID`.
    public let subject: String
    /// What is wrong, as an English clause without a full stop.
    public let reason: String
    /// Position of the first offending Unicode scalar, counted from 0.
    public let offset: Int

    public init(_ subject: String, _ reason: String, at offset: Int = 0) {
        self.subject = subject
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(subject): \(reason) (at character \(offset + 1))" }
}
