// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What is odd about how a Vietnamese text is encoded. Never a reason to change a byte of it, only to tell its sender: the
/// receiver's system may show it wrongly, or not find it.
///
/// QĐ 72/2002/QĐ-TTg: agencies exchange text in Unicode (TCVN 6909:2001).
public enum TextEncodingOddity: String, CaseIterable, Sendable, Codable {
    /// Letters and their marks are apart (NFD), where Vietnamese is written with composed letters.
    case decomposed
    /// Bytes of the fonts of TCVN 5712 (`.VnTime`), taken for Latin-1: `Céng hßa x· héi`.
    case tcvn3
    /// Bytes of the fonts of VNI, taken for Latin-1: `Coäng hoøa xaõ hoäi`.
    case vni

    /// Longest text that is looked at, in Unicode scalars; the rest of a longer one is not.
    public static let maxScanned = 20_000
    /// Least number of words that must come out as Vietnamese syllables before a text is taken for an old encoding's.
    static let leastSyllables = 2

    /// What is odd about a text; nil for most.
    public static func of(_ text: String) -> TextEncodingOddity? {
        var (isASCII, hasMarks, isUnicode) = (true, false, false)
        for scalar in text.unicodeScalars.prefix(maxScanned) where scalar.value >= 0x80 {
            isASCII = false
            if isMark(scalar) { hasMarks = true }
            if isVietnameseUnicode(scalar) { isUnicode = true }
        }
        if hasMarks, isDecomposed(text.unicodeScalars.prefix(maxScanned)) { return .decomposed }
        // A letter that only Unicode has: whoever wrote it writes Unicode. Most text is told by that or is plain ASCII.
        guard !isASCII, !isUnicode else { return nil }
        let scalars = Array(text.unicodeScalars.prefix(maxScanned))
        let words = scalars.split { !isLetterOfOldFonts($0) }.filter { word in word.contains { $0.value >= 0x80 } }
        guard words.count >= leastSyllables else { return nil }
        func syllables(_ encoding: OldEncoding) -> Int {
            words.count { word in encoding.decode(word).map { VietnameseSyllable.isOne($0) } ?? false }
        }
        let (tcvn3, vni) = (syllables(.tcvn3), syllables(.vni))
        let most = max(tcvn3, vni)
        // Names and numbers between them may come out as anything.
        guard most >= leastSyllables, most * 3 >= words.count * 2 else { return nil }
        return tcvn3 > vni ? .tcvn3 : .vni
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { (0x300...0x36F).contains(scalar.value) }

    private static func isDecomposed(_ scalars: some Collection<Unicode.Scalar>) -> Bool {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        let written = String(text)
        return !written.precomposedStringWithCanonicalMapping.unicodeScalars.elementsEqual(written.unicodeScalars)
    }

    /// The letters of Vietnamese that Latin-1 does not have.
    private static func isVietnameseUnicode(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x102, 0x103, 0x110, 0x111, 0x128, 0x129, 0x168, 0x169, 0x1A0, 0x1A1, 0x1AF, 0x1B0, 0x1EA0...0x1EF9: true
        default: false
        }
    }

    /// Letters of ASCII, and all of the upper half of Latin-1: the old fonts have letters at the places of signs.
    private static func isLetterOfOldFonts(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0xA1...0xFF: true
        default: false
        }
    }
}

/// An encoding from before Unicode, as its bytes look when they are taken for Latin-1.
private enum OldEncoding {
    case tcvn3
    case vni

    /// The word as it was meant, in lower case; nil when a character has no meaning in this encoding.
    func decode(_ word: some Collection<Unicode.Scalar>) -> String? {
        switch self {
        case .tcvn3:
            var text = ""
            for scalar in word {
                if scalar.value < 0x80 {
                    text.unicodeScalars.append(scalar)
                } else if let letter = Self.tcvn3Letters[scalar] {
                    text.append(letter)
                } else {
                    return nil
                }
            }
            return text.lowercased()
        case .vni:
            var text = ""
            for scalar in word {
                let lower = String(scalar).lowercased()
                if let first = lower.unicodeScalars.first, first.value < 0x80 {
                    text.append(lower)
                } else if let letter = Self.vniLetters[lower] {
                    text.append(letter)
                } else if let marks = Self.vniMarks[lower], let last = text.last, "aeoyuơư".contains(last) {
                    text.unicodeScalars.append(contentsOf: marks.unicodeScalars)
                } else {
                    return nil
                }
            }
            return text.precomposedStringWithCanonicalMapping
        }
    }

