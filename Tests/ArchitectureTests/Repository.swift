// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of the repository that this test was compiled from.
enum Repository {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Paths from the root, sorted, of the files under `folder` whose names end so; none for a folder that is not there.
    static func paths(under folder: String, endingWith suffixes: String...) -> [String] {
        let start = root.appending(path: folder).path(percentEncoded: false)
        let found = FileManager.default.enumerator(atPath: start)?.compactMap { $0 as? String } ?? []
        return found.filter { path in suffixes.contains(where: path.hasSuffix) }.map { "\(folder)/\($0)" }.sorted()
    }

    static func folders(in folder: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: folder).path(percentEncoded: false))
        return names.filter { name in
            !name.hasPrefix(".")
                && (try? root.appending(path: "\(folder)/\(name)").resourceValues(forKeys: [.isDirectoryKey])
                    .isDirectory) == true
        }.sorted()
    }

    /// The Swift files under a folder of `Sources` or `Tests`.
    static func swift(under folder: String) throws -> [SwiftSource] {
        try everything.get().filter { $0.path.hasPrefix("\(folder)/") }
    }

    /// Read once for all rules.
    private static let everything = Result {
        try ["Sources", "Tests"].flatMap { folder in
            try paths(under: folder, endingWith: ".swift").map { SwiftSource(path: $0, text: try text(of: $0)) }
        }
    }
}

/// What a rule found: shown as `path:line: what`.
struct Violation: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}
