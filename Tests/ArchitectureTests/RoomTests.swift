// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct RoomTests {
    @Test func `every folder of Sources is a room or a C module of the table`() throws {
        let known = Set(Room.all.map(\.name)).union(Room.cModules)
        #expect(try Repository.folders(in: "Sources").filter { !known.contains($0) } == [])
    }

    @Test(arguments: Room.all.map(\.name))
    func `a room imports only what the table allows`(name: String) throws {
        let room = try #require(Room.all.first { $0.name == name })
        let sources = try Repository.swift(under: "Sources/\(name)")
        #expect(!sources.isEmpty)
        for violation in sources.flatMap(room.violations) { Issue.record("\(violation)") }
    }

    @Test(arguments: [
        ("Exchange", "import Logging"), ("Exchange", "import Trust"), ("Delivery", "import Store"),
        ("Delivery", "import Dispatch"), ("AuditLog", "import Store"),
        ("VXPProtocol", "@testable import EdXML"), ("Trust", "import CPostgreSQL"), ("Hub", "import Hummingbird"),
        ("Hub", "import VXPProtocol"), ("Hub", "import Surfaces"), ("Surfaces", "internal import Store"),
        ("Surfaces", "import struct CPostgreSQL.PGconn"), ("Store", "import Hub"), ("Store", "import TestKit"),
        ("truc", "import TestKit"), ("truc", "import CPostgreSQL"), ("TestKit", "import Surfaces"),
        ("EdXML", "import NIOCore"),
    ])
    func `the table can say no`(name: String, statement: String) throws {
        let room = try #require(Room.all.first { $0.name == name })
        let source = SwiftSource(path: "Sources/\(name)/Sample.swift", text: "import Foundation\n\(statement)\n")
        #expect(room.violations(in: source).map(\.line) == [2])
    }

    @Test func `the rooms stand in an order: none imports a later one`() {
        var earlier = Room.cModules
        for room in Room.all {
            #expect(room.rooms.isSubset(of: earlier), "\(room.name)")
            earlier.insert(room.name)
        }
    }

    /// The fuzzers compile the same sources by a manifest of their own, and after everything else.
    @Test func `a room that the fuzzers compile has its resources there too`() throws {
        let (product, fuzzers) = try (resources("Package.swift"), resources("Fuzz/Package.swift"))
        let both = fuzzers.keys.filter { product[$0] != nil }
        #expect(both.count >= 4)
        for name in both { #expect(fuzzers[name] == product[name], "\(name)") }
        #expect(fuzzers["Exchange"]?.isEmpty == false && fuzzers["EdXML"]?.isEmpty == false)
    }

    /// What stands between the brackets of `resources:`, by room.
    private func resources(_ manifest: String) throws -> [String: String] {
        let text = try Repository.text(of: manifest)
        var found: [String: String] = [:]
        for match in text.matches(of: #/room\(\s*"(?<name>\w+)"(?<rest>(?:(?!room\()[\s\S])*)/#) {
            let list = match.output.rest.firstMatch(of: #/resources: \[(?<list>[^\]]*)\]/#)
            found[String(match.output.name)] = list.map { String($0.output.list) } ?? ""
        }
        return found
    }

    @Test(arguments: Room.tested)
    func `every room has tests of its own`(name: String) throws {
        let tested = try Repository.swift(under: "Tests/\(name)Tests").contains(where: holdsTest)
        #expect(tested, "Tests/\(name)Tests has no @Test")
    }

    @Test func `a comment about tests is no test`() {
        #expect(holdsTest(SwiftSource(path: "", text: "@Suite struct A {\n    @Test func b() {}\n}\n")))
        #expect(
            !holdsTest(
                SwiftSource(path: "", text: "// @Test func b() {}\nlet c = \"@Test func\"\n@Tested func d() {}\n")))
    }

    private func holdsTest(_ source: SwiftSource) -> Bool {
        source.code.contains { $0.firstMatch(of: #/@Test(?!\w)/#) != nil }
    }
}
