// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// What a package locks before it is decided what it does to a document: the document, or what one recipient says of it.
///
/// Locked before any identity is claimed, and sorted, so that no two batches on any nodes wait for each other.
struct DocumentWord: Hashable, Comparable {
    private let owner: Int64
    private let name: String

    private init(owner: AgencyKey, name: String) {
        self.owner = owner.value
        self.name = name
    }

    /// The whole document: its recipients, its recall, its updates.
    init(document: DocumentID, of owner: AgencyKey) {
        self.init(owner: owner, name: Envelope.identity(document))
    }

    /// The identity that the package itself claims.
    init(identityOf envelope: Envelope) {
        self.init(owner: envelope.sender, name: envelope.identity)
    }

    /// What the package may change or depends on.
    static func all(of envelope: Envelope) -> [DocumentWord] {
        if let subject = envelope.subjectOfChange {
            return envelope.family(of: envelope.sender).map { DocumentWord(document: subject, of: $0) }
        }
        // What the hub says of a delivery moves nothing.
        guard let claim = envelope.status, envelope.system != nil else { return [] }
        var words: [DocumentWord] = []
        for owner in envelope.family(of: claim.owner) {
            let document = DocumentWord(document: envelope.documentID, of: owner)
            switch claim.status {
            case .recallRequested: words.append(document)
            case .changeAgreed, .changeDeclined: words += [document] + said(of: document, owner, claim, envelope)
            case .arrived, .returned, .accepted, .assigned, .inProgress, .completed:
                words += said(of: document, owner, claim, envelope)
            }
        }
        return words
    }

    private static func said(
        of document: DocumentWord, _ owner: AgencyKey, _ claim: Envelope.StatusClaim, _ envelope: Envelope
    ) -> [DocumentWord] {
        envelope.family(of: claim.recipient).map { DocumentWord(owner: owner, name: "\(document.name) \($0.value)") }
    }

    /// Locks them until the transaction ends.
    static func lock(_ words: Set<DocumentWord>, _ connection: PostgresConnection) throws {
        guard !words.isEmpty else { return }
        _ = try connection.pipeline(
            words.sorted().map { (AcceptStatements.lockWord, [.text($0.name), .int8($0.owner)]) })
    }

    static func < (left: DocumentWord, right: DocumentWord) -> Bool {
        (left.owner, left.name) < (right.owner, right.name)
    }
}
