// SPDX-License-Identifier: Apache-2.0
import Synchronization

@testable import PDFSignatures

/// Counts what is read.
final class CountingSource: PDFSource {
    let largest = Mutex(0)
    let total = Mutex(0)
    private let inner: any PDFSource

    init(_ inner: any PDFSource) { self.inner = inner }

    var length: Int { inner.length }

    func read(at offset: Int, count: Int) throws(PDFProblem) -> [UInt8] {
        let bytes = try inner.read(at: offset, count: count)
        largest.withLock { $0 = max($0, bytes.count) }
        total.withLock { $0 += bytes.count }
        return bytes
    }
}
