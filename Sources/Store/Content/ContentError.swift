// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// Why the content store could not do what it was asked to.
public enum ContentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The disk or a quota is exhausted.
    case full(String)
    /// The file system refused or failed.
    case unavailable(String)
    /// What is stored is not what was written: cut short, altered, or in the wrong place.
    case damaged(String)
    /// Nothing is stored there.
    case missing(String)
    /// The content is longer than its way of storage takes.
    case tooLarge(length: Int, max: Int)
    /// The spool file was sealed, discarded, or failed before.
    case spoolClosed
    /// Too much work waits for the store's threads already.
    case overloaded
    /// The store's threads have been stopped.
    case stopped
    /// The database, which keeps chunks, refused or failed.
    case database(Refusal)

    /// What the outside gets to see of it.
    public var refusal: Refusal {
        switch self {
        case .full(let detail): Refusal(.storageFull, detail)
        case .unavailable(let detail): Refusal(.storageUnavailable, detail)
        case .damaged(let detail), .missing(let detail): Refusal(.contentDamaged, detail)
        case .tooLarge: Refusal(.bodyTooLarge, description)
        case .spoolClosed: Refusal(.internalError, description)
        case .overloaded: Refusal(.overloaded, description)
        case .stopped: Refusal(.stopping, description)
        case .database(let refusal): refusal
        }
    }

    public var description: String {
        switch self {
        case .full(let detail), .unavailable(let detail), .damaged(let detail), .missing(let detail): detail
        case .tooLarge(let length, let max): "a content of \(length) bytes is longer than \(max)"
        case .spoolClosed: "the spool file is closed"
        case .overloaded: "too much work waits for the threads of the content store"
        case .stopped: "the content store is stopped"
        case .database(let refusal): refusal.description
        }
    }

    /// The error of a system call.
    ///
    /// - Parameters:
    ///   - code: `errno`, positive.
    ///   - action: what was attempted, for example `write`.
    ///   - name: the file, from the content directory.
    init(errno code: Int32, _ action: String, _ name: String) {
        let detail = "\(action) \(name): \(String(cString: strerror(code)))"
        switch code {
        case ENOSPC, EDQUOT: self = .full(detail)
        default: self = .unavailable(detail)
        }
    }
}
