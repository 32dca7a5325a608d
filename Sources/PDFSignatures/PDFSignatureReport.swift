// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// What can be told of a PDF's signatures. Facts, and no pronouncement on what the document is worth in law.
///
/// The file is read where it lies: its tables at the end, the few objects that lead to the signatures, and once through
/// for each of these. Memory does not grow with the file.
public struct PDFSignatureReport: Sendable, Equatable {
    /// Most signatures of a file that are verified.
    public static let maxSignatures = 16
    private static let pieceSize = 256 << 10

    public let length: Int
    /// How often the file was saved.
    public let revisions: Int
    /// In the order of what they are over; those that are over nothing first.
    public let signatures: [PDFSignature]
    /// Marks of signatures in the file to which no field of its form leads: removed ones, or those of a file within.
    public let strayMarks: Int
    /// Why the search did not come to its end.
    public let problem: PDFProblem?

    /// Whether an intact signature is over the whole file: nothing was added or changed after the last.
    public var isWhollyCovered: Bool { signatures.contains { $0.coversFile && $0.isIntact } }

    /// Which kinds of signers have signed, among the signatures that are intact.
    public var signers: Set<SignerKind> { Set(signatures.filter(\.isIntact).compactMap(\.signer)) }

    /// Reads a PDF and judges its signatures; blocks while it reads.
    ///
    /// - Parameter seenAt: when these bytes were here for the first time.
    public init(of source: any PDFSource, by store: TrustStore, seenAt: Instant) {
        length = source.length
        var signatures: [PDFSignature] = []
        var (revisions, problem, marked) = (0, PDFProblem?.none, 0)
        do throws(PDFProblem) {
            guard try source.read(at: 0, count: 5) == Array("%PDF-".utf8) else { throw .notPDF }
            var objects = try PDFObjects(source)
            guard objects.tables.trailer("Encrypt") == nil else { throw .encrypted }
            let starts = objects.tables.revisionStarts
            revisions = starts.count
            let fields = try PDFSignatureFields.all(in: &objects)
            for field in fields.prefix(Self.maxSignatures) {
                let reader = SignatureReader(source: source, store: store, seenAt: seenAt, revisionStarts: starts)
                let (signature, hasMark) = try reader.read(field, in: objects)
                signatures.append(signature)
                marked += hasMark ? 1 : 0
            }
            if fields.count > Self.maxSignatures { problem = .tooMuch("signatures") }
        } catch {
            problem = error
        }
        let marks = problem == .notPDF ? [] : (try? Self.marks(in: source)) ?? []
        strayMarks = max(0, marks.count - marked)
        self.revisions = revisions
        self.problem = problem
        self.signatures = signatures.sorted { $0.coveredLength < $1.coveredLength }
    }

    /// Most marks that are counted.
    static let maxMarks = 1_024

    /// The places at which `/ByteRange` stands.
    private static func marks(in source: any PDFSource) throws(PDFProblem) -> [Int] {
        let mark = Array("/ByteRange".utf8)
        var found: [Int] = []
        var offset = 0
        while offset < source.length, found.count < maxMarks {
            let piece = try source.read(at: offset, count: pieceSize)
            guard piece.count >= mark.count else { break }
            piece.withUnsafeBytes { bytes in
                var rest = bytes
                while rest.count >= mark.count, found.count < maxMarks, let base = rest.baseAddress,
                    let next = memchr(base, Int32(mark[0]), rest.count - mark.count + 1)
                {
                    let place = base.distance(to: UnsafeRawPointer(next))
                    if rest[place...].starts(with: mark) { found.append(offset + (bytes.count - rest.count) + place) }
                    rest = UnsafeRawBufferPointer(rebasing: rest[(place + 1)...])
                }
            }
            // What lies across two pieces is found in the next.
            offset += max(1, piece.count - mark.count + 1)
        }
        return found
    }

