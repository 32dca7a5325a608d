// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct SwiftSourceTests {
    private func source(_ text: String) -> SwiftSource { SwiftSource(path: "Sources/Room/File.swift", text: text) }

    @Test(arguments: [
        ("import Store", "Store"), ("  import   Store  // why", "Store"), ("@testable import Store", "Store"),
        ("@_exported public import Store", "Store"), ("internal import Store", "Store"),
        ("@_spi(X) import Store", "Store"),
        ("@preconcurrency import Store", "Store"), ("import struct Store.Pool", "Store"),
        ("private import func Store.open", "Store"), ("import Store.Sub", "Store"), ("import A; import Store", "Store"),
        ("import `Store`", "Store"),
    ])
    func `an import is found in each of its forms`(text: String, module: String) {
        #expect(source("let before = 1\n" + text).imports.last?.module == module)
        #expect(source("let before = 1\n" + text).imports.last?.line == 2)
    }

    @Test(arguments: [
        "// import Store", "/* import Store */", "/* /* */\nimport Store\n*/", "let text = \"import Store\"",
        "let text = \"\"\"\nimport Store\n\"\"\"", "let text = #\"\"\"\n\"\"\"\nimport Store\n\"\"\"#", "importStore()",
        "let important = 1", "let path = #/import Store/#",
    ])
    func `what only looks like an import is none`(text: String) {
        #expect(source(text).imports.isEmpty)
    }

    @Test func `literals are read whole, and code inside an interpolation stays code`() {
        let text = ##"""
            let a = "one \"two\" \(call("three", try! x())) four" // five "six"
            let b = #"seven \(eight) "nine""# + """
                ten
                """
            """##
        let read = source(text)
        #expect(read.literals.map(\.text).contains("one two ? four"))
        #expect(read.literals.map(\.text).contains("three"))
        #expect(read.literals.map(\.text).contains(#"seven \(eight) "nine""#))
        #expect(read.literals.contains { $0.text.contains("ten") && $0.line == 2 })
        #expect(read.code[0].contains("try! x()"))
        #expect(!read.code.joined().contains("five"))
        #expect(!read.code.joined().contains("seven"))
        #expect(read.code.count == read.lines.count)
        #expect(read.commentedLines == [1])
    }

    @Test func `a quote in a regex opens no text, and a division opens no regex`() {
        let read = source("let r = /[\"]/\nlet h = #/\"/#\nlet half = whole / 2 // x / y\nimport Store\n")
        #expect(read.literals.isEmpty)
        #expect(read.imports.map(\.module) == ["Store"])
        #expect(read.code[2].contains("whole / 2"))
    }

    @Test func `a file that ends in the middle of something ends the scan`() {
        for text in ["\"", "\"\"\"", "/*", "#\"\\#(", "\"\\(", "\"\\", "let r = #/", "#", "/"] {
            #expect(source(text).lines.count == 1)
        }
    }
}
