// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Trust

/// A decision of the hub to take a package, complete and as a value: what lets many share one commit.
public struct Acceptance: Sendable {
    /// The registry by which it was decided; the transaction refuses it when another is in force.
    public let registryVersion: Int64
    public let package: NewPackage
    /// The hub's own message to the sender about the recipients that get nothing; written only when there are new ones.
    public let notice: NewPackage?

    public init(registryVersion: Int64, package: NewPackage, notice: NewPackage? = nil) {
        self.registryVersion = registryVersion
        self.package = package
        self.notice = notice
    }
}

/// A package with everything that is written about it at once.
public struct NewPackage: Sendable {
    public let envelope: Envelope
    public let content: NewContent
    public let deliveries: [NewDelivery]

    public init(envelope: Envelope, content: NewContent, deliveries: [NewDelivery]) {
        self.envelope = envelope
        self.content = content
        self.deliveries = deliveries
    }
}

/// Where the bytes of a new package are.
public enum NewContent: Sendable {
    /// In memory; the committer gives them their place.
    case memory(ContentBytes)
    /// In a file or chunks of their own, already durable.
    case sealed(SealedContent)

    /// Bytes of the content as it came.
    public var length: Int {
        switch self {
        case .memory(let bytes): bytes.length
        case .sealed(let content): content.length
        }
    }

    /// What it is sealed with.
    var key: AESKey {
        switch self {
        case .memory(let bytes): bytes.key
        case .sealed(let content): content.key
        }
    }
}

/// The row `package` with its attachments and links.
public struct Envelope: Sendable {
    public struct Attachment: Sendable {
        public let name: String
        public let declaredType: String?
        public let detectedType: String?
        public let length: Int
        public let sha256: SHA256Digest

        public init(name: String, declaredType: String?, detectedType: String?, length: Int, sha256: SHA256Digest) {
            self.name = name
            self.declaredType = declaredType
            self.detectedType = detectedType
            self.length = length
            self.sha256 = sha256
        }
    }

    /// Another document that this one speaks of.
    public struct Link: Sendable {
        public enum Relation: String, CaseIterable, Sendable, Codable {
            case recalls
            case updates
            case replaces
            case respondsTo = "responds-to"
        }
        public let relation: Relation
        public let documentID: DocumentID
        /// The agencies, as written, for which it holds; empty for all.
        public let agencies: [String]

        public init(relation: Relation, documentID: DocumentID, agencies: [String] = []) {
            self.relation = relation
            self.documentID = documentID
            self.agencies = agencies
        }
    }

    /// What a status package says, and about whose document at which recipient, as far as the registry knows them.
    public struct StatusClaim: Sendable {
        public let status: DocumentStatus
        public let description: String?
        public let owner: AgencyKey
        public let recipient: AgencyKey

        public init(status: DocumentStatus, description: String?, owner: AgencyKey, recipient: AgencyKey) {
            self.status = status
            self.description = description
            self.owner = owner
            self.recipient = recipient
        }
    }

    /// A recipient as a recall or update means it. It may have ended, or have taken the places of others.
    public struct Addressee: Sendable, Equatable {
        /// The agencies that are named: what was sent to them is meant, whoever has it now.
        public var named: [AgencyKey]
        /// These, and those whose places they have taken: what they have is meant, to whomever it was sent. What their own
        /// successors were sent themselves is not.
        public var holders: [AgencyKey]
        /// One of several that have taken the place of the named: it is spoken to where it has something, and else not.
        public var isFurther: Bool

        public init(_ agency: AgencyKey) { self.init(named: [agency], holders: [agency]) }

        public init(named: [AgencyKey], holders: [AgencyKey], isFurther: Bool = false) {
            self.named = named
            self.holders = holders
            self.isFurther = isFurther
        }
    }

    /// Who gets a document and who loses it by an update (`ReceiverList`).
    public struct ReceiverChanges: Sendable {
        /// As the update's own recipients: the present agencies.
        public var added: [AgencyKey] = []
        public var removed: [Addressee] = []

        public init() {}
    }

    public var id: PackageID
    public var kind: PackageKind
    public var sender: AgencyKey
    public var senderWritten: String
    /// Nil for the hub's own messages.
    public var system: SystemID?
    public var documentID: DocumentID
    public var codeNumber: String?
    public var codeNotation: String?
    public var promulgationDate: CalendarDate?
    public var documentType: Int?
    public var typeName: String?
    public var subject: String?
    public var signerPosition: String?
    public var signerName: String?
    public var dueDate: CalendarDate?
    public var urgency: Urgency
    public var status: StatusClaim?
    /// Verdict on the XML signature: `absent`, `dummy`, `present`.
    public var signature: String
    /// Codes of the reader's warnings, and of what a policy found that does not bind the sender.
    public var warnings: [String]
    /// The profile by which it was judged; nil for what no policy judges.
    public var policy: ActivatedPolicy?
    /// Its files are to be scanned before anybody gets it.
    public var awaitsScan = false
    public var sha256: SHA256Digest
    public var meaning: SHA256Digest
    public var acceptedAt: Instant
    public var requestID: RequestID
    public var attachments: [Attachment]
    public var links: [Link]
    /// What an update changes about who has the document, as far as the registry knows them.
    public var receivers = ReceiverChanges()
    /// Of the sender and the recipients, those of whose documents and deliveries they may speak besides their own:
    /// whose place they have taken, and who has taken theirs.
    public var kin: [AgencyKey: [AgencyKey]] = [:]