    private static func pairs(_ text: String) -> [(Unicode.Scalar, Character)] {
        text.split(separator: " ").compactMap { pair in
            guard let old = pair.unicodeScalars.first, let new = pair.last else { return nil }
            return (old, new)
        }
    }

    /// TCVN 5712:1993 VN3: each letter has a place of its own.
    private static let tcvn3Letters = Dictionary(
        uniqueKeysWithValues: pairs(
            """
            ¡Ă ¢Â £Ê ¤Ô ¥Ơ ¦Ư §Đ ¨ă ©â ªê «ô ¬ơ \u{AD}ư ®đ µà ¶ả ·ã ¸á ¹ạ »ằ ¼ẳ ½ẵ ¾ắ Æặ Çầ Èẩ Éẫ Êấ Ëậ Ìè Îẻ Ïẽ Ðé Ñẹ Òề \
            Óể Ôễ Õế Öệ ×ì Øỉ Üĩ Ýí Þị ßò áỏ âõ ãó äọ åồ æổ çỗ èố éộ êờ ëở ìỡ íớ îợ ïù ñủ òũ óú ôụ õừ öử ÷ữ øứ ùự úỳ ûỷ üỹ ýý þỵ
            """))

    /// VNI for Windows: some letters of their own; the others are a vowel and its marks after it.
    private static let vniLetters: [String: Character] = [
        "ñ": "đ", "ô": "ơ", "ö": "ư", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ",
    ]
    private static let vniMarks: [String: String] = [
        "ù": "\u{301}", "ø": "\u{300}", "û": "\u{309}", "õ": "\u{303}", "ï": "\u{323}", "â": "\u{302}",
        "á": "\u{302}\u{301}", "à": "\u{302}\u{300}", "å": "\u{302}\u{309}", "ã": "\u{302}\u{303}",
        "ä": "\u{302}\u{323}", "ê": "\u{306}", "é": "\u{306}\u{301}", "è": "\u{306}\u{300}", "ú": "\u{306}\u{309}",
        "ü": "\u{306}\u{303}", "ë": "\u{306}\u{323}",
    ]
}

/// Whether letters make a syllable of Vietnamese: what tells an old encoding from French.
enum VietnameseSyllable {
    private static let onsets = [
        "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k", "l", "m",
        "n",
        "p", "r", "s", "t", "v", "x", "",
    ]
    /// Vowels that nothing follows, with the glide that ends some of them.
    private static let open: Set<String> = [
        "a", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ia", "ua", "ưa", "oa", "oe", "uê", "uy", "uya", "uơ", "ai",
        "ao",
        "au", "ay", "âu", "ây", "eo", "êu", "iu", "iêu", "yêu", "oi", "ôi", "ơi", "ui", "ưi", "uôi", "ươi", "ươu", "ưu",
        "oai", "oay", "oao", "oeo", "uây", "uyu",
    ]
    /// Vowels before one of `codas`.
    private static let closed: Set<String> = [
        "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "iê", "yê", "uô", "ươ", "oa", "oă", "oe", "uâ",
        "uê",
        "uy", "uyê", "oo",
    ]
    private static let codas = ["ng", "c", "m", "n", "p", "t"]
    /// Vowels before `nh` and `ch`.
    private static let soft: Set<String> = ["a", "ê", "i", "y", "oa", "uê", "uy"]
    private static let tones: Set<Unicode.Scalar> = ["\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"]

    /// - Parameter word: in lower case.
    static func isOne(_ word: String) -> Bool {
        var tones = 0
        var bare = String.UnicodeScalarView()
        for scalar in word.decomposedStringWithCanonicalMapping.unicodeScalars {
            if Self.tones.contains(scalar) { tones += 1 } else { bare.append(scalar) }
        }
        guard tones <= 1, bare.count <= 12 else { return false }
        let letters = String(bare).precomposedStringWithCanonicalMapping
        for onset in onsets where letters.hasPrefix(onset) {
            let rhyme = String(letters.dropFirst(onset.count))
            if open.contains(rhyme) { return true }
            if rhyme.hasSuffix("nh") || rhyme.hasSuffix("ch") {
                if soft.contains(String(rhyme.dropLast(2))) { return true }
            } else if let coda = codas.first(where: rhyme.hasSuffix) {
                if closed.contains(String(rhyme.dropLast(coda.count))) { return true }
            }
        }
        return false
    }
}
