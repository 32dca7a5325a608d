// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Hub
import VXPProtocol

// The hub's words as the protocol says them.

extension EdgeReply {
    init(vxp bytes: [UInt8]) { self.init(contentType: VXPReply.contentType, bytes: bytes) }

    init(vxp write: @escaping EdgeReply.Writing) { self.init(contentType: VXPReply.contentType, write: write) }
}

extension MessageType {
    init(_ type: VXPMessageType) {
        switch type {
        case .edoc: self = .edoc
        case .status: self = .status
        }
    }
}

extension VXPMessageType {
    init(_ type: MessageType) {
        switch type {
        case .edoc: self = .edoc
        case .status: self = .status
        }
    }
}

extension DeliveryLife.Confirmation {
    /// Nil for what is no confirmation: a request to have it once more.
    init?(_ confirmation: VXPConfirmation) {
        switch confirmation {
        case .initial: return nil
        case .processing: self = .processing
        case .done: self = .done
        case .fail: self = .fail
        }
    }
}

extension SenderWord {
    /// Nil for what says neither yes nor no.
    init?(_ confirmation: DeliveryLife.Confirmation) {
        switch confirmation {
        case .done: self = .confirm
        case .fail: self = .decline
        case .processing: return nil
        }
    }
}

extension VXPItemStatus {
    init(_ state: DeliveryState) {
        switch state {
        case .waiting: self = .initial
        case .processing: self = .processing
        case .delivered: self = .done
        case .held, .refused, .expired, .withdrawn, .undeliverable: self = .fail
        }
    }
}

extension SentDelivery {
    /// Held since its recipient has said so often that it failed; not by the hub.
    fileprivate var hasFailed: Bool { refusal == nil && failures > 0 }
}

extension VXPReceivedItem {
    init(_ line: PendingDelivery) {
        self.init(
            docID: line.id, messageType: VXPMessageType(line.messageType), created: line.createdAt,
            updated: line.updatedAt, from: line.senderWritten, to: line.recipientWritten,
            status: VXPItemStatus(line.state), mark: line.isUnscanned ? Self.unscanned : nil)
    }

    private static let unscanned = "trục chưa quét mã độc"
}

extension VXPSentItem {
    /// Longest subject, code and identifier in a list, in Unicode scalars: one character alone may have any number of
    /// them.
    static let maxShown = SentDelivery.maxTextLength

    init(_ line: SentDelivery) {
        let code = [line.codeNumber, line.codeNotation].compactMap(\.self).joined(separator: "/")
        // What the hub could not do is the hub's word (`sendStatus`); what the receiver says stands in `receiveStatus`.
        let sendStatus: (code: String, sentence: String) =
            switch line.state {
            case .waiting, .processing, .delivered: ("done", "Trục đã tiếp nhận")
            case .held where line.refusal == .confirmationNeeded:
                ("held", "Trục giữ lại, chờ đơn vị gửi xác nhận")
            case .held where line.hasFailed:
                ("held", "Nơi nhận báo lỗi nhiều lần, trục tạm giữ chờ đơn vị vận hành xử lý")
            case .held: ("held", line.refusal?.entry.vietnamese ?? "Đơn vị vận hành trục tạm giữ")
            case .withdrawn: ("withdrawn", "Đã rút lại trước khi nơi nhận lấy")
            case .refused, .expired, .undeliverable:
                ("fail", line.refusal?.entry.vietnamese ?? "Trục chưa giao được")
            }
        // What never came there has no word of the receiver's.
        let received: VXPItemStatus =
            switch line.state {
            case .refused, .expired, .withdrawn, .undeliverable: .initial
            case .held where !line.hasFailed: .initial
            case .waiting, .processing, .delivered, .held: VXPItemStatus(line.state)
            }
        self.init(
            messageType: VXPMessageType(line.messageType), title: Self.shown(line.subject ?? ""),
            notation: Self.shown(code),
            from: line.senderWritten, to: Self.shown(line.recipientWritten), senderDocID: line.packageID,
            receiverDocID: line.id,
            sent: line.sentAt, received: line.enteredAt, sendStatus: sendStatus,
            receiveStatus: (received, line.documentState?.vietnamese ?? received.vietnamese))
    }

    /// Over-long texts are taken with a warning; a list need not repeat them whole.
    private static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(maxShown)))
    }
}

extension AgencyRecord {
    /// The first of its written forms, its own code before the aliases, that follows a rule.
    func identifier(_ form: AgencyID.Form) -> AgencyID? {
        code.form == form ? code : alias(form)
    }

    fileprivate func alias(_ form: AgencyID.Form) -> AgencyID? {
        aliases.lazy.compactMap { try? AgencyID(parsing: $0) }.first { $0.form == form }
    }

    /// By the form of QĐ 20, else by the one of thirteen characters; nil for an identifier without levels.
    var level: Int? { (identifier(.qd20) ?? code).level }
}

extension VXPAgencyItem {
    init(_ agency: AgencyRecord, in registry: RegistrySnapshot) {
        self.init(
            id: String(agency.key.value), parentID: agency.parent.map { String($0.value) }, code: agency.code,
            name: agency.name, mail: agency.mail, oldCode: agency.alias(.qcvn102))
    }
}

extension VXPQD20AgencyItem {
    init(_ agency: AgencyRecord) {
        self.init(
            id: String(agency.key.value), code: agency.identifier(.qd20) ?? agency.code,
            code102: agency.identifier(.qcvn102), name: agency.name, mail: agency.mail)
    }
}

extension VXPDirectoryItem {
    init(_ agency: AgencyRecord, _ entry: DirectoryEntry) {
        self.init(
            code: agency.code, name: agency.name, maxPackageBytes: entry.maxPackageBytes,
            maxFileBytes: entry.maxFileBytes, fileFormats: entry.fileFormats, signature: entry.signature.rawValue,
            policy: entry.policy, delivery: entry.delivery.rawValue, health: entry.health.rawValue, since: entry.since,
            lastPickUp: entry.lastPickUp)
    }
}

extension VXPUnitItem {
    init(_ agency: AgencyRecord, in registry: RegistrySnapshot, at now: Instant) {
        self.init(
            id: String(agency.key.value), parentID: agency.parent.map { String($0.value) }, code: agency.code,
            name: agency.name, mail: agency.mail, version: agency.version, center: registry.hub?.code,
            isDeleted: agency.hasEnded(by: now), modified: agency.changedAt)
    }
}
