// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The bytes of a PDF, at any place: its tables stand at its end. Reading blocks.
public protocol PDFSource: Sendable {
    var length: Int { get }

    /// `count` bytes from `offset` on; fewer only where the file ends.
    func read(at offset: Int, count: Int) throws(PDFProblem) -> [UInt8]
}

/// A PDF in memory.
public struct PDFBytes: PDFSource {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var length: Int { bytes.count }

    public func read(at offset: Int, count: Int) -> [UInt8] {
        guard offset >= 0, offset < bytes.count, count > 0 else { return [] }
        return Array(bytes[offset..<offset + min(count, bytes.count - offset)])
    }
}

/// A PDF in a file that nobody changes meanwhile.
public final class PDFFile: PDFSource {
    public let length: Int
    /// Owned.
    private let descriptor: Int32

    /// - Throws: `.unreadable` for what is no regular file that may be read.
    public init(path: String) throws(PDFProblem) {
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw .unreadable }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw .unreadable
        }
        descriptor = opened
        length = Int(status.st_size)
    }

    deinit { close(descriptor) }

    public func read(at offset: Int, count: Int) throws(PDFProblem) -> [UInt8] {
        guard offset >= 0, offset < length, count > 0 else { return [] }
        let wanted = min(count, length - offset)
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
            while initialized < wanted {
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...])
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + initialized))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failed = true
                    return
                }
                initialized += got
            }
        }
        if failed { throw .unreadable }
        return bytes
    }
}
