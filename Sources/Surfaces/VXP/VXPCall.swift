// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Hub
import Logging
import NIOCore
import Trust
import VXPProtocol

/// One authenticated call.
struct VXPCall: Sendable {
    let hub: Hub
    /// In force when the request came.
    let registry: RegistrySnapshot
    let parameters: VXPSignedParameters
    let id: RequestID
    let logger: Logger

    func sendEdoc(_ request: EdgeRequest) async throws -> EdgeReply {
        _ = try parameters.serviceType
        let hash = try parameters.hashFile
        let submission = Submission(
            system: parameters.systemID, registry: registry, from: try parameters.from,
            narrowedTo: try parameters.to?.map(\.text),
            messageType: MessageType(try parameters.messageType), request: id, receivedAt: .now())
        let limit = hub.maxPackageBytes + PackageEnding.maxLength
        let declared = declaredLength(request.field("Content-Length"))
        if let declared, declared > limit {
            throw Refusal(.bodyTooLarge, "\(declared) bytes announced, the limit is \(hub.maxPackageBytes)")
        }
        let session = try await hub.receive(submission, announced: declared)
        let receipt: Receipt
        do {
            receipt = try await take(request.body.limited(to: limit), into: session, matching: hash)
        } catch {
            await session.abandon()
            throw error
        }
        FaultPoint.acceptBeforeAnswer.pass()
        logger.info(
            "package accepted",
            metadata: [
                "docId": "\(receipt.package)", "new": "\(receipt.isNew)", "held": "\(receipt.hold != nil)",
                "system": "\(submission.system)",
            ])
        return EdgeReply(
            vxp: VXPReply.success(
                docID: receipt.package.description, hold: receipt.hold, warnings: receipt.warnings.map(\.vietnamese)))
    }

    /// Streams the body into the session; the CRLF that the SDK puts after the file is no part of the package.
    private func take(
        _ body: EdgeBody, into session: IntakeSession, matching hash: HashFile
    ) async throws -> Receipt {
        var ending = PackageEnding()
        for try await buffer in body {
            let (released, content) = buffer.withUnsafeReadableBytes { bytes in
                let (released, content) = ending.take(bytes)
                return (released, Array(bytes[content]))
            }
            try await session.receive(released)
            try await session.receive(content)
        }
        if !hash.matches(session.digest) {
            try await session.receive(ending.held)
            guard hash.matches(session.digest) else {
                throw Refusal(.hashMismatch, "SHA-256 \(session.digest.hex)")
            }
        }
        return try await session.finish()
    }

    func receivedList() async throws -> EdgeReply {
        _ = try parameters.serviceType
        let type = MessageType(try parameters.messageType)
        let (from, to) = (try parameters.fromDate, try parameters.toDate)
        let agencies = registry.received(by: parameters.systemID, at: .now())
        return try await list(
            next: { after in
                try await hub.mailbox.pending(agencies, type, from: from, to: to, after: after)
            },
            id: \.id, item: VXPReceivedItem.init)
    }

    /// The list is named by the path alone; what an earlier call left in `messagetype` is not looked at.
    func count(_ type: VXPMessageType) async throws -> EdgeReply {
        let count = try await hub.mailbox.countPending(
            registry.received(by: parameters.systemID, at: .now()), MessageType(type))
        return EdgeReply(vxp: VXPReply.success(count: count))
    }

    func sentList() async throws -> EdgeReply {
        _ = try parameters.serviceType
        let type = MessageType(try parameters.messageType)
        let (from, to) = (try parameters.fromDate, try parameters.toDate)
        let package = try parameters.optionalDocID.flatMap { try? PackageID(parsing: $0) }
        return try await list(
            next: { after in
                try await hub.mailbox.sent(answered, type, package: package, from: from, to: to, after: after)
            },
            id: \.id, item: VXPSentItem.init)
    }

    /// The package itself. Such an answer has no place for a verdict, so damage that is found while it is read cuts the
    /// connection: the last chunk never comes.
    func download() async throws -> EdgeReply {
        let content = try await content()
        return EdgeReply(contentType: VXPReply.packageContentType) { writer in
            do {
                try await content.forEach { chunk in try await writer.write(chunk) }
            } catch let refusal as Refusal {
                note(refusal)
                throw refusal
            }
        }
    }

