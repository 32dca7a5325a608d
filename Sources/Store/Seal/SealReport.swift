// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Trust

/// A document that nobody gets any more, and everything that its record must say: who has it already.
public struct SealReport: Sendable, Equatable {
    /// The seal.
    public struct Seal: Sendable, Equatable {
        public let at: Instant
        public let actor: String
        public let reason: String
        /// It was there before; nothing was changed now.
        public let isOld: Bool
    }

    /// What is sealed, by its envelope; without its subject, which may be what must not be read.
    public struct Document: Sendable, Equatable {
        /// Its first package.
        public let package: PackageID
        public let kind: PackageKind
        public let documentID: String
        public let codeNumber: String?
        public let codeNotation: String?
        public let promulgationDate: CalendarDate?
        /// As the package writes it, and the registry's name.
        public let sender: String
        public let senderName: String
        public let system: SystemID?
        public let acceptedAt: Instant
        public let sha256: SHA256Digest

        /// `number/notation`; empty for a document without.
        public var code: String { [codeNumber, codeNotation].compactMap(\.self).joined(separator: "/") }
    }

    /// One delivery of it, or of an update of it.
    public struct Recipient: Sendable, Equatable {
        public let delivery: DeliveryID
        /// The package that it brings.
        public let package: PackageID
        /// As the package writes it.
        public let written: String
        /// The registry's name; nil for one that the hub does not know.
        public let name: String?
        public let state: DeliveryState
        public let possession: Possession
        public let enteredAt: Instant?
        /// Where it was carried to, last; nil when it never was on its way.
        public let endpoint: String?
        public let status: DocumentStatus?
        public let statusAt: Instant?
        /// Who asked for the content.
        public let reads: [Read]
    }

    /// A system that asked for the content.
    public struct Read: Sendable, Equatable {
        public let system: String
        public let first: Instant
        public let last: Instant
        public let count: Int
    }

    /// The hub's own name, at the head of the record.
    public let hubName: String
    public let document: Document
    /// Nil when it is not sealed: a trial, or just unsealed. Of an unsealing the one that follows.
    public let seal: Seal?
    public let recipients: [Recipient]
    /// The sender's own systems that read it again.
    public let senderReads: [Read]

    /// Why the hub seals what a scan has found something in.
    static func malware(_ detail: String) -> String { "mã độc: \(detail)" }
}

/// A seal in force, for the operator's list.
public struct ListedSeal: Sendable, Equatable {
    public let document: PackageID
    public let documentID: String
    public let sender: String
    public let at: Instant
    public let actor: String
    public let reason: String
}
