// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct SettingsCatalogueTests {
    @Test func `there are no more than anybody can know, each said once and in both languages`() {
        let catalogue = Settings.catalogue
        #expect(catalogue.count <= 40)
        #expect(catalogue.count <= Settings.maxEntries)
        #expect(Set(catalogue.map(\.name)).count == catalogue.count)
        #expect(Set(catalogue.map(\.variable)).isDisjoint(with: Settings.otherVariables))
        for entry in catalogue {
            #expect(entry.name.wholeMatch(of: /[a-z][a-z0-9]*(?:-[a-z0-9]+)*/) != nil, "\(entry.name)")
            for sentence in [entry.vietnamese, entry.english] {
                #expect(sentence.hasSuffix(".") && sentence.count > 10 && !sentence.contains("|"), "\(entry.name)")
            }
            #expect(entry.vietnamese != entry.english && !entry.range.isEmpty)
        }
    }

    @Test func `every default is one that may be set, and reads back as itself`() throws {
        for entry in Settings.catalogue {
            var settings = Settings()
            try entry.set(entry.defaultValue, in: &settings)
            #expect(settings == Settings(), "\(entry.name)")
        }
    }

    @Test func `every setting changes something of its own`() throws {
        for entry in Settings.catalogue {
            let other =
                switch entry.defaultValue {
                case "true": "false"
                case "false": "true"
                case let value where Int(value) != nil: String((Int(value) ?? 0) + 1)
                case "info": "debug"
                case "segments": "chunks"
                case "127.0.0.1:8080": "127.0.0.1:1"
                case _ where entry.range.hasPrefix("addresses"): "192.0.2.1"
                case _ where entry.range.hasPrefix("networks"): "10.0.0.0/8"
                default: "x"
                }
            var settings = Settings()
            try entry.set(other, in: &settings)
            #expect(entry.value(in: settings) == other)
            let changed = Settings.catalogue.filter { $0.value(in: settings) != $0.defaultValue }
            #expect(changed.map(\.name) == [entry.name])
        }
    }

    @Test func `a number is taken at both ends of its range and not beside them`() throws {
        var numbers = 0
        for entry in Settings.catalogue where entry.unit != nil {
            let ends = entry.range.split(separator: " ").compactMap { Int($0) }
            try #require(ends.count == 2, "\(entry.name)")
            numbers += 1
            var settings = Settings()
            for end in ends { try entry.set(String(end), in: &settings) }
            for beside in [String(ends[0] - 1), String(ends[1] + 1), "", " 1", "+1", "1.0", "١"] {
                #expect(throws: ParsingProblem.self, "\(entry.name) \(beside)") { try entry.set(beside, in: &settings) }
            }
            #expect(entry.value(in: settings) == String(ends[1]))
        }
        #expect(numbers > 5)
    }

    @Test(arguments: ["a\u{0}b", "a\nb", String(repeating: "a", count: SettingEntry.maxValueBytes + 1)])
    func `a text has no control characters and an end`(value: String) throws {
        let entry = try #require(Settings.entry(named: "hub-name"))
        var settings = Settings()
        #expect(throws: ParsingProblem.self) { try entry.set(value, in: &settings) }
        try entry.set(String(repeating: "a", count: SettingEntry.maxValueBytes), in: &settings)
    }
}