    private func content() async throws -> PackageContent {
        guard let docID = UUID(uuidString: try parameters.docID) else { throw Refusal(.packageNotFound) }
        return try await hub.mailbox.fetch(
            docID, agencies: answered, system: parameters.systemID, request: id)
    }

    func edoc() async throws -> EdgeReply {
        let content = try await content()
        return EdgeReply(vxp: { writer in
            var reply = VXPContentReply()
            try await writer.write(VXPContentReply.prefix)
            let outcome = await outcome {
                try await content.forEach { chunk in
                    try await writer.write(chunk.withUnsafeBytes { reply.append($0) })
                    FaultPoint.fetchDuringContent.pass()
                }
            }
            try await writer.write(reply.finish(outcome))
        })
    }

    func updateStatus() async throws -> EdgeReply {
        let docID = try parameters.docID
        guard let delivery = try? DeliveryID(parsing: docID) else { throw Refusal(.packageNotFound) }
        let description = try parameters.description
        guard let confirmation = DeliveryLife.Confirmation(try parameters.confirmation) else {
            try await hub.mailbox.askAgain(
                delivery, reason: description ?? "nơi nhận đề nghị giao lại",
                agencies: answered, system: parameters.systemID, request: id)
            return EdgeReply(vxp: VXPReply.success())
        }
        let agencies = answered
        let after: DeliveryLife
        do {
            after = try await hub.mailbox.confirm(
                delivery, confirmation, description: description, agencies: agencies, system: parameters.systemID,
                request: id)
        } catch let refusal as Refusal where refusal.code == .packageNotFound {
            // No delivery to this system: perhaps a receipt of its own, on which its word is awaited.
            guard let word = SenderWord(confirmation) else { throw refusal }
            let moved = try await hub.mailbox.take(
                word, on: PackageID(uuid: delivery.uuid), description: description, agencies: agencies,
                system: parameters.systemID, request: id)
            logger.info(
                "a sender's word on what is held",
                metadata: ["docId": "\(delivery)", "word": "\(word)", "deliveries": "\(moved)"])
            return EdgeReply(vxp: VXPReply.success())
        }
        FaultPoint.confirmAfterCommit.pass()
        if after.state == .held {
            logger.warning(
                "delivery held after repeated failures at its recipient",
                metadata: ["delivery": "\(delivery)", "failures": "\(after.failures)"])
        }
        return EdgeReply(vxp: VXPReply.success())
    }

    /// The agencies for which the system may read and report, closed ones whose place its own have taken among them.
    private var answered: [AgencyKey] { registry.answered(by: parameters.systemID, at: .now()) }

    /// A list, page by page. The first page is read before the answer begins, so that a hub without its database
    /// answers with 503 and not in the middle of a 200.
    private func list<Line: Sendable, Item: VXPListItem>(
        next: @escaping @Sendable (DeliveryID?) async throws -> [Line],
        id: @escaping @Sendable (Line) -> DeliveryID, item: @escaping @Sendable (Line) -> Item
    ) async throws -> EdgeReply {
        let first = try await next(nil)
        return EdgeReply(vxp: { writer in
            var reply = VXPListReply<Item>()
            try await writer.write(VXPListReply<Item>.prefix)
            let outcome = await outcome {
                var page = first
                var written = 0
                while !page.isEmpty {
                    var buffer: [UInt8] = []
                    for line in page.prefix(Mailbox.maxLines - written) { buffer += reply.append(item(line)) }
                    written += page.count
                    try await writer.write(buffer)
                    guard written < Mailbox.maxLines, page.count == Mailbox.pageSize, let last = page.last else {
                        break
                    }
                    page = try await next(id(last))
                }
            }
            try await writer.write(reply.finish(outcome))
        })
    }

    /// Counts and logs what goes wrong after an answer has begun.
    private func note(_ refusal: Refusal) {
        RefusalCounters.shared.count(refusal.code)
        logger.error(
            "refused while answering", metadata: ["code": "\(refusal.code.rawValue)", "detail": "\(refusal)"])
    }

    /// What the end of a streamed reply says.
    private func outcome(_ body: () async throws -> Void) async -> VXPOutcome {
        do {
            try await body()
            return .success
        } catch let refusal as Refusal {
            note(refusal)
            return .refused(refusal, id)
        } catch {
            // The client is gone, or worse: whatever is written now, no OK follows.
            logger.info("an answer broke off", metadata: ["error": "\(error)"])
            return .refused(Refusal(.internalError), id)
        }
    }
}
