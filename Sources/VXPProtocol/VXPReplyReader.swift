// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A reply as a client reads it.
public struct VXPReceivedReply: Sendable, Equatable {
    /// `OK` or `FAIL`.
    public let status: String
    /// `0` is success; everything else is not, whatever `status` says.
    public let errorCode: String
    public let errorDescription: String
    /// `DocId` of a `sendEdoc`.
    public let docID: String?
    /// Our own stable code, from a hub that gives one.
    public let code: String?
    public let requestID: String?

    public var isSuccess: Bool { errorCode == VXPReply.successCode }

    /// Reads the keys that every reply has.
    ///
    /// - Throws: `ParsingProblem` when the body is not JSON or lacks a base key: such a reply is no answer at all, and
    ///   a client must not take it for success (the SDK does, for lists).
    public init(parsing body: [UInt8]) throws(ParsingProblem) {
        let base: Base = try Self.decode(body)
        status = base.status
        errorCode = base.ErrorCode
        errorDescription = base.ErrorDesc
        docID = base.DocId
        code = base.code
        requestID = base.requestId
    }

    /// The items of a list reply.
    ///
    /// - Throws: `ParsingProblem` when the body is not a successful list reply.
    public static func items<Item: VXPListItem>(
        _ type: Item.Type, parsing body: [UInt8]
    ) throws(ParsingProblem) -> [Item] {
        let reply: List<Item> = try decodeSuccess(body)
        return reply.data
    }

    /// The package in a `getEdoc` reply.
    ///
    /// - Throws: `ParsingProblem` when the body is not a successful content reply.
    public static func content(parsing body: [UInt8]) throws(ParsingProblem) -> [UInt8] {
        let reply: Content = try decodeSuccess(body)
        guard let content = Data(base64Encoded: reply.data) else { throw ParsingProblem("reply", "data is not base64") }
        return [UInt8](content)
    }

    /// The number in a `countReceiveEdoc` or `countReceiveStatus` reply.
    ///
    /// - Throws: `ParsingProblem` when the body is not a successful count reply.
    public static func count(parsing body: [UInt8]) throws(ParsingProblem) -> Int {
        let reply: Count = try decodeSuccess(body)
        return reply.count
    }

    /// The version in a `getSynchronizeUnit` reply.
    ///
    /// - Throws: `ParsingProblem` when the body is not a successful reply with a version.
    public static func version(parsing body: [UInt8]) throws(ParsingProblem) -> Int64 {
        let reply: Version = try decodeSuccess(body)
        guard let version = Int64(reply.version) else { throw ParsingProblem("reply", "version is not a number") }
        return version
    }

    /// The number under which a `registerAgency` or `deleteAgency` waits for the operator.
    ///
    /// - Throws: `ParsingProblem` when the body is not a successful reply with a number.
    public static func requestNumber(parsing body: [UInt8]) throws(ParsingProblem) -> AgencyRequestNumber {
        let reply: Waiting = try decodeSuccess(body)
        return try AgencyRequestNumber(parsing: reply.requestNumber)
    }

    private static func decodeSuccess<Value: Decodable>(_ body: [UInt8]) throws(ParsingProblem) -> Value {
        let reply = try VXPReceivedReply(parsing: body)
        guard reply.isSuccess else { throw ParsingProblem("reply", "is a refusal with ErrorCode \(reply.errorCode)") }
        return try decode(body)
    }

    private static func decode<Value: Decodable>(_ body: [UInt8]) throws(ParsingProblem) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch {
            throw ParsingProblem("reply", "is not JSON with the keys of the protocol")
        }
    }

    private struct Base: Decodable {
        let status: String
        let ErrorCode: String
        let ErrorDesc: String
        let DocId: String?
        let code: String?
        let requestId: String?
    }

    private struct List<Item: Decodable>: Decodable {
        let data: [Item]
    }

    private struct Count: Decodable {
        let count: Int
    }

    private struct Version: Decodable {
        let version: String
    }

    private struct Waiting: Decodable {
        let requestNumber: String
    }

    private struct Content: Decodable {
        let data: String
    }
}
