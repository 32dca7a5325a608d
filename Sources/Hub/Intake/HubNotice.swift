// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import Trust

/// The hub's own message to a sender: to these recipients your document was not delivered, and why.
///
/// It is an edXML status package *from the hub*, so that a QLVB shows it without knowing us. Its `From` and its
/// `status_effect` keep it apart from what receivers say (house §4.9): it never counts as a return by a recipient. One for
/// a package, however many recipients it is about.
struct HubNotice {
    /// Recipients that the message names; `getSentEdocList` and the trace show all.
    static let maxNamed = 10
    /// Longest name of a recipient in it, in Unicode scalars.
    static let maxNameLength = 100

    /// The package that it is about, as its sender knows it.
    struct Subject {
        let package: PackageID
        let sender: AgencyKey
        let senderWritten: String
        let documentID: DocumentID
        let codeNumber: String?
        let codeNotation: String?
        let promulgationDate: CalendarDate?
        /// When what it tells of happened.
        let at: Instant
        let request: RequestID
    }

    let package: NewPackage

    /// The same words about the same package at the same second are the same bytes, however often they are made.
    ///
    /// - Throws: `Refusal(.internalError)` when the hub has no entry of its own to speak with.
    init(
        about refused: [Receipt.RefusedRecipient], of subject: Subject, registry: RegistrySnapshot
    ) throws(Refusal) {
        try self.init(
            saying: Self.description(refused, of: subject.package), status: .returned,
            to: (subject.sender, subject.senderWritten), of: subject, registry: registry)
    }

    /// A message of the hub's own about a package, to its sender or to somebody else whom it concerns.
    ///
    /// - Parameters:
    ///   - status: what a QLVB that does not know us takes it for.
    ///   - addressee: who gets it, and how a package names it.
    /// - Throws: as above.
    init(
        saying description: String, status code: DocumentStatus, to addressee: (key: AgencyKey, written: String),
        of subject: Subject, registry: RegistrySnapshot
    ) throws(Refusal) {
        guard let hub = registry.hub else { throw Refusal(.internalError, "the hub has no agency entry of its own") }
        let from = Organization(organID: hub.code.text, organizationInCharge: hub.name, organName: hub.name)
        let number = [subject.codeNumber, subject.codeNotation].compactMap(\.self).joined(separator: "/")
        var status = StatusHeader(
            from: from,
            responseFor: StatusHeader.AnsweredDocument(
                organID: subject.senderWritten, code: number,
                promulgationDateText: subject.promulgationDate?.edXML, documentID: subject.documentID),
            status: code)
        status.description = description
        status.timestampText = subject.at.edXML
        guard let bytes = try? PackageWriter.bytes(.status(status)) else {
            throw Refusal(.internalError, "a notice could not be written")
        }
        let digest = SHA256Digest(of: bytes)
        var notice = Envelope(
            id: PackageID(at: subject.at), kind: .status, sender: hub.key, senderWritten: hub.code.text,
            system: nil, documentID: subject.documentID, signature: PackageReading.Signature.absent.rawValue,
            sha256: digest, meaning: digest, acceptedAt: subject.at, requestID: subject.request)
        notice.codeNumber = subject.codeNumber
        notice.codeNotation = subject.codeNotation
        notice.status = Envelope.StatusClaim(
            status: code, description: description, owner: subject.sender, recipient: hub.key)
        package = NewPackage(
            envelope: notice, content: .memory(ContentBytes(chunks: [bytes], digest: digest)),
            deliveries: [
                NewDelivery(
                    id: DeliveryID(at: subject.at), written: addressee.written, outcome: .waiting(addressee.key))
            ])
    }

    /// The package's id makes notices about different packages different messages, however many are written in one second.
    private static func description(_ untold: [Receipt.RefusedRecipient], of package: PackageID) -> String {
        let held = untold.filter { $0.refusal.code == .confirmationNeeded }
        let refused = untold.filter { $0.refusal.code != .confirmationNeeded }
        var sentences: [String] = []
        if let refusal = held.first?.refusal {
            // The same of all of them: said once, with what was met.
            let names = held.prefix(maxNamed).map(name).joined(separator: ", ")
            sentences.append(
                "Chưa gửi tới \(held.count) nơi nhận (\(names)\(rest(held))): \(refusal.entry.vietnamese) "
                    + "(\(refusal.detail ?? "")) \(refusal.entry.remedyVietnamese) [\(refusal.code.rawValue)]")
        }
        if !refused.isEmpty {
            let named = refused.prefix(maxNamed).map { recipient in
                let (entry, code) = (recipient.refusal.entry, recipient.refusal.code.rawValue)
                return "\(name(recipient)): \(entry.vietnamese) \(entry.remedyVietnamese) [\(code)] "
                    + "(\(entry.class.vietnamese))"
            }
            sentences.append(
                "Chưa giao được tới \(refused.count) nơi nhận. \(named.joined(separator: " "))\(rest(refused))")
        }
        return "[Trục] \(sentences.joined(separator: " ")) (\(package))"
    }

    private static func name(_ recipient: Receipt.RefusedRecipient) -> String {
        // Scalars: one character alone may have any number of them.
        let shown = String(String.UnicodeScalarView(recipient.written.unicodeScalars.prefix(maxNameLength)))
        return shown.isEmpty ? "(OrganId trống)" : shown
    }

    private static func rest(_ recipients: [Receipt.RefusedRecipient]) -> String {
        recipients.count > maxNamed ? " … và \(recipients.count - maxNamed) nơi nhận khác." : ""
    }
}

extension HubNotice.Subject {
    /// A package that was accepted before.
    init(_ subject: NoticeSubject) {
        self.init(
            package: subject.package, sender: subject.sender, senderWritten: subject.senderWritten,
            documentID: subject.documentID, codeNumber: subject.codeNumber, codeNotation: subject.codeNotation,
            promulgationDate: subject.promulgationDate, at: subject.at, request: RequestID(at: subject.at))
    }

    /// A package that is being accepted.
    init(_ envelope: Envelope) {
        self.init(
            package: envelope.id, sender: envelope.sender, senderWritten: envelope.senderWritten,
            documentID: envelope.documentID, codeNumber: envelope.codeNumber, codeNotation: envelope.codeNotation,
            promulgationDate: envelope.promulgationDate, at: envelope.acceptedAt, request: envelope.requestID)
    }
}
