// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange

/// A package with invented data, of which a test changes what it is about.
///
/// The same builder gives the same bytes; `number` makes another document of it.
public struct PackageBuilder: Sendable {
    public var from = TestAgency.construction.code
    /// `OrganId` of the recipients, in order.
    public var to = [TestAgency.finance.code]
    public var number = "12"
    public var notation = "SXD-VP"
    public var date = "2026/03/05"
    /// Instead of the identifier made of sender, date, number and notation.
    public var documentIDText: String?
    public var subject = "V/v thử nghiệm liên thông văn bản"
    public var urgency: Urgency = .normal
    /// Nil: a new document without `Bussiness`.
    public var business: Business?
    public var responseFor: [ResponseFor] = []
    /// `TraceHeader`, which a system writes anew when it sends again.
    public var trace: [TraceHop] = []
    /// Bytes of the one attachment; its content depends on this and on `seed` alone.
    public var attachmentLength = 2_000
    public var seed: UInt64 = 1
    /// Instead of that content.
    public var content: [UInt8]?

    public init(number: String = "12") { self.number = number }
    public init(number: Int) { self.init(number: "\(number)") }

    public var documentID: DocumentID {
        get throws(ParsingProblem) {
            try DocumentID(parsing: documentIDText ?? "\(from),\(date),\(number)/\(notation)")
        }
    }

    public var header: DocumentHeader {
        get throws {
            var document = DocumentHeader(
                from: Organization(organID: from, organName: "Đơn vị gửi"),
                to: to.map { Organization(organID: $0, organName: "Đơn vị nhận") }, documentID: try documentID)
            document.codeNumber = number
            document.codeNotation = notation
            document.place = "Tỉnh Mẫu"
            document.promulgationDateText = date
            document.type = 2
            document.typeName = "Công văn"
            document.subject = subject
            document.signer = Signer(position: "Phó Giám đốc", fullName: "Người Ký Mẫu")
            document.other.urgency = urgency
            document.responseFor = responseFor
            document.trace = trace
            document.business = business
            return document
        }
    }

    /// A content that starts like a PDF and goes on at random.
    public var attachment: [UInt8] {
        if let content { return content }
        var generator = SeededGenerator(seed: seed)
        var bytes = Array("%PDF-1.7\n% ".utf8)
        while bytes.count < attachmentLength { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
        return Array(bytes.prefix(attachmentLength))
    }

    /// The document's package.
    public func document() throws -> [UInt8] {
        try PackageWriter.bytes(
            .document(header),
            attachments: [
                OutgoingAttachment(
                    contentID: "a1", name: "van-ban.pdf", description: "Văn bản", contentType: "application/pdf",
                    content: attachment)
            ])
    }

    /// A package in which `sender` says something about this document: a recipient to its sender, or for
    /// `.recallRequested` its sender to `recipient`.
    ///
    /// - Parameters:
    ///   - sender: `OrganId` of who speaks; nil for the first recipient.
    ///   - recipient: `OrganId` of whom it is told; nil for the document's sender.
    public func status(
        _ status: DocumentStatus, from sender: String? = nil, to recipient: String? = nil,
        description: String? = "Đã ghi nhận", at time: String = "2026/03/05 09:00:00"
    ) throws -> [UInt8] {
        var header = StatusHeader(
            from: Organization(organID: sender ?? to.first ?? "", organName: "Đơn vị nhận"),
            responseFor: StatusHeader.AnsweredDocument(
                organID: recipient ?? from, code: "\(number)/\(notation)", promulgationDateText: date,
                documentID: try documentID),
            status: status)
        header.staff = Staff(department: "Văn thư", name: "Cán Bộ Mẫu")
        header.description = description
        header.timestampText = time
        return try PackageWriter.bytes(.status(header))
    }
}
