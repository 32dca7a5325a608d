// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import Trust

/// The hub's own message to a sender: to this recipient your document was not delivered, and why.
///
/// It is an edXML status package *from the hub*, so that a QLVB shows it without knowing us. Its `From` and its
/// `status_effect` keep it apart from what receivers say (house §4.9): it never counts as a return by the recipient.
struct HubNotice {
    let package: NewPackage

    /// - Parameter order: an instant that sorts this message among others to the same sender; only its ids use it.
    init(
        about delivery: DeliveryID, _ order: Instant, to written: String, refusal: Refusal, header: PackageHeader, envelope: Envelope,
        registry: RegistrySnapshot
    ) throws(Refusal) {
        guard let hub = registry.hub else { throw Refusal(.internalError, "the hub has no agency entry of its own") }
        var from = Organization(organID: hub.code.text)
        from.organName = hub.name
        from.organizationInCharge = hub.name
        let code = [envelope.codeNumber, envelope.codeNotation].compactMap(\.self).joined(separator: "/")
        var status = StatusHeader(
            from: from,
            responseFor: StatusHeader.AnsweredDocument(
                organID: envelope.senderWritten, code: code,
                promulgationDateText: envelope.promulgationDate?.edXML, documentID: envelope.documentID),
            status: .returned)
        let entry = refusal.entry
        // The delivery's id makes every notice another message, however many are written in one second.
        let description =
            "[Trục] Chưa giao được tới \(written.isEmpty ? "(OrganId trống)" : written): \(entry.vietnamese) "
            + "\(entry.remedyVietnamese) [\(refusal.code.rawValue), \(delivery)]"
        status.description = description
        status.timestampText = envelope.acceptedAt.edXML
        guard let bytes = try? PackageWriter.bytes(.status(status)) else {
            throw Refusal(.internalError, "a notice could not be written")
        }
        let digest = SHA256Digest(of: bytes)
        var notice = Envelope(
            id: PackageID(at: order), kind: .status, sender: hub.key, senderWritten: hub.code.text,
            system: nil, documentID: envelope.documentID, signature: PackageReading.Signature.absent.rawValue,
            sha256: digest,
            meaning: digest, acceptedAt: envelope.acceptedAt, requestID: envelope.requestID)
        notice.codeNumber = envelope.codeNumber
        notice.codeNotation = envelope.codeNotation
        notice.status = Envelope.StatusClaim(
            status: .returned, description: description, owner: envelope.sender, recipient: hub.key)
        package = NewPackage(
            envelope: notice, content: .memory(ContentBytes(chunks: [bytes], digest: digest)),
            deliveries: [
                NewDelivery(
                    id: DeliveryID(at: order), written: envelope.senderWritten,
                    outcome: .waiting(envelope.sender))
            ])
    }
}
