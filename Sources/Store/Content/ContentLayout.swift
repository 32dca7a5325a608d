// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// The directories of a content store. All calls block.
struct ContentLayout: Sendable {
    /// The content directory, without a slash at its end.
    let root: String
    let operations: FileOperations

    /// Makes a directory (0700) under the root unless it is there, and its name durable.
    func makeDirectory(_ name: String) throws(ContentError) {
        guard mkdir("\(root)/\(name)", 0o700) == 0 || errno == EEXIST else {
            throw ContentError(errno: errno, "make directory", name)
        }
        // Also when it was there already: another thread may have made it a moment ago and not synced it yet.
        try syncDirectory(name.contains("/") ? String(name.prefix { $0 != "/" }) : "")
    }

    /// Makes the names in a directory durable; "" is the root.
    func syncDirectory(_ name: String) throws(ContentError) {
        let shown = name.isEmpty ? "the content directory" : name
        let descriptor = open("\(root)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ContentError(errno: errno, "open", shown) }
        defer { close(descriptor) }
        let result = operations.syncDirectory(descriptor)
        guard result >= 0 else { throw ContentError(errno: Int32(-result), "sync", shown) }
    }

    /// Removes a file's name. What stays behind when that fails is garbage to which nothing points.
    func remove(_ name: String) { unlink("\(root)/\(name)") }

    /// Names in a directory, sorted by their bytes; none where it is not there.
    func names(in folder: String) throws(ContentError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return []
        } catch {
            throw .unavailable("list \(folder): \(error.localizedDescription)")
        }
    }

    /// What stands under a name, which may be a link and is not followed; nil when nothing does.
    func status(_ name: String) throws(ContentError) -> (isDirectory: Bool, length: Int64)? {
        var status = stat()
        guard lstat("\(root)/\(name)", &status) == 0 else {
            if errno == ENOENT { return nil }
            throw ContentError(errno: errno, "stat", name)
        }
        return (status.st_mode & S_IFMT == S_IFDIR, Int64(status.st_size))
    }

    func rename(_ name: String, to newName: String) throws(ContentError) {
        guard Foundation.rename("\(root)/\(name)", "\(root)/\(newName)") == 0 else {
            throw ContentError(errno: errno, "rename to", newName)
        }
    }

    /// Bytes that an unprivileged process may still write.
    func freeBytes() throws(ContentError) -> Int64 {
        var status = statvfs()
        guard statvfs(root, &status) == 0 else { throw ContentError(errno: errno, "stat", "the content directory") }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Writes a small file, syncs it, reads it back and removes it.
    func probe() throws(ContentError) {
        let name = "spool/\(ContentFileID()).probe"
        let bytes = Array(name.utf8)
        let file = try OpenFile(name, in: root, .create, operations)
        defer { remove(name) }
        try file.writeAll(bytes, at: 0)
        try file.syncData()
        guard try file.bytes(bytes.count, at: 0) == bytes else {
            throw .damaged("a probe in spool/ does not read back as it was written")
        }
    }
}

extension OpenFile {
    func writeAll(_ bytes: [UInt8], at offset: Int64) throws(ContentError) {
        try bytes.span.withUnsafeBytes { (raw) throws(ContentError) in try write(raw, at: offset) }
    }
}
