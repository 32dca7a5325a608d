// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct SourceRuleTests {
    private func source(_ text: String) -> SwiftSource { SwiftSource(path: "Sample.swift", text: text) }

    private func hold(_ rule: (SwiftSource) -> [Violation], _ sources: [SwiftSource]) {
        #expect(!sources.isEmpty)
        for violation in sources.flatMap(rule) { Issue.record("\(violation)") }
    }

    private func everything() throws -> [SwiftSource] {
        try Repository.swift(under: "Sources") + Repository.swift(under: "Tests")
    }

    @Test func `every file begins with its licence`() throws {
        hold(SourceRules.licence, try everything())
        for path in Repository.paths(under: "Sources", endingWith: ".h") {
            #expect(try Repository.text(of: path).hasPrefix("// \(SourceRules.licence)\n"), "\(path)")
        }
        for path in Repository.paths(under: "Sources", endingWith: ".sql") {
            #expect(try Repository.text(of: path).hasPrefix("-- \(SourceRules.licence)\n"), "\(path)")
        }
        #expect(SourceRules.licence(source("import Foundation\n")).count == 1)
        #expect(SourceRules.licence(source("\n// \(SourceRules.licence)\n")).count == 1)
        #expect(SourceRules.licence(source("")).count == 1)
    }

    @Test func `no file is long`() throws {
        hold(SourceRules.length, try everything())
        #expect(SourceRules.length(source(String(repeating: "\n", count: 600))).isEmpty)
        #expect(SourceRules.length(source(String(repeating: "\n", count: 601))).count == 1)
    }

    @Test func `nothing ends the process for a state that can occur`() throws {
        hold(SourceRules.traps, try everything())
        let bad = source(
            "let a = try! f()\nlet b = c as! D\nfatalError(\"x\")\n// try! in a comment\nlet e = \"as! \\(try! f())\"\n"
        )
        #expect(SourceRules.traps(bad).map(\.line) == [1, 2, 3, 5])
    }

    @Test func `no test waits for time`() throws {
        hold(SourceRules.sleeps, try Repository.swift(under: "Tests"))
        let bad = source("try await Task.sleep(for: .seconds(1))\nusleep(5)\nsleep(1)\nsleeper(1)\n")
        #expect(SourceRules.sleeps(bad).map(\.line) == [1, 2, 3])
    }

    @Test func `deliveries are decided without a clock, a lock or a file`() throws {
        hold(SourceRules.impurity, try Repository.swift(under: "Sources/Delivery"))
        let bad = source("let a = Instant.now()\nlet b = Date()\nlet c = Mutex(0)\nTask { }\nlet nowhere = d.nowhere\n")
        #expect(SourceRules.impurity(bad).map(\.line) == [1, 2, 3, 4])
    }

    @Test func `a promise that the compiler cannot check is explained beside it`() throws {
        hold(SourceRules.unprovenPromises, try everything())
        let bad = source("let x = 1\n\n\n\nfinal class A: @unchecked Sendable {}\nnonisolated(unsafe) var b = 1\n")
        #expect(SourceRules.unprovenPromises(bad).map(\.line) == [5, 6])
        let good = source("/// `@unchecked`: immutable.\n@frozen\nfinal class A:\n    @unchecked Sendable {}\n")
        #expect(SourceRules.unprovenPromises(good).isEmpty)
        let far = source("// about something else\n\n\n\nfinal class A: @unchecked Sendable {}\n")
        #expect(SourceRules.unprovenPromises(far).count == 1)
    }

    @Test func `SQL is written in Store and nowhere else`() throws {
        hold(SourceRules.sql, try Repository.swift(under: "Sources").filter { !$0.path.hasPrefix("Sources/Store/") })
        for text in [
            "INSERT INTO a VALUES (1)", "UPDATE a SET b = 1", "DELETE FROM a", "SELECT 1 FROM a",
            "x; SELECT a\n  FROM b",
            "select a from b", " insert into a values (1)", "update a set b = 1", "delete from a where b",
            "CREATE TABLE a ()",
        ] {
            #expect(SourceRules.sql(source("let a = \"\"\"\n\(text)\n\"\"\"\n")).map(\.line) == [1], "\(text)")
        }
        for text in ["Choose one and delete it from the list.", "You may select a file from here", "SELECTED FROM"] {
            #expect(SourceRules.sql(source("let a = \"\(text)\"")).isEmpty, "\(text)")
        }
        #expect(SourceRules.sql(source("// SELECT a FROM b")).isEmpty)
    }

    @Test func `every target takes warnings for errors`() throws {
        let manifest = SwiftSource(path: "Package.swift", text: try Repository.text(of: "Package.swift"))
        #expect(targetsThatTolerateWarnings(manifest) == 0)
        let bad = source(
            ".treatAllWarnings(as: .error)\n.target(name: a, swiftSettings: strict)\n.testTarget(name: b)\n")
        #expect(targetsThatTolerateWarnings(bad) == 1)
        #expect(targetsThatTolerateWarnings(source(".target(name: a, swiftSettings: strict)")) == 1)
    }

    private func targetsThatTolerateWarnings(_ manifest: SwiftSource) -> Int {
        let code = manifest.code.joined(separator: "\n")
        let targets = code.matches(of: #/\.(?:target|executableTarget|testTarget)\(/#).count
        guard code.contains(".treatAllWarnings(as: .error)") else { return targets }
        return targets - code.matches(of: #/swiftSettings: strict\b/#).count
    }
}
