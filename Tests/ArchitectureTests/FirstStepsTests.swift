// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A command in the README is one that CI runs on every change, or it will be wrong one day.
///
/// In the README, a fenced `sh` block right after the line `<!-- CI runs these -->` holds such commands.
@Suite struct FirstStepsTests {
    @Test func `CI runs the README's first steps`() throws {
        let commands = commandsForCI(in: try Repository.text(of: "README.md"))
        #expect(commands.contains("make demo"))
        #expect(commands.contains("make test"))
        #expect(commands.filter { !isRun($0, by: (try? Repository.text(of: ".ci/run")) ?? "") } == [])
    }

    @Test func `make knows every target that the README or CI asks for`() throws {
        let makefile = try Repository.text(of: "Makefile")
        for path in ["README.md", ".ci/run", "CHANGELOG.md"] {
            let asked = try Repository.text(of: path).matches(
                of: #/(?:^|`|\s)make (?<target>[a-z-]+)/#.anchorsMatchLineEndings()
            )
            .map { String($0.target) }
            #expect(asked.filter { !targets(of: makefile).contains($0) } == [], "\(path)")
        }
        #expect(
            targets(of: makefile).isSuperset(of: [
                "help", "deps", "build", "test", "fuzz", "demo", "bench", "format", "format-check",
            ]))
    }

    @Test func `scripts carry the licence and may be run`() throws {
        for path in [".ci/run", "Makefile", "Fuzz/run"] + Repository.paths(under: "deploy", endingWith: "") {
            let head = try Repository.text(of: path).split(separator: "\n").prefix(2)
            #expect(head.contains("# \(SourceRules.licence)"), "\(path)")
            if head.first?.hasPrefix("#!") == true {
                let place = Repository.root.appending(path: path).path(percentEncoded: false)
                #expect(FileManager.default.isExecutableFile(atPath: place), "\(path)")
            }
        }
    }

    @Test func `the reading of README and CI can fail`() {
        let readme = """
            ```sh
            make unmarked
            ```
            <!-- CI runs these -->

            ```sh
            make demo     # some words
            $ make test

            ```
            ```sh
            make later
            ```
            """
        #expect(commandsForCI(in: readme) == ["make demo", "make test"])
        #expect(commandsForCI(in: "<!-- CI runs these -->\nmake demo\n") == [])
        #expect(isRun("make demo", by: "step make demo ARGS=--exit\n"))
        #expect(isRun("make demo", by: "  make demo"))
        #expect(!isRun("make demo", by: "# make demo\n"))
        #expect(!isRun("make demo", by: "step make demonstration\n"))
        #expect(!isRun("make demo", by: "step remake demo\n"))
        #expect(targets(of: "a: b\n\tmake c:\nd-e:\nX := y\n.PHONY: f\n") == ["a", "d-e"])
    }

    private func commandsForCI(in readme: String) -> [String] {
        var commands: [String] = []
        var marked = false
        var inside = false
        for line in readme.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) where !line.isEmpty {
            if inside {
                guard line != "```" else {
                    inside = false
                    continue
                }
                let command = line.split(separator: "#").first.map(String.init) ?? ""
                let typed = command.trimmingPrefix("$ ").trimmingCharacters(in: .whitespaces)
                if !typed.isEmpty { commands.append(typed) }
            } else {
                inside = marked && line == "```sh"
                marked = line == "<!-- CI runs these -->"
            }
        }
        return commands
    }

    /// Whether a line of the script runs the command, with further arguments or none.
    private func isRun(_ command: String, by script: String) -> Bool {
        let words = command.split(separator: " ")
        return script.split(separator: "\n").contains { line in
            let own = (line.firstIndex(of: "#").map { line[..<$0] } ?? line).split(separator: " ")
            return own.indices.contains { own[$0...].starts(with: words) }
        }
    }

    private func targets(of makefile: String) -> Set<String> {
        Set(makefile.matches(of: #/^(?<name>[a-z-]+):(?!=)/#.anchorsMatchLineEndings()).map { String($0.name) })
    }
}
