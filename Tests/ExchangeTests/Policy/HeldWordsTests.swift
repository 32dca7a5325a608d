// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Exchange

@Suite struct HeldWordsTests {
    private func words(_ name: String) throws -> HeldWords {
        HeldWords(try #require(KnownPolicies.named(name)).profile)
    }

    @Test(arguments: [
        "Kế hoạch bảo vệ bí mật nhà nước", "KẾ HOẠCH BẢO VỆ BÍ MẬT NHÀ NƯỚC", "V/v bảo mật hệ thống thông tin",
        "V/v cấp lại mật khẩu", "Nuôi ong lấy mật ong rừng", "Hoa nhiều mật", "Mật độ dân số", "MẬT ĐỘ XÂY DỰNG",
        "Báo cáo giải quyết khiếu nại, tố cáo quý III", "Báo cáo công tác đơn thư năm 2026",
        "Quy trình giải quyết đơn thư", "Đơn giá xây dựng", "", "   ", "Secret", "MATE", "TỐIMẬT",
        "Tối mật độ giao thông giảm",
    ])
    func theseAreNotHeld(subject: String) throws {
        for name in ["quoc-gia", "moc-chau-09-2016"] {
            #expect(try words(name).hit(in: subject) == nil, "\(name): \(subject)")
        }
    }

    @Test(arguments: [
        ("MẬT: V/v bố trí lực lượng", "MẬT", PolicyRule.secretMarks),
        ("(TỐI MẬT) Phương án A", "TỐI MẬT", .secretMarks),
        ("Tài liệu tuyệt mật", "tuyệt mật", .secretMarks), ("văn bản Tối Mật số 5", "tối mật", .secretMarks),
        ("V/v bảo vệ bí mật nhà nước và tài liệu tối mật", "tối mật", .secretMarks),
        ("Chuyển đơn tố cáo của công dân", "đơn tố cáo", .heldKeywords),
        ("Chuyển ĐƠN THƯ  KHIẾU\nNẠI", "đơn thư khiếu nại", .heldKeywords),
        ("Đơn-thư khiếu nại", "đơn thư khiếu nại", .heldKeywords), ("Ấn phẩm đồi trụy", "đồi trụy", .heldKeywords),
    ])
    func theseAre(subject: String, word: String, rule: PolicyRule) throws {
        let words = try words("moc-chau-09-2016")
        for text in [subject, subject.decomposedStringWithCanonicalMapping] {
            #expect(words.hit(in: text) == HeldWords.Hit(word: word, rule: rule), "\(text)")
        }
        #expect(try (self.words("quoc-gia").hit(in: subject) != nil) == (rule == .secretMarks))
    }

    @Test func aProfileWithoutWordsHoldsNothing() {
        #expect(HeldWords(PolicyProfile(name: "a", title: "a", from: .earliest)).hit(in: "TỐI MẬT") == nil)
    }

    @Test func aLongTextIsLookedAtToItsBound() throws {
        let words = try words("quoc-gia")
        let filler = String(repeating: "a ", count: HeldWords.maxScanned / 2 - 4)
        #expect(words.hit(in: filler + "TỐI MẬT") != nil)
        #expect(words.hit(in: filler + "aaaa aaaa TỐI MẬT") == nil)
    }
}
