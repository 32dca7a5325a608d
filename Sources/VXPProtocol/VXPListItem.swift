// SPDX-License-Identifier: Apache-2.0
import Exchange

/// One element of a list's `data`. Every value is a string and none is null: the SDK asks each for its text unchecked.
public protocol VXPListItem: Sendable, Equatable, Decodable {
    /// Keys and values in the order written.
    var fields: [(key: String, value: String)] { get }
}

/// An item of `getReceivedEdocList`: one delivery that waits for the asking system.
public struct VXPReceivedItem: VXPListItem {
    /// The delivery's id: what `getEdoc` and `updateStatus` are asked with.
    public let docId: String
    public let serviceType: String
    public let messageType: String
    public let created_time: String
    public let updated_time: String
    public let from: String
    public let to: String
    public let status: String
    public let status_desc: String

    /// Times are written as `dd/MM/yyyy HH:mm:ss`, Vietnam's time; agencies as the package has them.
    ///
    /// - Parameter mark: what the recipient is to know of it besides; stands behind the words of its status.
    public init(
        docID: DeliveryID, messageType: VXPMessageType, created: Instant, updated: Instant, from: String,
        to: String, status: VXPItemStatus, mark: String? = nil
    ) {
        docId = docID.description
        serviceType = VXPServiceType.eDoc.rawValue
        self.messageType = messageType.rawValue
        created_time = created.vxp
        updated_time = updated.vxp
        self.from = from
        self.to = to
        self.status = status.rawValue
        status_desc = mark.map { "\(status.vietnamese); \($0)" } ?? status.vietnamese
    }

    public var fields: [(key: String, value: String)] {
        [
            ("docId", docId), ("serviceType", serviceType), ("messageType", messageType),
            ("created_time", created_time),
            ("updated_time", updated_time), ("from", from), ("to", to), ("status", status),
            ("status_desc", status_desc),
        ]
    }
}

/// An item of `getSentEdocList`: one package of the asking system for one recipient.
public struct VXPSentItem: VXPListItem {
    public let serviceType: String
    public let messageType: String
    public let title: String
    public let notation: String
    public let fromCode: String
    public let toCode: String
    /// The receipt: `DocId` of the `sendEdoc`.
    public let senderDocId: String
    /// The delivery's id, which the recipient knows the package by.
    public let receiverDocId: String
    public let sentTime: String
    /// Empty until the recipient's system has confirmed.
    public let receivedTime: String
    public let sendStatus: String
    public let sendStatusDesc: String
    public let receiveStatus: String
    public let receiveStatusDesc: String

    /// - Parameters:
    ///   - title: the document's subject; empty for a status package.
    ///   - notation: `number/notation`, for example `7816/VPCP-TTĐT`.
    ///   - sent: when the hub accepted the package.
    ///   - received: when the recipient's system had it; nil until then.
    ///   - sendStatus: what the hub did with it, a code and a Vietnamese sentence.
    ///   - receiveStatus: how far the recipient's system has come, and the latest word of the recipient.
    public init(
        messageType: VXPMessageType, title: String, notation: String, from: String, to: String,
        senderDocID: PackageID, receiverDocID: DeliveryID, sent: Instant, received: Instant?,
        sendStatus: (code: String, sentence: String), receiveStatus: (code: VXPItemStatus, sentence: String)
    ) {
        serviceType = VXPServiceType.eDoc.rawValue
        self.messageType = messageType.rawValue
        self.title = title
        self.notation = notation
        fromCode = from
        toCode = to
        senderDocId = senderDocID.description
        receiverDocId = receiverDocID.description
        sentTime = sent.vxp
        receivedTime = received?.vxp ?? ""
        self.sendStatus = sendStatus.code
        sendStatusDesc = sendStatus.sentence
        self.receiveStatus = receiveStatus.code.rawValue
        receiveStatusDesc = receiveStatus.sentence
    }

    public var fields: [(key: String, value: String)] {
        [
            ("serviceType", serviceType), ("messageType", messageType), ("title", title), ("notation", notation),
            ("fromCode", fromCode), ("toCode", toCode), ("senderDocId", senderDocId), ("receiverDocId", receiverDocId),
            ("sentTime", sentTime), ("receivedTime", receivedTime), ("sendStatus", sendStatus),
            ("sendStatusDesc", sendStatusDesc), ("receiveStatus", receiveStatus),
            ("receiveStatusDesc", receiveStatusDesc),
        ]
    }
}

/// An item of `getAgenciesList`: one agency that documents can be sent to.
public struct VXPAgencyItem: VXPListItem {
    public let id: String
    /// `id` of the agency above; empty at the top.
    public let pid: String
    public let code: String
    public let name: String
    public let mail: String
    /// The identifier in the form that was used before; empty when there is none.
    public let oldCode: String

