// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Glibc

/// A file that holds a secret: read only when nobody else can read it.
public enum PrivateFile {
    /// Largest file, in bytes.
    public static let maxBytes = 256 << 10
    /// Permissions that give the secret away.
    private static let forbidden: mode_t = 0o077
    /// A key that root keeps for a group of services may be read by that group, as PostgreSQL has it.
    private static let forbiddenOfRoot: mode_t = 0o027

    /// Reads the whole file.
    ///
    /// - Parameter isForOwnerOnly: refuses a file of root's that its group may read, too.
    /// - Throws: `ParsingProblem` that names the path and what is wrong with it, never its content.
    public static func read(_ path: String, isForOwnerOnly: Bool = false) throws(ParsingProblem) -> [UInt8] {
        try RegularFile.read(path, maxBytes: maxBytes) { (status) throws(ParsingProblem) in
            let isOfRoot = status.st_uid == 0 && !isForOwnerOnly
            guard status.st_mode & (isOfRoot ? forbiddenOfRoot : forbidden) == 0 else {
                throw ParsingProblem(path, "may be read by others; chmod 600 mends it")
            }
        }
    }
}

/// A file of bounded length and nothing else: a pipe or a device in its place would keep its reader waiting for ever.
public enum RegularFile {
    /// Reads the whole file. Blocking.
    ///
    /// - Parameter check: refuses the file by what the file system says of it.
    /// - Throws: `ParsingProblem` that names the path and what is wrong with it, never its content.
    public static func read(
        _ path: String, maxBytes: Int, check: (stat) throws(ParsingProblem) -> Void = { _ in }
    ) throws(ParsingProblem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ParsingProblem(path, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ParsingProblem(path, "not a file")
        }
        try check(status)
        var bytes = [UInt8](repeating: 0, count: maxBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw ParsingProblem(path, String(cString: strerror(errno))) }
            if got == 0 { break }
            count += got
        }
        guard count <= maxBytes else { throw ParsingProblem(path, "larger than \(maxBytes) bytes") }
        return Array(bytes[..<count])
    }
}
