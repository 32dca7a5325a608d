// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing
import VXPProtocol

@Suite struct VXPReplyTests {
    private let requestID = RequestID()

    /// The JSON object in `body`, which must be ASCII and carry the three base keys as strings.
    private func object(_ body: [UInt8]) throws -> [String: Any] {
        #expect(body.allSatisfy { (0x20..<0x7F).contains($0) })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        for key in ["status", "ErrorCode", "ErrorDesc"] { #expect(object[key] is String) }
        return object
    }

    @Test func yes() throws {
        let object = try object(VXPReply.success())
        #expect(object["status"] as? String == "OK")
        #expect(object["ErrorCode"] as? String == "0")
        #expect(object.count == 3)
        #expect(String(decoding: VXPReply.success(), as: UTF8.self).contains(#""ErrorDesc":"Th\u00e0nh c\u00f4ng""#))
    }

    @Test func receipt() throws {
        let reply = try VXPReceivedReply(parsing: VXPReply.success(docID: "d-1"))
        #expect(reply.isSuccess && reply.docID == "d-1" && reply.status == "OK")
    }

    @Test(arguments: [0, 7, 10_001])
    func count(count: Int) throws {
        let body = VXPReply.success(count: count)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"status":"OK","ErrorCode":"0","ErrorDesc":"Th\u00e0nh c\u00f4ng","count":"# + "\(count)}")
        #expect(try VXPReceivedReply.count(parsing: body) == count)
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.count(parsing: VXPReply.success()) }
    }

    @Test(arguments: Refusal.Code.allCases)
    func no(code: Refusal.Code) throws {
        let refusal = Refusal(code, "chi tiết \u{1F1FB}\u{1F1F3} \"<\u{0}\u{2028}>\"")
        let body = VXPReply.refusal(refusal, requestID: requestID)
        let object = try object(body)
        #expect(object["status"] as? String == "FAIL")
        #expect(object["ErrorCode"] as? String == refusal.entry.vxp)
        #expect(object["code"] as? String == code.rawValue)
        #expect(object["requestId"] as? String == requestID.description)
        #expect(object["remedy"] as? String == refusal.entry.remedyVietnamese)
        let sentence = try #require(object["ErrorDesc"] as? String)
        let detail = try #require(refusal.detail)
        for part in [
            refusal.entry.vietnamese, detail, code.rawValue, refusal.entry.remedyVietnamese, requestID.description,
        ] {
            #expect(sentence.contains(part))
        }
        let reply = try VXPReceivedReply(parsing: body)
        #expect(!reply.isSuccess && reply.code == code.rawValue && reply.requestID == requestID.description)
    }

    private func receivedItem() throws -> VXPReceivedItem {
        VXPReceivedItem(
            docID: DeliveryID(), messageType: .edoc, created: Sample.now,
            updated: Sample.now.advanced(by: .seconds(60)),
            from: "H52", to: "000.00.13.H52", status: .initial)
    }

    private func body<Item: VXPListItem>(_ items: [Item], _ outcome: VXPOutcome) -> [UInt8] {
        var list = VXPListReply<Item>()
        var body = VXPListReply<Item>.prefix
        for item in items { body += list.append(item) }
        return body + list.finish(outcome)
    }

    @Test(arguments: [0, 1, 3])
    func receivedList(count: Int) throws {
        let items = try (0..<count).map { _ in try receivedItem() }
        let body = body(items, .success)
        let data = try #require(try object(body)["data"] as? [[String: String]])
        #expect(data.count == count)
        for (object, item) in zip(data, items) {
            #expect(
                object == [
                    "docId": item.docId, "serviceType": "eDoc", "messageType": "edoc",
                    "created_time": "13/10/2025 14:22:33",
                    "updated_time": "13/10/2025 14:23:33", "from": "H52", "to": "000.00.13.H52", "status": "initial",
                    "status_desc": "Chờ nhận",
                ])
        }
        #expect(try VXPReceivedReply.items(VXPReceivedItem.self, parsing: body) == items)
    }

    @Test func sentList() throws {
        let item = VXPSentItem(
            messageType: .edoc, title: "V/v \"kiểm tra\" <đất đai>", notation: "7816/VPCP-TTĐT",
            from: "H52", to: "H53", senderDocID: PackageID(),
            receiverDocID: DeliveryID(), sent: Sample.now, received: nil, sendStatus: ("sent", "Đã gửi"),
            receiveStatus: (.done, VXPItemStatus.done.vietnamese))
        let body = body([item], .success)
        let data = try #require(try object(body)["data"] as? [[String: String]])
        #expect(
            Set(try #require(data.first).keys) == [
                "serviceType", "messageType", "title", "notation", "fromCode", "toCode", "senderDocId", "receiverDocId",
                "sentTime", "receivedTime", "sendStatus", "sendStatusDesc", "receiveStatus", "receiveStatusDesc",
            ])
        #expect(data.first?["receivedTime"] == "")
        #expect(try VXPReceivedReply.items(VXPSentItem.self, parsing: body) == [item])
    }

    @Test func agencies() throws {
        let item = VXPAgencyItem(
            id: "7", parentID: nil, code: try AgencyID(parsing: "H52.13"), name: "Sở Xây dựng", mail: nil,
            oldCode: try AgencyID(parsing: "000.00.13.H52"))
        let body = body([item], .success)
        let data = try #require(try object(body)["data"] as? [[String: String]])
        #expect(
            data.first == [
                "id": "7", "pid": "", "code": "H52.13", "name": "Sở Xây dựng", "mail": "", "oldCode": "000.00.13.H52",
            ])
        #expect(try VXPReceivedReply.items(VXPAgencyItem.self, parsing: body) == [item])
    }

    @Test func registryListsByteForByte() throws {
        let qd20 = VXPQD20AgencyItem(
            id: "7", code: try AgencyID(parsing: "H52.13"), code102: try AgencyID(parsing: "000.00.13.H52"),
            name: "Sở", mail: nil)
        #expect(
            String(decoding: body([qd20], .success), as: UTF8.self)
                == #"{"data":[{"id":"7","code":"H52.13","code102":"000.00.13.H52","name":"S\u1edf","mail":""}],"#
                + #""status":"OK","ErrorCode":"0","ErrorDesc":"Th\u00e0nh c\u00f4ng"}"#)
        let unit = VXPUnitItem(
            id: "7", parentID: "2", code: try AgencyID(parsing: "H52.13"), name: "Sở", mail: "a@example.vn",
            version: 9, center: try AgencyID(parsing: "00.01.W00"), isDeleted: true, modified: Sample.now)
        var list = VXPListReply<VXPUnitItem>()
        let units = VXPListReply<VXPUnitItem>.prefix + list.append(unit) + list.finish(.success, version: 12)
        #expect(
            String(decoding: units, as: UTF8.self)
                == #"{"data":[{"id":"7","pid":"2","code":"H52.13","name":"S\u1edf","mail":"a@example.vn","version":"9","#
                + #""centerCode":"00.01.W00","deleted":"true","modifyDate":"13/10/2025 14:22:33","isAgency":"true"}],"#
                + #""version":"12","status":"OK","ErrorCode":"0","ErrorDesc":"Th\u00e0nh c\u00f4ng"}"#)
        #expect(try VXPReceivedReply.items(VXPUnitItem.self, parsing: units) == [unit])
        #expect(try VXPReceivedReply.version(parsing: units) == 12)
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.version(parsing: body([unit], .success)) }
    }

    @Test func aRequestThatWaits() throws {
        let body = VXPReply.success(waiting: AgencyRequestNumber(7))
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"status":"OK","ErrorCode":"0","ErrorDesc":"\u0110\u00e3 ghi nh\u1eadn \u0111\u1ec1 ngh\u1ecb "#
                + #"s\u1ed1 7, ch\u1edd \u0111\u01a1n v\u1ecb v\u1eadn h\u00e0nh tr\u1ee5c duy\u1ec7t","#
                + #""requestNumber":"7"}"#)
        #expect(try VXPReceivedReply.requestNumber(parsing: body) == AgencyRequestNumber(7))
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.requestNumber(parsing: VXPReply.success()) }
    }

    /// A list that broke down in the middle says so, and a client that checks does not take it for a short list.
    @Test func aListThatBrokeDown() throws {
        let body = body([try receivedItem()], .refused(Refusal(.databaseUnavailable), requestID))
        #expect(try object(body)["status"] as? String == "FAIL")
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.items(VXPReceivedItem.self, parsing: body) }
    }

    private func contentBody(_ chunks: [[UInt8]], _ outcome: VXPOutcome) -> [UInt8] {
        var reply = VXPContentReply()
        var body = VXPContentReply.prefix
        for chunk in chunks { body += chunk.withUnsafeBytes { reply.append($0) } }
        return body + reply.finish(outcome)
    }

    @Test(arguments: [0, 1, 2, 3, 1000])
    func content(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let body = contentBody([Array(bytes.prefix(2)), Array(bytes.dropFirst(2))], .success)
        #expect(String(decoding: body, as: UTF8.self).hasPrefix(#"{"data":""#))
        #expect(try object(body)["data"] as? String == Data(bytes).base64EncodedString())
        #expect(try VXPReceivedReply.content(parsing: body) == bytes)
    }

    @Test func damagedContentIsNeverOK() throws {
        let body = contentBody([[1, 2, 3, 4]], .refused(Refusal(.contentDamaged), requestID))
        let object = try object(body)
        #expect(object["status"] as? String == "FAIL")
        #expect(object["ErrorCode"] as? String == "21")
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.content(parsing: body) }
    }

    @Test(arguments: [
        "", "<html>", "{}", "[]", #"{"status":"OK"}"#, #"{"status":"OK","ErrorCode":null,"ErrorDesc":""}"#,
    ])
    func whatIsNoAnswer(body: String) {
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply(parsing: Array(body.utf8)) }
    }

    @Test func anAnswerWithoutDataIsNoList() {
        let body = VXPReply.success()
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.items(VXPReceivedItem.self, parsing: body) }
        #expect(throws: ParsingProblem.self) { try VXPReceivedReply.content(parsing: body) }
    }
}
