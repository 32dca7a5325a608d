// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

@testable import EdXML

/// What must hold for whatever the package reader is given.
enum PackageProperties {
    /// Bounds so small that a short input meets them.
    private static let tight: PackageLimits = {
        var limits = PackageLimits()
        limits.headerBytes = 20_000
        limits.markupBytes = 17_000
        limits.textBytes = 200
        limits.depth = 8
        limits.elements = 60
        limits.attributes = 3
        limits.attachments = 2
        limits.recipients = 3
        limits.traces = 2
        limits.findings = 5
        limits.unpackedBytes = 3_000
        limits.unpackedRatio = 2
        limits.unpackedAllowance = 100
        limits.unpackedTotalBytes = 4_000
        return limits
    }()

    static func check(_ input: [UInt8]) throws {
        for limits in [PackageLimits.standard, tight] {
            let reading = read([input[...]], limits)
            try hold(
                read(Pieces(input, longest: 23_000), limits) == reading, "the reading depends on how the bytes came")
            try checkConsistency(reading, of: input, limits)
            if limits == .standard, reading.verdict != .refuse, let header = reading.header {
                try checkRewriting(header, reading)
            }
        }
    }

    private static func read(_ pieces: some Sequence<ArraySlice<UInt8>>, _ limits: PackageLimits) -> PackageReading {
        let reader = PackageReader(limits: limits)
        for piece in pieces { reader.feed(piece) }
        return reader.finish()
    }

    private static func checkConsistency(
        _ reading: PackageReading, of input: [UInt8], _ limits: PackageLimits
    ) throws {
        let hasErrors = reading.findings.contains { $0.severity == .error }
        try hold((reading.verdict == .refuse) == hasErrors, "\(reading.verdict) with \(reading.findings)")
        try hold(reading.verdict != .accept || reading.findings.isEmpty, "accepted without warning, but with findings")
        try hold(
            reading.verdict == .refuse || (reading.header != nil && reading.meaning != nil),
            "accepted without a header or a meaning")
        try hold(reading.size == input.count, "the size is not that of the input")
        try hold(reading.digest == SHA256Digest(of: input), "the digest is not that of the input")
        try hold(reading.findings.count <= limits.findings, "more findings than are allowed")
        try hold(
            reading.attachments.count <= limits.attachments && reading.manifest.count <= limits.attachments,
            "more attachments than are allowed")
        for finding in reading.findings {
            try hold(
                finding.detail.unicodeScalars.count <= Finding.maxDetailLength, "a long detail: \(finding.code)")
        }
        for attachment in reading.attachments {
            try hold(
                attachment.decodedBytes <= input.count / 4 * 3, "an attachment larger than the package that holds it")
        }
        guard reading.verdict != .refuse, case .document(let document) = reading.header else { return }
        try hold(!document.to.isEmpty && document.to.count <= limits.recipients, "\(document.to.count) recipients")
        try hold(document.trace.count <= limits.traces, "\(document.trace.count) traces")
        try hold(document.from.agencyID != nil, "accepted from nobody")
    }

    /// What was accepted is written and read again: the same model, and without attachments the same meaning.
    private static func checkRewriting(_ header: PackageHeader, _ reading: PackageReading) throws {
        let attachments = reading.attachments.enumerated().map { index, attachment in
            OutgoingAttachment(
                contentID: "a\(index)", name: attachment.name ?? "", contentType: "text/plain", content: [0x78])
        }
        let bytes = try PackageWriter.bytes(header, attachments: attachments)
        let again = read([bytes[...]], .standard)
        try hold(again.header == header, "written and read again, the header is another")
        try hold(again.verdict != .refuse, "what we write we refuse: \(again.findings)")
        if reading.attachments.isEmpty {
            try hold(again.meaning == reading.meaning, "written and read again, the meaning is another")
        }
        try hold(
            again.attachments.map(\.name) == reading.attachments.map(\.name), "names of attachments became others")
    }
}
