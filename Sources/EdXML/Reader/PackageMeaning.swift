// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// The digest of what a package says, apart from how it is wrapped.
///
/// A QLVB system that sends again builds the package anew: other traces, other content ids, other random names inside
/// ZIPs, perhaps another order, and perhaps more recipients. The same document must be known again. So the digest
/// covers the header model without `To`, traces and signature, and for each attachment its name and its content as
/// unpacked. Attachments count in the order of their names (then of their digests), whatever the order in the package.
/// Text counts in NFC. Elements that the model does not know do not count.
///
/// The serialisation is versioned and fixed: digests live in databases. Each field is a byte for presence, eight
/// bytes of length (big-endian) and the UTF-8 text; lists begin with their count.
enum PackageMeaning {
    static let version = "truc meaning 1"

    static func digest(of header: PackageHeader, attachments: [AttachmentSummary]) -> SHA256Digest {
        var fields = Fields()
        fields.add(version)
        switch header {
        case .document(let document): add(document, to: &fields)
        case .status(let status): add(status, to: &fields)
        }
        let named = attachments.map { (name: ($0.name ?? "").precomposed, digest: $0.unpackedSHA256.bytes) }
        let sorted = named.sorted { left, right in
            // By bytes: the order of strings in Swift may change with Unicode.
            let names = (Array(left.name.utf8), Array(right.name.utf8))
            return names.0 == names.1
                ? left.digest.lexicographicallyPrecedes(right.digest) : names.0.lexicographicallyPrecedes(names.1)
        }
        fields.add(count: sorted.count)
        for attachment in sorted {
            fields.add(attachment.name)
            fields.add(bytes: attachment.digest)
        }
        return SHA256Digest(of: fields.bytes)
    }

    private static func add(_ document: DocumentHeader, to fields: inout Fields) {
        fields.add("document")
        add(document.from, to: &fields)
        fields.add(document.documentID.normalized)
        fields.add(document.codeNumber)
        fields.add(document.codeNotation)
        fields.add(document.place)
        fields.add(document.promulgationDateText)
        fields.add(document.type)
        fields.add(document.typeDetail)
        fields.add(document.typeName)
        fields.add(document.subject)
        fields.add(document.content)
        fields.add(document.signer.competence)
        fields.add(document.signer.position)
        fields.add(document.signer.fullName)
        fields.add(document.dueDateText)
        fields.add(document.toPlaces)
        add(document.other, to: &fields)
        fields.add(count: document.responseFor.count)
        for response in document.responseFor {
            fields.add(response.organID)
            fields.add(response.code)
            fields.add(response.promulgationDateText)
            fields.add(response.documentIDText)
        }
        fields.add(document.steeringType)
        fields.add(document.responseForTasks)
        fields.add(document.applicationType)
        // A package without Bussiness means a new document, as does an empty one.
        add(document.business ?? Business(kind: .new), to: &fields)
    }

    private static func add(_ other: OtherInformation, to fields: inout Fields) {
        fields.add(other.urgency?.rawValue)
        fields.add(other.sphereOfPromulgation)
        fields.add(other.typerNotation)
        fields.add(other.promulgationAmount)
        fields.add(other.pageAmount)
        fields.add(other.direction.map { $0 ? 1 : 0 })
        fields.add(other.appendixes)
        fields.add(other.replyFors)
        fields.add(other.referenceCodes)
    }

    private static func add(_ business: Business, to fields: inout Fields) {
        fields.add(business.kind.rawValue)
        fields.add(business.reason)
        fields.add(business.documentIDText)
        fields.add(business.documentInfo.map { $0 ? 1 : 0 })
        fields.add(business.documentReceiver.map { $0 ? 1 : 0 })
        fields.add(count: business.receivers.count)
        for receiver in business.receivers {
            fields.add(receiver.organID)
            fields.add(receiver.type)
        }
        fields.add(count: business.replacements.count)
        for replacement in business.replacements {
            fields.add(replacement.documentIDText)
            fields.add(replacement.organIDs)
        }
        add(business.staff, to: &fields)
        fields.add(business.paper)
    }

    private static func add(_ status: StatusHeader, to fields: inout Fields) {
        fields.add("status")
        add(status.from, to: &fields)
        fields.add(status.responseFor.organID)
        fields.add(status.responseFor.code)
        fields.add(status.responseFor.promulgationDateText)
        fields.add(status.responseFor.documentID.normalized)
        add(status.staff, to: &fields)
        fields.add(status.status.rawValue)
        fields.add(status.description)
        fields.add(status.timestampText)
    }

    private static func add(_ organization: Organization, to fields: inout Fields) {
        fields.add(organization.organID)
        fields.add(organization.organizationInCharge)
        fields.add(organization.organName)
        fields.add(organization.organAdd)
        fields.add(organization.email)
        fields.add(organization.telephone)
        fields.add(organization.fax)
        fields.add(organization.website)
    }

    private static func add(_ staff: Staff, to fields: inout Fields) {
        fields.add(staff.department)
        fields.add(staff.name)
        fields.add(staff.mobile)
        fields.add(staff.email)
        fields.add(staff.departmentID)
        fields.add(staff.staffID)
    }

    /// The serialisation.
    private struct Fields {
        private(set) var bytes: [UInt8] = []

        init() { bytes.reserveCapacity(4096) }

        mutating func add(bytes value: [UInt8]) {
            bytes.append(1)
            length(value.count)
            bytes += value
        }

        mutating func add(_ text: String?) {
            guard let text else { return bytes.append(0) }
            add(bytes: Array(text.precomposed.utf8))
        }

        mutating func add(_ number: Int?) { add(number.map(String.init)) }

        mutating func add(_ texts: [String]) {
            add(count: texts.count)
            for text in texts { add(text) }
        }

        mutating func add(count: Int) { length(count) }

        private mutating func length(_ value: Int) {
            withUnsafeBytes(of: UInt64(value).bigEndian) { bytes.append(contentsOf: $0) }
        }
    }
}
