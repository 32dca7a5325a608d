// SPDX-License-Identifier: Apache-2.0

extension Finding {
    /// Every finding there is. Raw values are stable and never re-used: people filter their logs by them.
    ///
    /// Source of the division into errors and warnings: the checklist "lenient in, strict out" of the format's
    /// description; every line of it stands for a package that was met.
    public enum Code: String, CaseIterable, Sendable, Codable {
        case malformed = "xml.malformed"
        case incomplete = "xml.incomplete"
        case junkBeforeDeclaration = "xml.junk-before-declaration"
        case encoding = "xml.encoding"
        case doctype = "xml.doctype"
        case entity = "xml.entity"
        case unboundPrefix = "xml.unbound-prefix"
        case wrongNamespace = "xml.wrong-namespace"
        case schema = "xml.schema"

        case totalBytes = "limit.total-bytes"
        case headerBytes = "limit.header-bytes"
        case markupBytes = "limit.markup-bytes"
        case textBytes = "limit.text-bytes"
        case depth = "limit.depth"
        case elements = "limit.elements"
        case attributes = "limit.attributes"
        case attachments = "limit.attachments"
        case recipients = "limit.recipients"
        case traces = "limit.traces"

        case attachmentsDialect = "packet.attachments-dialect"
        case headerMissing = "packet.header-missing"
        case elementRepeated = "packet.element-repeated"
        case unknownElement = "packet.unknown-element"
        case requiredMissing = "packet.required-missing"
        case textTooLong = "packet.text-too-long"
        case numberInvalid = "packet.number-invalid"
        case dateInvalid = "packet.date-invalid"

        case fromMissing = "from.missing"
        case fromInvalid = "from.organ-id-invalid"
        case toMissing = "to.missing"
        case recipientInvalid = "to.organ-id-invalid"
        case recipientRepeated = "to.repeated"
        case documentIDMissing = "document-id.missing"
        case documentIDInvalid = "document-id.invalid"
        case documentIDForm = "document-id.form"
        case documentIDAgency = "document-id.agency-differs"
        case documentIDCode = "document-id.code-differs"
        case documentIDDate = "document-id.date-differs"
        case textDecomposed = "text.decomposed"
        case textLegacyEncoding = "text.legacy-encoding"
        case typeUnknown = "document.type-unknown"
        case priorityUnknown = "document.priority-unknown"
        case steeringTypeOdd = "document.steering-type-odd"
        case noAttachments = "document.no-attachments"
        case businessKindUnknown = "business.kind-unknown"
        case traceAgencyMissing = "trace.agency-missing"
        case traceTimestampInvalid = "trace.timestamp-invalid"
        case signatureMissing = "signature.missing"
        case signatureDummy = "signature.dummy"

        case signatureStructure = "signature.structure"
        case signatureSeveral = "signature.several"
        case signatureComment = "signature.comment-inside"
        case signatureTooLarge = "signature.too-large"
        case signatureAlgorithm = "signature.algorithm-unknown"
        case signatureTransform = "signature.transform-refused"
        case signatureReference = "signature.reference-refused"
        case signatureReferenceOutside = "signature.reference-outside"
        case signatureReferenceMissing = "signature.reference-missing"
        case signatureIDRepeated = "signature.id-repeated"
        case signatureNamespace = "signature.namespace-relative"
        case signaturePartial = "signature.partial"
        case signatureDigest = "signature.digest-differs"
        case signatureValue = "signature.value-wrong"
        case signatureKeyMissing = "signature.key-missing"
        case signatureKeyOutside = "signature.key-outside"
        case signatureKeyDiffers = "signature.key-differs"
        case signatureKeyInvalid = "signature.key-invalid"
        case signatureObsolete = "signature.obsolete"
        case signatureUntrusted = "signature.untrusted"
        case signatureUndetermined = "signature.undetermined"

        case statusCodeUnknown = "status.code-unknown"
        case statusAmbiguous = "status.has-recipients"
        case statusTargetMissing = "status.response-for-missing"
        case statusTargetInvalid = "status.organ-id-invalid"
        case statusReasonMissing = "status.reason-missing"
        case statusTimestampInvalid = "status.timestamp-invalid"
        case statusBeforeDocument = "status.before-document"
        case statusWithBody = "status.has-body"

        case base64Invalid = "attachment.base64-invalid"
        case contentMissing = "attachment.content-missing"
        case contentEmpty = "attachment.empty"
        case contentIDRepeated = "attachment.content-id-repeated"
        case attachmentUnlisted = "attachment.not-in-manifest"
        case attachmentTypeDiffers = "attachment.type-differs"
        case referenceUnmatched = "manifest.reference-without-attachment"
        case manifestTypeDiffers = "manifest.type-differs"

        public var severity: Severity { entry.severity }
        /// One sentence in Vietnamese.
        public var vietnamese: String { entry.vietnamese }
        /// One sentence in English.
        public var english: String { entry.english }
    }
}
