// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import TestKit
import Testing

@testable import truc

/// What an operator types, exactly at each bound and one beyond.
@Suite struct InputTests {
    @Test func `a secret from a file has so many bytes, line end apart`() throws {
        let path = try TestCluster.temporaryDirectory() + "/secret"
        for (count, isTaken) in [(15, false), (16, true), (1_024, true), (1_025, false)] {
            for end in ["", "\n", "\r\n"] {
                try Data((String(repeating: "x", count: count) + end).utf8).write(to: URL(fileURLWithPath: path))
                let source = try SecretSource.parse(["--secret-file", path])
                if isTaken {
                    #expect(try source.make().bytes.count == count)
                } else {
                    #expect { try source.make() } throws: { ($0 as? Refusal)?.code == .registryInvalid }
                }
            }
        }
    }

    @Test(arguments: [(-1, false), (0, true), (2_160, true), (2_161, false)])
    func `two secrets overlap for ninety days at most`(hours: Int, isTaken: Bool) {
        let arguments = ["qlvb.soxd", "--generate-secret", "--overlap-hours=\(hours)"]
        #expect(((try? SystemCommand.RotateSecret.parse(arguments)) != nil) == isTaken)
    }

    @Test func `a name has so many characters`() throws {
        let longest = String(repeating: "ế", count: Input.maxText)
        #expect(try Input.text("  \(longest) ", "--name") == longest)
        for wrong in [longest + "x", "", " \n", "a\u{1B}b"] {
            #expect { try Input.text(wrong, "--name") } throws: { ($0 as? Refusal)?.code == .registryInvalid }
        }
    }

    @Test(arguments: [
        ("--connections", 1, 1_000), ("--packages", 1, 1_000_000), ("--size", 8 << 10, 250 << 20),
        ("--large", 8 << 10, 250 << 20),
    ])
    func `a bench has its bounds`(option: String, least: Int, most: Int) {
        for (value, isTaken) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let parsed = try? BenchCommand.Accept.parse([option, "\(value)"])
            #expect((parsed != nil) == isTaken, "\(option) \(value)")
        }
    }
}