    /// Of a recall or update: whom its recipients stand for. Who is not in it stands for itself alone.
    public var addressees: [AgencyKey: Addressee] = [:]

    public init(
        id: PackageID, kind: PackageKind, sender: AgencyKey, senderWritten: String, system: SystemID?,
        documentID: DocumentID, signature: String, sha256: SHA256Digest, meaning: SHA256Digest,
        acceptedAt: Instant, requestID: RequestID
    ) {
        self.id = id
        self.kind = kind
        self.sender = sender
        self.senderWritten = senderWritten
        self.system = system
        self.documentID = documentID
        self.urgency = .normal
        self.signature = signature
        self.warnings = []
        self.sha256 = sha256
        self.meaning = meaning
        self.acceptedAt = acceptedAt
        self.requestID = requestID
        self.attachments = []
        self.links = []
    }

    /// The package's identity beside its sender (house §4.4).
    var identity: String {
        kind.isKnownByDocumentID ? Self.identity(documentID) : "message:\(sha256.hex)"
    }

    /// The agency, then its kin.
    func family(of agency: AgencyKey) -> [AgencyKey] { [agency] + (kin[agency] ?? []) }

    func addressee(_ recipient: AgencyKey) -> Addressee { addressees[recipient] ?? Addressee(recipient) }

    /// A document's identity beside its sender.
    static func identity(_ document: DocumentID) -> String { "document:\(document.normalized)" }

    /// The document that a recall or update is about; nil for the other kinds.
    var subjectOfChange: DocumentID? {
        guard kind == .recall || kind == .update else { return nil }
        return links.first { $0.relation == .recalls || $0.relation == .updates }?.documentID ?? documentID
    }
}

/// One recipient of a new package.
public struct NewDelivery: Sendable {
    public enum Outcome: Sendable {
        /// Stands in the recipient's list from the commit on.
        case waiting(AgencyKey)
        /// Kept from the recipient, who learns nothing of it, until the sender has confirmed it, of which the sender is told by
        /// the acceptance's notice; or until its files were scanned.
        case held(AgencyKey, Refusal)
        /// The hub has nobody to give it to; the sender is told by the acceptance's notice, in the hub's own name.
        case undeliverable(Refusal)
    }

    public let id: DeliveryID
    /// The recipient's identifier as the package has it.
    public let written: String
    public let outcome: Outcome

    public init(id: DeliveryID, written: String, outcome: Outcome) {
        self.id = id
        self.written = written
        self.outcome = outcome
    }

    var recipient: AgencyKey? {
        switch outcome {
        case .waiting(let agency), .held(let agency, _): agency
        case .undeliverable: nil
        }
    }

    /// The same for another agency, under an id of its own.
    func given(to agency: AgencyKey, _ id: DeliveryID) -> NewDelivery {
        let outcome: Outcome =
            switch self.outcome {
            case .waiting: .waiting(agency)
            case .held(_, let refusal): .held(agency, refusal)
            case .undeliverable: self.outcome
            }
        return NewDelivery(id: id, written: written, outcome: outcome)
    }

    /// Whether its sender is told why it does not go: of a scan that is under way nobody is.
    var isTold: Bool { refusal.map { $0.code != .malwareScanPending } ?? false }

    var refusal: Refusal? {
        switch outcome {
        case .waiting: nil
        case .held(_, let refusal), .undeliverable(let refusal): refusal
        }
    }
}

/// What the store made of an acceptance.
public enum AcceptanceResult: Equatable, Sendable {
    /// Durable from now on. `isAwaiting`: an update of a document that is held, and with it.
    case accepted(PackageID, at: Instant, isAwaiting: Bool = false)
    /// The same document or message was there before; its first receipt. `added` recipients were new. `isAwaited`: something
    /// of it is held until its sender confirms it.
    case known(PackageID, at: Instant, added: Int, isAwaited: Bool = false)
    /// Another document has this id already.
    case conflict(with: PackageID)
    /// Further recipients for a document whose content was destroyed by decision: they get nothing.
    case destroyed(PackageID)
    /// An update of a document that was recalled, or further recipients for it: it stays as it is.
    case frozen(PackageID)
    /// An update of a document that is sealed, or further recipients for it.
    case sealed(PackageID)
    /// Decided by a registry that is no longer in force, or with a key that was retired meanwhile, or an update that came
    /// together with a recall of its document: decide again.
    case registryChanged
}
