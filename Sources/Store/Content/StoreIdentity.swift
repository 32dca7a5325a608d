// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// Which content store lies in a directory: the file `store-id`, a UUID and a line feed. The database that describes the
/// store records the same one. All calls block.
enum StoreIdentity {
    private static let name = "store-id"
    /// Longest file, in bytes.
    private static let maxLength = 64

    /// Refuses a directory and a database that do not belong together, before anything is changed in either.
    ///
    /// A database that describes no store yet may take a directory as its own, unless packages lie there already: they
    /// are those of another database.
    /// - Parameter described: the store that the database describes.
    /// - Throws: `.storeMissing`, `.storeMismatch`; `.dataDirectoryUnusable` when that cannot be found out.
    static func requireMatch(described: UUID?, directory: String) throws(Refusal) {
        let layout = ContentLayout(root: directory, operations: .system)
        let found: UUID?
        let isTaken: Bool
        do throws(ContentError) {
            found = try find(in: layout)
            isTaken = described == nil ? try holdsContents(layout) : false
        } catch {
            throw Refusal(.dataDirectoryUnusable, "\(directory): \(error)")
        }
        if isTaken { throw Refusal(.storeMismatch, "\(directory) holds packages of which the database knows nothing") }
        guard let described, described != found else { return }
        guard let found else { throw Refusal(.storeMissing, "database: \(described), directory: \(directory)") }
        throw Refusal(.storeMismatch, "database: \(described), directory: \(found) in \(directory)")
    }

    /// The store that lies there; nil where none was ever made.
    static func find(in layout: ContentLayout) throws(ContentError) -> UUID? {
        guard access("\(layout.root)/\(name)", F_OK) == 0 else {
            if errno == ENOENT { return nil }
            throw ContentError(errno: errno, "look for", "\(layout.root)/\(name)")
        }
        let file = try OpenFile(name, in: layout.root, .read, layout.operations)
        let length = try file.status().length
        guard (0...Int64(maxLength)).contains(length) else { throw .damaged("\(name) is \(length) bytes long") }
        let text = String(decoding: try file.bytes(Int(length), at: 0), as: UTF8.self)
        guard text.hasSuffix("\n"), let id = UUID(uuidString: String(text.dropLast())) else {
            throw .damaged("\(name) is not a UUID and a line feed")
        }
        return id
    }

    /// Reads the store's id, or gives it one.
    static func findOrMake(in layout: ContentLayout) throws(ContentError) -> UUID {
        if let found = try find(in: layout) { return found }
        try make(in: layout)
        guard let made = try find(in: layout) else { throw .damaged("\(name) vanished") }
        return made
    }

    /// Written aside and then linked: the file is never seen half written, and of two first starts one wins.
    private static func make(in layout: ContentLayout) throws(ContentError) {
        let draft = "spool/\(ContentFileID()).\(name)"
        defer { layout.remove(draft) }
        let file = try OpenFile(draft, in: layout.root, .create, layout.operations)
        try file.writeAll(Array("\(UUID().uuidString.lowercased())\n".utf8), at: 0)
        try file.syncData()
        guard link("\(layout.root)/\(draft)", "\(layout.root)/\(name)") == 0 || errno == EEXIST else {
            throw ContentError(errno: errno, "make", name)
        }
        try layout.syncDirectory("")
    }

    /// Whether any content was ever kept there as a file.
    private static func holdsContents(_ layout: ContentLayout) throws(ContentError) -> Bool {
        for folder in [ContentFile.segmentFolder, ContentFile.largeFolder] {
            for month in try layout.names(in: folder) where try !layout.names(in: "\(folder)/\(month)").isEmpty {
                return true
            }
        }
        return false
    }
}
