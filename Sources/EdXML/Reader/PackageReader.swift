// SPDX-License-Identifier: Apache-2.0
import Trust

/// Reads one package as its bytes come in: header, manifest, digests and everything that is wrong with it.
///
/// One pass and bounded memory: the bytes of attachments are digested and dropped. The same bytes give the same
/// reading however they are cut into pieces, because the parser is always given blocks of `blockSize`; an answer
/// about the header can therefore be that many bytes late.
///
/// For one owner: not thread-safe. Nothing here blocks.
public final class PackageReader {
    /// What the parser gets at once, in bytes.
    public static let blockSize = 16384

    private let limits: PackageLimits
    private let scanner: PackageScanner
    private let parser: PushParser
    private var digest = SHA256()
    private var size = 0
    private var blocks = Blocks(size: blockSize)

    /// - Parameter attachments: told of every attachment's bytes while they are read.
    public init(limits: PackageLimits = .standard, attachments: (any AttachmentObserver)? = nil) {
        self.limits = limits
        let schema = CompiledSchema.shared
        scanner = PackageScanner(limits: limits, validator: SchemaValidator(schema), observer: attachments)
        parser = PushParser(events: scanner)
    }

    /// Takes the next bytes, as many as there are. After a refusal that ends the reading they only enter the digest.
    public func feed(_ bytes: UnsafeRawBufferPointer) {
        digest.update(bytes)
        size += bytes.count
        guard !scanner.stopped else { return }
        guard size <= limits.totalBytes else {
            return scanner.refuse(.totalBytes, "more than \(limits.totalBytes) bytes")
        }
        blocks.cut(bytes) { parse($0) }
    }

    /// Takes the next bytes.
    public func feed(_ bytes: some Collection<UInt8>) {
        let contiguous: Void? = bytes.withContiguousStorageIfAvailable { feed(UnsafeRawBufferPointer($0)) }
        if contiguous == nil { Array(bytes).withUnsafeBytes { feed($0) } }
    }

    /// The header, as soon as the block with `</edXMLHeader>` is complete.
    public var header: PackageHeader? { scanner.header }

    /// What has been found so far; final for the header once `header` is there.
    public var findings: [Finding] { scanner.log.findings }

    /// Whether the verdict can only be `refuse` any more. A caller that wants no further findings may stop here.
    public var isRefused: Bool { scanner.log.hasErrors }

    /// Of all bytes fed so far.
    public var digestSoFar: SHA256Digest { digest.current() }

    /// Bytes fed so far.
    public var sizeSoFar: Int { size }

    /// Judges the whole. To be called once, after the last byte.
    public func finish() -> PackageReading {
        if !scanner.stopped {
            blocks.rest { parse($0) }
            scanner.willEnd()
            parser.end()
            scanner.ended()
        }
        return scanner.reading(size: size, digest: digest.current())
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        guard !scanner.stopped, !bytes.isEmpty else { return }
        scanner.willParse(bytes)
        parser.parse(bytes)
        if !scanner.stopped, parser.bytesSinceEvent > limits.markupBytes {
            scanner.refuse(.markupBytes, "a tag or comment of more than \(limits.markupBytes) bytes")
        }
    }
}
