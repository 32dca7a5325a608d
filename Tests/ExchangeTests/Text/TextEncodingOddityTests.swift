// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Exchange

@Suite struct TextEncodingOddityTests {
    @Test(arguments: [
        "", "ASCII only", "Quyết định về việc ban hành quy chế", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Ủy ban nhân dân",
        "Sở Xây dựng tỉnh Mẫu, số 12/SXD-VP", "à", "Há", "Là cá kho", "Hà Nội", "Cà Mau",
        "Procès-verbal de la réunion du comité à Genève, été", "École supérieure où l'élève a été reçu, né à Sète",
        "Größe über Straße für Österreich", "El Niño y la educación en España, año mil", "São João, não há informação",
        "北京市人民政府", "Lǐ Wěi, Běijīng", "Nguyen Van A", "Công ty Société Générale", "Café Müller", "naïve façade",
        "§ 5 Abs. 2", "50 °C ± 2", "© 2026 ®", "№ 5", "x̄ = 3", "Здравствуйте", "“Thông báo” – số 5…",
        "Trường Đại học Paris-Est Créteil à Hà Nội", "Công văn hỏa tốc",
    ])
    func theseAreAsTheyShouldBe(text: String) {
        #expect(TextEncodingOddity.of(text) == nil, "\(text)")
    }

    @Test(arguments: ["Quyết định về việc ban hành quy chế", "Hà Nội", "Nguyễn Văn A", "Procès-verbal"])
    func decomposedLettersAreFound(text: String) {
        #expect(TextEncodingOddity.of(text.decomposedStringWithCanonicalMapping) == .decomposed)
        // One letter among composed ones is enough.
        #expect(TextEncodingOddity.of(text + " a\u{301}") == .decomposed)
    }

    @Test(arguments: [
        "Céng hßa x· héi chñ nghÜa ViÖt Nam", "QuyÕt ®Þnh vÒ viÖc ban hµnh quy chÕ", "Uû ban nh©n d©n tØnh",
        "V/v kiÓm tra c«ng tr×nh sè 15", "Së X©y dùng", "B¸o c¸o c«ng t¸c th¸ng 11",
    ])
    func theFontsOfTCVN(text: String) { #expect(TextEncodingOddity.of(text) == .tcvn3, "\(text)") }

    @Test(arguments: [
        "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Quyeát ñònh veà vieäc ban haønh quy cheá",
        "Uûy ban nhaân daân tænh",
        "COÄNG HOØA XAÕ HOÄI CHUÛ NGHÓA VIEÄT NAM", "V/v kieåm tra coâng trình soá 15", "Ñoäc laäp - Töï do",
    ])
    func theFontsOfVNI(text: String) { #expect(TextEncodingOddity.of(text) == .vni, "\(text)") }

    @Test(arguments: [
        ("quyết", true), ("nghĩa", true), ("thuở", true), ("giường", true), ("xoong", true), ("khuya", true),
        ("ý", true),
        ("uỷ", true), ("ngoẹo", true), ("rộunion", false), ("ộtộ", false), ("strao", false), ("fỹr", false),
        ("", false),
        ("àá", false), ("tẩắn", false),
    ])
    func syllables(word: String, isOne: Bool) { #expect(VietnameseSyllable.isOne(word) == isOne, "\(word)") }

    @Test func aLongTextIsLookedAtToItsBound() {
        let filler = String(repeating: "a", count: TextEncodingOddity.maxScanned - 2)
        #expect(TextEncodingOddity.of(filler + "a\u{301}") == .decomposed)
        #expect(TextEncodingOddity.of(filler + "aaa\u{301}") == nil)
    }
}
