// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite struct ContentPlaceTests {
    private static let id = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

    @Test func textAndPathAreTheDocumentedOnes() throws {
        let segment = try ContentPlace(parsing: "seg:2026-11:\(Self.id):8192:102400")
        #expect(segment.path == "segments/2026-11/\(Self.id).seg")
        #expect(segment.length == 102_400)
        let file = try ContentPlace(parsing: "file:2026-02:\(Self.id):5242880")
        #expect(file.path == "large/2026-02/\(Self.id).edxml")
        #expect(file.length == 5_242_880)
    }

    @Test func everyPlaceIsReadBackFromItsText() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1_000 {
            let day = CalendarDate(daysSince1970: Int64.random(in: -719_162...2_932_896, using: &random))
            let file = ContentFile(id: ContentFileID(), on: day)
            let length = Int.random(in: 0...ContentStore.maxContentLength, using: &random)
            let offset = Int64.random(in: 0...ContentPlace.maxOffset / 4096, using: &random) * 4096
            for place in [ContentPlace.segment(file, offset: offset, length: length), .file(file, length: length)] {
                #expect(place.description.utf8.count <= ContentPlace.maxTextLength)
                #expect(try ContentPlace(parsing: place.description) == place)
                let json = try JSONEncoder().encode([place])
                #expect(try JSONDecoder().decode([ContentPlace].self, from: json) == [place])
            }
        }
    }

    @Test(arguments: [
        "", ":", "seg", "seg::::", "file:::", "disk:2026-11:\(id):0", "SEG:2026-11:\(id):0:1",
        "file:../../etc:\(id):1", "file:2026-11:../../../../../../../../etc/passwd-abcd:1", "file:2026/11:\(id):1",
        "file:2026-13:\(id):1", "file:2026-00:\(id):1", "file:0000-01:\(id):1", "file:2026-11-01:\(id):1",
        "file:2026-1:\(id):1",
        "file:2026-11:\(id.uppercased()):1", "file:2026-11:\(id)\0:1", "file:2026-11:{\(id)}:1", "file:2026-11::1",
        "file:2026-11:\(id):-1", "file:2026-11:\(id):+1", "file:2026-11:\(id):01", "file:2026-11:\(id): 1",
        "file:2026-11:\(id):1 ", "file:2026-11:\(id):1\n", "file:2026-11:\(id):", "file:2026-11:\(id):1:1",
        "file:2026-11:\(id):١",
        "file:2026-11:\(id):99999999999999999999", "file:2026-11:\(id):2148007937",
        "seg:2026-11:\(id):4095:1", "seg:2026-11:\(id):-4096:1", "seg:2026-11:\(id):1099511631872:1",
        "seg:2026-11:\(id):0",
        "seg:2026-11:\(id):9223372036854775807:1", "file:2026-11:\(id):1" + String(repeating: "0", count: 1_000),
    ])
    func nothingElseIsAPlace(_ text: String) {
        #expect(throws: ParsingProblem.self) { try ContentPlace(parsing: text) }
    }

    /// Whatever a changed text is read as, it is that text's own place and lies in the store's two folders.
    @Test func changedTextsNeverLeaveTheDirectory() {
        var random = SeededGenerator(seed: 2)
        let alphabet = Array("0123456789abcdef-:/.\0seg\u{e9}")
        for text in ["seg:2026-11:\(Self.id):8192:102400", "file:2026-11:\(Self.id):102400"] {
            for _ in 0..<5_000 {
                var characters = Array(text)
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    characters[Int.random(in: characters.indices, using: &random)] =
                        alphabet[Int.random(in: alphabet.indices, using: &random)]
                }
                guard let place = try? ContentPlace(parsing: String(characters)) else { continue }
                #expect(place.description == String(characters))
                #expect(place.path.split(separator: "/").count == 3)
                #expect(!place.path.contains(".."))
                #expect(place.path.hasPrefix("segments/") || place.path.hasPrefix("large/"))
            }
        }
    }
}
