// SPDX-License-Identifier: Apache-2.0
import Trust

/// Verifies the XML signature (XML-Signature 1.1) of a document while its bytes go by.
///
/// How the bytes are to be written in canonical form and digested is known only when the signature has been read, and it
/// covers what stands before it too. So what precedes its end is kept, within `PackageLimits.headerBytes`, and read a second
/// time from memory; everything after it, which is nearly all of a package, is read once and not kept. Where a signature ends
/// later than that (behind the attachments, as generic tools put it), the bytes have to be fed once more from the
/// beginning: `finish` says so. A DOM is never built.
///
/// A signature counts only when it covers the whole document, by `URI=""` or by identifiers of all children of its
/// outermost element: moving signed parts to where nobody reads them, and others into their place, is then no use.
///
/// The same bytes give the same outcome however they are cut. For one owner: not thread-safe. Nothing here blocks.
public final class SignatureVerifier {
    public enum Progress: Sendable, Equatable {
        case outcome(SignatureOutcome)
        /// The same bytes are needed once more from the beginning: feed them and finish again. At most once.
        case again
    }

    private enum Stage {
        /// The signature has not ended yet.
        case searching(CanonicalReader)
        /// What it covers is being digested.
        case digesting(Digesting)
        /// The signature was read, too late: waits for the second time.
        case waiting(SignatureNode, SignaturePlan)
        case ended(SignatureOutcome)
    }

    private let limits: PackageLimits
    private var blocks = Blocks(size: PackageReader.blockSize)
    private var stage: Stage
    /// What was read while searching; nil once that was more than the bound.
    private var kept: [UInt8]? = []

    public init(limits: PackageLimits = .standard) {
        self.limits = limits
        stage = .searching(CanonicalReader([], limits: limits, keepsSignature: true))
    }

    /// Takes the next bytes, as many as there are.
    public func feed(_ bytes: UnsafeRawBufferPointer) {
        blocks.cut(bytes) { take($0) }
    }

    /// Takes the next bytes.
    public func feed(_ bytes: some Collection<UInt8>) {
        let contiguous: Void? = bytes.withContiguousStorageIfAvailable { feed(UnsafeRawBufferPointer($0)) }
        if contiguous == nil { Array(bytes).withUnsafeBytes { feed($0) } }
    }

    /// To be called after the last byte.
    public func finish() -> Progress {
        blocks.rest { take($0) }
        switch stage {
        case .ended(let outcome): return .outcome(outcome)
        case .searching(let reader):
            reader.finish()
            if let fault = reader.fault { return end(.invalid(fault.finding)) }
            guard reader.signature == nil else { return end(.absent) }
            return end(reader.hasPlaceholder ? .dummy(Self.placeholder) : .absent)
        case .digesting(let digesting): return end(digesting.finish())
        case .waiting(let signature, let plan):
            stage = .digesting(Digesting(signature, plan, limits: limits))
            return .again
        }
    }

    private func end(_ outcome: SignatureOutcome) -> Progress {
        stage = .ended(outcome)
        return .outcome(outcome)
    }

    private func take(_ block: UnsafeRawBufferPointer) {
        guard !block.isEmpty else { return }
        switch stage {
        case .ended, .waiting: return
        case .digesting(let digesting): digesting.reader.parse(block)
        case .searching(let reader):
            reader.parse(block)
            if let count = kept?.count, count + block.count <= limits.headerBytes {
                kept?.append(contentsOf: block)
            } else {
                kept = nil
            }
            stage = next(after: reader)
        }
    }

