// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The bodies that the hub answers with: JSON in pure ASCII, with `status`, `ErrorCode` and `ErrorDesc` always there.
///
/// The SDK reads replies as US-ASCII and takes those three without looking whether they exist; a list body that it
/// cannot parse it takes for an empty list. So nothing else than this may ever be answered with status 200.
public enum VXPReply {
    /// `Content-Type` of every reply.
    public static let contentType = "application/json; charset=us-ascii"

    /// `Content-Type` of the only reply that is no JSON: the package that `downloadEdoc` hands out.
    public static let packageContentType = "application/octet-stream"

    /// The value of `ErrorCode` that means success, and the only one.
    public static let successCode = "0"

    /// Most warnings that a receipt tells.
    public static let maxWarnings = 5

    /// A plain yes.
    public static func success() -> [UInt8] { object { appendSuccess(to: &$0) } }

    /// The receipt for a package.
    ///
    /// - Parameters:
    ///   - hold: why nothing of it is delivered yet: a yes to having it, and the sentence says so.
    ///   - warnings: sentences for the sender, behind the first: the SDK shows nothing else.
    public static func success(docID: String, hold: Refusal? = nil, warnings: [String] = []) -> [UInt8] {
        var sentences = ["Thành công"]
        if let hold {
            let detail = hold.detail.map { " (\($0))" } ?? ""
            sentences = [
                "Đã tiếp nhận, chưa gửi đi: \(hold.entry.vietnamese)\(detail) [\(hold.code.rawValue)] "
                    + hold.entry.remedyVietnamese
            ]
        }
        sentences += warnings.prefix(maxWarnings)
        if warnings.count > maxWarnings { sentences.append("Và \(warnings.count - maxWarnings) lưu ý nữa") }
        return object { output in
            appendBase("OK", successCode, sentences.joined(separator: ". "), to: &output)
            output.append(UInt8(ascii: ","))
            VXPText.appendJSON("DocId", docID, to: &output)
        }
    }

    /// How many packages wait. `count` is a JSON number: Gson reads that as a number and as text alike.
    public static func success(count: Int) -> [UInt8] {
        object { output in
            appendSuccess(to: &output)
            output.append(contentsOf: #","count":\#(count)"#.utf8)
        }
    }

    /// A request was taken down and waits for the operator: a yes to that alone, and the sentence says so.
    public static func success(waiting number: AgencyRequestNumber) -> [UInt8] {
        object { output in
            appendBase(
                "OK", successCode, "Đã ghi nhận đề nghị số \(number), chờ đơn vị vận hành trục duyệt", to: &output)
            output.append(UInt8(ascii: ","))
            VXPText.appendJSON("requestNumber", number.description, to: &output)
        }
    }

    /// A no. Beside the base keys it carries `code`, `requestId` and `remedy`.
    public static func refusal(_ refusal: Refusal, requestID: RequestID) -> [UInt8] {
        object { appendRefusal(refusal, requestID: requestID, to: &$0) }
    }

    /// The sentence that a user of an SDK client gets to see, since the SDK shows nothing but `ErrorDesc`: what, what
    /// exactly, code, remedy and the id under which the operator finds it in the log.
    public static func describe(_ refusal: Refusal, requestID: RequestID) -> String {
        let detail = refusal.detail.map { " (\($0))" } ?? ""
        let (sentence, remedy) = (refusal.entry.vietnamese, refusal.entry.remedyVietnamese)
        return "\(sentence)\(detail) [\(refusal.code.rawValue)] \(remedy) Mã yêu cầu: \(requestID)."
    }

    static func appendSuccess(to output: inout [UInt8]) {
        appendBase("OK", successCode, "Thành công", to: &output)
    }

    static func appendRefusal(_ refusal: Refusal, requestID: RequestID, to output: inout [UInt8]) {
        appendBase("FAIL", refusal.entry.vxp, describe(refusal, requestID: requestID), to: &output)
        for (key, value) in [
            ("code", refusal.code.rawValue), ("requestId", requestID.description),
            ("remedy", refusal.entry.remedyVietnamese),
        ] {
            output.append(UInt8(ascii: ","))
            VXPText.appendJSON(key, value, to: &output)
        }
    }

    private static func appendBase(_ status: String, _ code: String, _ sentence: String, to output: inout [UInt8]) {
        VXPText.appendJSON("status", status, to: &output)
        output.append(UInt8(ascii: ","))
        VXPText.appendJSON("ErrorCode", code, to: &output)
        output.append(UInt8(ascii: ","))
        VXPText.appendJSON("ErrorDesc", sentence, to: &output)
    }

    private static func object(_ fill: (inout [UInt8]) -> Void) -> [UInt8] {
        var output: [UInt8] = [UInt8(ascii: "{")]
        fill(&output)
        output.append(UInt8(ascii: "}"))
        return output
    }
}

/// The end of a reply that is written while its content is still being read: the verdict comes last, so that a reply
/// that broke down in the middle can never say OK.
public enum VXPOutcome: Sendable {
    case success
    case refused(Refusal, RequestID)

    func append(to output: inout [UInt8]) {
        switch self {
        case .success: VXPReply.appendSuccess(to: &output)
        case .refused(let refusal, let requestID): VXPReply.appendRefusal(refusal, requestID: requestID, to: &output)
        }
    }
}

/// The reply to `getEdoc`, written as the content comes: `data` first, the base keys after it.
///
/// Send `VXPContentReply.prefix`, the result of `append` for each chunk, and the result of `finish`. No
/// `Content-Length`: the end is not known before the content has been read and checked.
public struct VXPContentReply: Sendable {
    public static let prefix = Array(#"{"data":""#.utf8)

    private var base64 = Base64Stream()

    public init() {}

    /// The next part of the body; may be empty.
    public mutating func append(_ chunk: UnsafeRawBufferPointer) -> [UInt8] { base64.encode(chunk) }

    /// The last part of the body.
    public mutating func finish(_ outcome: VXPOutcome) -> [UInt8] {
        var output = base64.finish()
        output.append(contentsOf: #"","#.utf8)
        outcome.append(to: &output)
        output.append(UInt8(ascii: "}"))
        return output
    }
}

/// The reply to a list call, written item by item: `data` first, the base keys after it.
///
/// Send `VXPListReply.prefix`, the result of `append` for each item, and the result of `finish`.
public struct VXPListReply<Item: VXPListItem>: Sendable {
    public static var prefix: [UInt8] { Array(#"{"data":["#.utf8) }

    private var isFirst = true

    public init() {}

    /// The next part of the body.
    public mutating func append(_ item: Item) -> [UInt8] {
        var output: [UInt8] = isFirst ? [] : [UInt8(ascii: ",")]
        isFirst = false
        output.append(UInt8(ascii: "{"))
        var isFirstField = true
        for (key, value) in item.fields {
            if !isFirstField { output.append(UInt8(ascii: ",")) }
            isFirstField = false
            VXPText.appendJSON(key, value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
        return output
    }

    /// The last part of the body.
    ///
    /// - Parameter version: version of what was listed, for lists that have one: a string, like every value of an item.
    public func finish(_ outcome: VXPOutcome, version: Int64? = nil) -> [UInt8] {
        var output = Array("],".utf8)
        if let version {
            VXPText.appendJSON("version", String(version), to: &output)
            output.append(UInt8(ascii: ","))
        }
        outcome.append(to: &output)
        output.append(UInt8(ascii: "}"))
        return output
    }
}