    /// The digest of the bytes that a signature is over.
    static func digest(
        _ ranges: [Range<Int>], of source: any PDFSource, by algorithm: DigestAlgorithm
    ) throws(PDFProblem) -> [UInt8] {
        let digest = MessageDigest(algorithm)
        for range in ranges {
            var offset = range.lowerBound
            while offset < range.upperBound {
                let piece = try source.read(at: offset, count: min(pieceSize, range.upperBound - offset))
                guard !piece.isEmpty else { throw .unreadable }
                piece.withUnsafeBytes { digest.update($0) }
                offset += piece.count
            }
        }
        return digest.finish()
    }
}

/// Reads and judges one signature.
private struct SignatureReader {
    let source: any PDFSource
    let store: TrustStore
    let seenAt: Instant
    let revisionStarts: [Int]

    /// - Returns: the signature, and whether its dictionary has the mark by which signatures are known.
    func read(
        _ field: PDFSignatureFields.Field, in objects: PDFObjects
    ) throws(PDFProblem) -> (PDFSignature, hasMark: Bool) {
        guard let reference = field.value, let standing = try objects.standing(reference),
            let dictionary = standing.object.dictionary
        else { return (signature(field, nil, .notStanding), false) }
        let parts = PDFSignatureDictionary(dictionary, fileLength: source.length)
        switch parts.ranges {
        case .failure(let fault): return (signature(field, parts, fault), parts.hasByteRange)
        case .success(let ranges):
            let judged = try judge(field, parts, ranges.contents, [ranges.first, ranges.second])
            return (judged, parts.hasByteRange)
        }
    }

    private func judge(
        _ field: PDFSignatureFields.Field, _ parts: PDFSignatureDictionary, _ contents: [UInt8],
        _ ranges: [Range<Int>]
    ) throws(PDFProblem) -> PDFSignature {
        switch parts.subFilter {
        case "ETSI.CAdES.detached", "adbe.pkcs7.detached":
            let signed: SignedData
            do throws(SignedDataFault) { signed = try SignedData(contents) } catch {
                return signature(field, parts, nil, ranges, cmsFault: error)
            }
            // In PAdES the certificate is named in what is signed; content inside would be another document.
            if signed.content != nil { return signature(field, parts, nil, ranges, cmsFault: .contentTypeWrong) }
            if parts.subFilter == "ETSI.CAdES.detached", !signed.bindsCertificate {
                return signature(field, parts, nil, ranges, cmsFault: .attributesMissing)
            }
            let digest = try PDFSignatureReport.digest(ranges, of: source, by: signed.digest)
            let judgement = SignatureJudgement(of: signed, contentDigest: digest, by: store, seenAt: seenAt)
            return signature(field, parts, nil, ranges, judgement: judgement)
        case "ETSI.RFC3161":
            let stamp: TimeStamp
            do throws(SignedDataFault) { stamp = try TimeStamp(token: contents) } catch {
                return signature(field, parts, nil, ranges, cmsFault: error)
            }
            let digest = try PDFSignatureReport.digest(ranges, of: source, by: stamp.digest)
            let judged = SignatureJudgement.stamp(contents, by: store, seenAt: seenAt) { _ in digest }
            return signature(field, parts, nil, ranges, stamp: judged)
        default: return signature(field, parts, .formatUnknown)
        }
    }

    private func signature(
        _ field: PDFSignatureFields.Field, _ parts: PDFSignatureDictionary?, _ fault: PDFSignature.Fault?,
        _ ranges: [Range<Int>] = [], cmsFault: SignedDataFault? = nil, judgement: SignatureJudgement? = nil,
        stamp: SignatureJudgement.Stamp? = nil
    ) -> PDFSignature {
        let end = ranges.last?.upperBound ?? 0
        return PDFSignature(
            field: field.name, kind: parts?.subFilter == "ETSI.RFC3161" ? .timeStamp : .signature,
            subFilter: parts?.subFilter, name: parts?.name, reason: parts?.reason, location: parts?.location,
            coveredLength: end, coversFile: fault == nil && end == source.length,
            revision: fault == nil ? revisionStarts.count { $0 < end } : nil, fault: fault, cmsFault: cmsFault,
            judgement: judgement, stamp: stamp)
    }
}