    private func next(after reader: CanonicalReader) -> Stage {
        if let fault = reader.fault { return .ended(.invalid(fault.finding)) }
        guard let signature = reader.signature else { return .searching(reader) }
        if signature.isBlank { return .ended(.absent) }
        if let why = Self.whyDummy(signature) {
            return .ended(.dummy(Finding(.signatureDummy, line: signature.line, element: "Signature", detail: why)))
        }
        let plan: SignaturePlan
        do throws(SignatureFault) {
            plan = try SignaturePlan(signature)
        } catch {
            return .ended(.invalid(error.finding))
        }
        guard let bytes = kept else { return .waiting(signature, plan) }
        kept = nil
        let digesting = Digesting(signature, plan, limits: limits)
        // In the same blocks in which they came.
        bytes.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: PackageReader.blockSize) {
                let end = min(start + PackageReader.blockSize, bytes.count)
                digesting.reader.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
        }
        return .digesting(digesting)
    }

    private static let placeholder = Finding(
        .signatureDummy, line: 0, element: "Signature", detail: "not in the namespace of XML signatures")

    /// As `SignatureShape`, which tells the reader of packages.
    private static func whyDummy(_ signature: SignatureNode) -> String? {
        guard !signature.all("SignedInfo").isEmpty else { return "no SignedInfo" }
        guard let value = signature.all("SignatureValue").first?.decoded else { return "SignatureValue is not base64" }
        guard value.count >= SignatureShape.minValueBytes else { return "SignatureValue has \(value.count) bytes" }
        let data = signature.all("KeyInfo").first?.all("X509Data") ?? []
        for item in data {
            for certificate in item.all("X509Certificate") {
                guard let der = certificate.decoded, SignatureShape.isWholeSequence(der) else {
                    return "a certificate that was cut off"
                }
            }
        }
        return nil
    }
}

/// The second reading: every reference and `SignedInfo` in their canonical forms into digests.
private final class Digesting {
    let reader: CanonicalReader
    private let signature: SignatureNode
    private let plan: SignaturePlan
    private let digests: [MessageDigest]
    private let info: MessageDigest

    init(_ signature: SignatureNode, _ plan: SignaturePlan, limits: PackageLimits) {
        self.signature = signature
        self.plan = plan
        digests = plan.references.map { MessageDigest($0.digest) }
        info = MessageDigest(plan.algorithm.digest)
        var parts = zip(plan.references, digests).map { reference, digest in
            CanonicalReader.Part(
                reference.selection, reference.form, isEnveloping: reference.isEnveloping, output: digest)
        }
        parts.append(CanonicalReader.Part(.signedInfo, plan.form, output: info))
        reader = CanonicalReader(parts, limits: limits, keepsSignature: true)
    }

    func finish() -> SignatureOutcome {
        reader.finish()
        do throws(SignatureFault) {
            return .intact(try judge())
        } catch {
            return .invalid(error.finding)
        }
    }

    private func judge() throws(SignatureFault) -> PackageSignature {
        if let fault = reader.fault { throw fault }
        // Of bytes that are read twice from a file, the second ones are judged: they must say what the first did.
        guard reader.signature == signature else {
            throw SignatureFault(.signatureStructure, line: plan.line, "the file changed while it was read")
        }
        if let name = reader.uncovered {
            throw SignatureFault(.signaturePartial, line: plan.line, "<\(name)> is not covered")
        }
        for (reference, digest) in zip(plan.references, digests) {
            let computed = digest.finish()
            guard computed == reference.expected else {
                let uri = reference.uri.isEmpty ? "the whole document" : reference.uri
                throw SignatureFault(.signatureDigest, line: reference.line, "\(uri), \(reference.digest.rawValue)")
            }
        }
        let (key, certificates) = try plan.key.signer(
            of: plan.value, digest: info.finish(), plan.algorithm, line: plan.line)
        return PackageSignature(
            algorithm: plan.algorithm, digests: plan.references.map(\.digest), key: key,
            certificate: certificates[0], otherCertificates: Array(certificates.dropFirst()), line: plan.line)
    }
}

extension MessageDigest: CanonicalOutput {
    func take(_ bytes: UnsafeRawBufferPointer) { update(bytes) }
}