    public init(id: String, parentID: String?, code: AgencyID, name: String, mail: String?, oldCode: AgencyID?) {
        self.id = id
        pid = parentID ?? ""
        self.code = code.text
        self.name = name
        self.mail = mail ?? ""
        self.oldCode = oldCode?.text ?? ""
    }

    public var fields: [(key: String, value: String)] {
        [("id", id), ("pid", pid), ("code", code), ("name", name), ("mail", mail), ("oldCode", oldCode)]
    }
}

/// An item of `getAgenciesListQD20`: one agency in both lawful forms of its identifier.
public struct VXPQD20AgencyItem: VXPListItem {
    public let id: String
    /// The form of QĐ 20/2020/QĐ-TTg; the registered identifier when it has none.
    public let code: String
    /// The thirteen-character form of QCVN 102:2016; empty when it has none.
    public let code102: String
    public let name: String
    public let mail: String

    public init(id: String, code: AgencyID, code102: AgencyID?, name: String, mail: String?) {
        self.id = id
        self.code = code.text
        self.code102 = code102?.text ?? ""
        self.name = name
        self.mail = mail ?? ""
    }

    public var fields: [(key: String, value: String)] {
        [("id", id), ("code", code), ("code102", code102), ("name", name), ("mail", mail)]
    }
}

/// An item of `getSynchronizeUnit`: one agency as it is now, open or closed.
public struct VXPUnitItem: VXPListItem {
    public let id: String
    /// `id` of the agency above; empty at the top.
    public let pid: String
    public let code: String
    public let name: String
    public let mail: String
    /// Version of the registry that its last change made.
    public let version: String
    /// Identifier of the hub that serves it; empty before the hub has one.
    public let centerCode: String
    /// `true` once its last day has passed.
    public let deleted: String
    /// When it was changed last, `dd/MM/yyyy HH:mm:ss`, Vietnam's time.
    public let modifyDate: String
    /// Always `true`: nothing but agencies is registered.
    public let isAgency: String

    public init(
        id: String, parentID: String?, code: AgencyID, name: String, mail: String?, version: Int64,
        center: AgencyID?, isDeleted: Bool, modified: Instant
    ) {
        self.id = id
        pid = parentID ?? ""
        self.code = code.text
        self.name = name
        self.mail = mail ?? ""
        self.version = String(version)
        centerCode = center?.text ?? ""
        deleted = String(isDeleted)
        modifyDate = modified.vxp
        isAgency = String(true)
    }

    public var fields: [(key: String, value: String)] {
        [
            ("id", id), ("pid", pid), ("code", code), ("name", name), ("mail", mail), ("version", version),
            ("centerCode", centerCode), ("deleted", deleted), ("modifyDate", modifyDate), ("isAgency", isAgency),
        ]
    }
}

/// An item of `getAgencyDirectory`: what a sender should know of an agency before it sends. The call is ours, so that the SDK's
/// lists stay as the SDK knows them.
public struct VXPDirectoryItem: VXPListItem {
    public let code: String
    public let name: String
    /// In bytes, as is the next.
    public let maxPackageBytes: String
    public let maxFileBytes: String
    /// Endings of file names with blanks between them; empty for any.
    public let fileFormats: String
    /// `required`, `advised` or `not-required`.
    public let signature: String
    /// Name of the policy whose rules these are; empty where none binds the agency.
    public let policy: String
    public let delivery: String
    public let health: String
    /// `dd/MM/yyyy HH:mm:ss`, Vietnam's time, as is the next; empty where there is none.
    public let since: String
    public let lastPickUp: String

    public init(
        code: AgencyID, name: String, maxPackageBytes: Int, maxFileBytes: Int, fileFormats: [String], signature: String,
        policy: String?, delivery: String, health: String, since: Instant?, lastPickUp: Instant?
    ) {
        self.code = code.text
        self.name = name
        self.maxPackageBytes = String(maxPackageBytes)
        self.maxFileBytes = String(maxFileBytes)
        self.fileFormats = fileFormats.joined(separator: " ")
        self.signature = signature
        self.policy = policy ?? ""
        self.delivery = delivery
        self.health = health
        self.since = since?.vxp ?? ""
        self.lastPickUp = lastPickUp?.vxp ?? ""
    }

    public var fields: [(key: String, value: String)] {
        [
            ("code", code), ("name", name), ("maxPackageBytes", maxPackageBytes), ("maxFileBytes", maxFileBytes),
            ("fileFormats", fileFormats), ("signature", signature), ("policy", policy), ("delivery", delivery),
            ("health", health), ("since", since), ("lastPickUp", lastPickUp),
        ]
    }
}
