// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The system calls whose failure decides about durability, so that a test can make each of them fail.
///
/// Each returns what the call returns, or the negated `errno`. None is repeated after a failure: files on disks are not
/// interrupted by signals, and a failed sync must never be tried again on the same file, because the kernel may have
/// dropped the dirty pages and would report success the next time.
struct FileOperations: Sendable {
    /// `pwrite`
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) -> Int = {
        result(pwrite($0, $1.baseAddress, $1.count, off_t($2)))
    }
    /// `posix_fallocate` from an offset, growing the file; slower where the file system has no such call.
    var allocate: @Sendable (_ descriptor: Int32, _ offset: Int64, _ length: Int64) -> Int = {
        -Int(posix_fallocate($0, off_t($1), off_t($2)))
    }
    /// `fdatasync` of a file
    var syncData: @Sendable (_ descriptor: Int32) -> Int = { result(Int(fdatasync($0))) }
    /// `fsync` of a directory
    var syncDirectory: @Sendable (_ descriptor: Int32) -> Int = { result(Int(fsync($0))) }

    static let system = FileOperations()

    private static func result(_ value: Int) -> Int { value >= 0 ? value : -Int(errno) }
}

/// One open file of the content store; closes it when the last reference goes.
///
/// All calls block: never on the cooperative pool.
final class OpenFile: Sendable {
    enum Mode {
        case read
        /// Must not exist yet.
        case create
        /// Must not exist yet; what is written goes past the page cache where the file system can do that (`O_DIRECT`):
        /// copying it there costs more than all other work on a small package, and few read it soon.
        case createDirect
        /// For the removal of leftovers.
        case existing
    }

    /// Path from the content directory.
    let name: String
    private let descriptor: Int32
    private let operations: FileOperations
    /// `O_DIRECT` of `fcntl.h`, which Glibc's module leaves out; its value differs by processor.
    #if arch(arm64)
        static let direct: Int32 = 0o200000
    #else
        static let direct: Int32 = 0o40000
    #endif

    init(_ name: String, in root: String, _ mode: Mode, _ operations: FileOperations) throws(ContentError) {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .create, .createDirect: O_RDWR | O_CREAT | O_EXCL
            case .existing: O_RDWR
            }
        let descriptor = open("\(root)/\(name)", flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            if mode == .read, errno == ENOENT { throw .missing("\(name) is missing") }
            throw ContentError(errno: errno, "open", name)
        }
        self.name = name
        self.descriptor = descriptor
        self.operations = operations
        // A file system that cannot do it says so here or at the first write.
        if mode == .createDirect { _ = setFlag(Self.direct) }
    }

    deinit { close(descriptor) }

    /// Writes all of `bytes`. In a file made with `createDirect` their address, their number and `offset` had better be
    /// multiples of 4096; else it is a plain file from then on.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(ContentError) {
        try withExtendedLifetime(self) { () throws(ContentError) in
            var written = 0
            while written < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                let count = operations.write(descriptor, rest, offset + Int64(written))
                if count == -Int(EINVAL), clearFlag(Self.direct) { continue }
                guard count > 0 else { throw ContentError(errno: count == 0 ? EIO : Int32(-count), "write", name) }
                written += count
            }
        }
    }

    /// Reads until `buffer` is full or the file ends, and returns the number of bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(ContentError) -> Int {
        try withExtendedLifetime(self) { () throws(ContentError) in
            var filled = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
                guard count >= 0 else { throw ContentError(errno: errno, "read", name) }
                if count == 0 { break }
                filled += count
            }
            return filled
        }
    }

    /// Exactly `count` bytes.
    ///
    /// - Throws: `.damaged` when the file ends before them.
    func bytes(_ count: Int, at offset: Int64) throws(ContentError) -> [UInt8] {
        var failure: ContentError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(ContentError) {
                initialized = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard bytes.count == count else { throw .damaged("\(name) ends before byte \(offset + Int64(count))") }
        return bytes
    }

    func syncData() throws(ContentError) {
        try check(withExtendedLifetime(self) { operations.syncData(descriptor) }, "sync")
    }

    /// Reserves blocks on the disk, as zeros.
    func allocate(from offset: Int64, length: Int64) throws(ContentError) {
        try check(withExtendedLifetime(self) { operations.allocate(descriptor, offset, length) }, "allocate")
    }

    /// Gives back what lies behind `length`. Only saves space, so that a failure does not matter.
    func trim(to length: Int64) {
        withExtendedLifetime(self) { _ = ftruncate(descriptor, off_t(length)) }
    }

    /// Length of the file and its number of names: none when somebody removed it.
    func status() throws(ContentError) -> (length: Int64, names: Int) {
        var status = stat()
        let result = withExtendedLifetime(self) { fstat(descriptor, &status) }
        guard result == 0 else { throw ContentError(errno: errno, "stat", name) }
        return (Int64(status.st_size), Int(status.st_nlink))
    }

    /// Marks the file as in use by this process until it is closed (`flock`).
    ///
    /// - Returns: false when another holds it.
    func lock() throws(ContentError) -> Bool {
        let result = withExtendedLifetime(self) { flock(descriptor, LOCK_EX | LOCK_NB) }
        if result == 0 { return true }
        guard errno == EWOULDBLOCK else { throw ContentError(errno: errno, "lock", name) }
        return false
    }

    private func setFlag(_ flag: Int32) -> Bool {
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && fcntl(descriptor, F_SETFL, flags | flag) == 0
    }

    /// - Returns: whether the flag was set until now.
    private func clearFlag(_ flag: Int32) -> Bool {
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && flags & flag != 0 && fcntl(descriptor, F_SETFL, flags & ~flag) == 0
    }

    private func check(_ result: Int, _ action: String) throws(ContentError) {
        guard result >= 0 else { throw ContentError(errno: Int32(-result), action, name) }
    }
}
