// SPDX-License-Identifier: Apache-2.0

/// `servicetype`: the only service of the axis that carries documents.
public enum VXPServiceType: String, CaseIterable, Sendable {
    case eDoc
}

/// `messagetype`: which of the two lists of a system a package belongs to.
public enum VXPMessageType: String, CaseIterable, Sendable {
    /// A document, or a recall, update or replacement of one.
    case edoc
    /// A status package (01–06, 13, 15, 16).
    case status
}

/// `status` of `updateStatus`: what a system says about one item of its own list.
///
/// An acknowledgement of the transport, not of the office: business states travel as status packages.
public enum VXPConfirmation: String, CaseIterable, Sendable {
    /// Ours: begin anew, also after `done`. The word is the list's own for what waits; no SDK says it by itself.
    case initial
    case processing
    /// The item leaves the list.
    case done
    case fail
}

/// `status` of a list item: how far the recipient's system has come with it.
public enum VXPItemStatus: String, CaseIterable, Sendable {
    /// Nothing was said about the item yet.
    case initial
    case processing
    case done
    case fail

    public var vietnamese: String {
        switch self {
        case .initial: "Chờ nhận"
        case .processing: "Đang xử lý"
        case .done: "Đã nhận"
        case .fail: "Nhận lỗi"
        }
    }
}

/// Names on the wire. HTTP names compare without regard to case; as keys of `sign-header` they keep this case.
enum VXPHeader {
    static let prefix = "XroadVnpt-"
    static let signHeader = "sign-header"
    static let signHeaderKey = "sign-header-key"
    static let hashHeader = "hash-header"
    static let version = "version"
}

/// Names of the parameters, without prefix, in the case in which the SDK writes them.
enum VXPParameterName {
    static let timestamp = "timestamp"
    static let systemID = "systemid"
    static let contentType = "Content-Type"
    static let serviceType = "servicetype"
    static let messageType = "messagetype"
    static let from = "from"
    static let to = "to"
    static let hashFile = "hash-file"
    static let docID = "docId"
    static let status = "status"
    static let description = "description"
    static let fromDate = "fromDate"
    static let toDate = "toDate"
    static let level = "level"
    static let agencyCode = "AgencyCode"
    /// Ours: the SDK has no word for it.
    static let unitVersion = "unitversion"
}

extension UInt8 {
    /// The small letter of an ASCII capital; itself otherwise.
    var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension String {
    /// ASCII letters in lower case, everything else untouched: `lowercased()` would turn U+212A into `k`.
    var asciiLowercased: String {
        let bytes = utf8
        return String(unsafeUninitializedCapacity: bytes.count) { room in
            for (place, byte) in zip(room.indices, bytes) { room[place] = byte.asciiLowercased }
            return bytes.count
        }
    }

    /// Without spaces and tabs at either end, as an HTTP parser takes them off a header value (RFC 9110 §5.5).
    var trimmedHeaderValue: String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let first = utf8.firstIndex(where: { !isSpace($0) }), let last = utf8.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[first...last])
    }
}
