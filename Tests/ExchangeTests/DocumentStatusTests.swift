// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing

@Suite struct DocumentStatusTests {
    @Test func `the nine codes of edXML and no other`() {
        #expect(DocumentStatus.allCases.map(\.rawValue) == ["01", "02", "03", "04", "05", "06", "13", "15", "16"])
        for code in 0...99 {
            let text = (code < 10 ? "0" : "") + String(code)
            #expect((DocumentStatus(rawValue: text) != nil) == [1, 2, 3, 4, 5, 6, 13, 15, 16].contains(code))
        }
    }

    @Test(arguments: ["", "1", "001", " 01", "01 ", "０１", "arrived", "done", "14", "07"])
    func `a code is two digits exactly`(text: String) {
        #expect(DocumentStatus(rawValue: text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([DocumentStatus].self, from: JSONEncoder().encode([text]))
        }
    }

    @Test func `only the recall request is the sender's word`() {
        #expect(DocumentStatus.allCases.filter { $0.speaker == .sender } == [.recallRequested])
    }

    @Test func `progress follows the codes 01 to 06, the others do not move it`() {
        #expect(DocumentStatus.allCases.compactMap(\.progress) == [1, 2, 3, 4, 5, 6])
        #expect(
            DocumentStatus.allCases.filter { $0.progress == nil } == [.recallRequested, .changeAgreed, .changeDeclined])
    }

    @Test(arguments: [
        (DocumentStatus.arrived, "đã đến"), (.returned, "từ chối nhận (trả lại)"), (.accepted, "đã tiếp nhận"),
        (.assigned, "đã chuyển xử lý"), (.inProgress, "đang xử lý"), (.completed, "đã hoàn thành"),
        (.recallRequested, "yêu cầu thu hồi"), (.changeAgreed, "đồng ý cập nhật, lấy lại"),
        (.changeDeclined, "từ chối cập nhật, lấy lại"),
    ])
    func `a status shows as the state that the regulations name`(status: DocumentStatus, name: String) {
        #expect(status.state.vietnamese == name)
    }
}

@Suite struct DocumentStateTests {
    /// QĐ 28/2018/QĐ-TTg Điều 10.2.h; the same words in QĐ 2588/QĐ-UBND (Sơn La 2018) Điều 11.1.2.g.
    @Test(arguments: [
        "đã đến", "đã tiếp nhận", "đã chuyển xử lý", "đang xử lý", "đã hoàn thành", "từ chối nhận (trả lại)", "thu hồi",
        "xóa",
    ])
    func `every state of the regulations has its value`(name: String) {
        #expect(DocumentState.allCases.filter { $0.vietnamese == name }.count == 1)
    }

    @Test func `no two states share a name, in either language`() {
        #expect(Set(DocumentState.allCases.map(\.vietnamese)).count == DocumentState.allCases.count)
        #expect(Set(DocumentState.allCases.map(\.rawValue)).count == DocumentState.allCases.count)
        #expect(DocumentState(rawValue: "deleted")?.vietnamese == "xóa")
        #expect(DocumentState(rawValue: "xóa") == nil)
    }

    @Test func `each status has a state of its own`() {
        #expect(Set(DocumentStatus.allCases.map(\.state)).count == DocumentStatus.allCases.count)
    }
}
