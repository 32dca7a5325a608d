// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import Store
import Trust
import VXPProtocol

/// Who sends and who receives in a measurement.
struct BenchParties: Sendable {
    /// Most recipients: their identifiers are all equally long.
    static let maxRecipients = 64
    private static let firstRecipient = 14

    let sender: AgencyID
    /// They get the packages in turn.
    let recipients: [AgencyID]
    let senderSystem: SystemID
    /// Of all recipients.
    let recipientSystem: SystemID
    /// Of both systems.
    let secret: String

    /// - Parameter recipients: at most `maxRecipients`.
    init(recipients: Int) throws {
        sender = try AgencyID(parsing: "000.00.13.H52")
        self.recipients = try (0..<recipients).map { try AgencyID(parsing: "000.00.\(Self.firstRecipient + $0).H52") }
        senderSystem = try SystemID(parsing: "bench.sender")
        recipientSystem = try SystemID(parsing: "bench.recipient")
        secret = SecureRandom.bytes(32).hex
    }

    private init(_ parties: BenchParties, recipients: [AgencyID]) {
        sender = parties.sender
        self.recipients = recipients
        senderSystem = parties.senderSystem
        recipientSystem = parties.recipientSystem
        secret = parties.secret
    }

    /// The same, as if there were only these recipients.
    func only(_ recipients: some Sequence<AgencyID>) -> BenchParties {
        BenchParties(self, recipients: Array(recipients))
    }

    func register(in database: Database) async throws {
        for system in [senderSystem, recipientSystem] {
            try await database.addSystem(
                SystemRecord(id: system, name: system.text, secrets: [SystemSecret(Array(secret.utf8))]),
                actor: Operator.actor)
        }
        for agency in [sender] + recipients {
            try await database.addAgency(
                NewAgency(
                    code: agency, name: agency.text, system: agency == sender ? senderSystem : recipientSystem),
                actor: Operator.actor)
        }
    }
}

/// The requests of a measurement, ready to be written to a socket before the clock starts.
///
/// A request is `heads[i]` followed by `tail`. The head is its own: HTTP header with the digest of the package and the
/// HMAC, then the package up to and including the first part of the attachment, with a document id and bytes that no other
/// package has. The tail is everybody's: the rest of the attachment, the closing tags, and the CRLF of the SDK. So 20 000
/// packages of 100 KB take 100 MB of memory and not 2 GB.
struct BenchPackages: Sendable {
    /// Bytes of the attachment that stand in the head; divisible by three, so that its base64 is whole without padding.
    static let ownBytes = 510
    /// Bytes of a package without the rest of its attachment are fewer than this.
    static let minBytes = 8 << 10

    let heads: [[UInt8]]
    let tail: [UInt8]
    /// Bytes of each package, the same for all.
    let packageBytes: Int
    /// SHA-256 of each package.
    let digests: [SHA256Digest]

    /// Makes `count` packages of `bytes` each, or up to three bytes fewer, on all cores.
    ///
    /// - Parameter address: `host:port` for the `Host` header.
    static func prepare(
        count: Int, bytes: Int, first: Int, parties: BenchParties, address: String
    ) async throws -> BenchPackages {
        let template = try BenchTemplate(bytes: bytes, parties: parties, address: address)
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let share = (count + cores - 1) / cores
        let parts = try await withThrowingTaskGroup(of: (Int, [BenchTemplate.Request]).self) { group in
            for start in stride(from: 0, to: count, by: max(1, share)) {
                group.addTask {
                    (start, try (start..<min(count, start + share)).map { try template.request(first + $0) })
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let requests = parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        return BenchPackages(
            heads: requests.map(\.head), tail: template.tail + VXPClientSigner.bodyEnding,
            packageBytes: template.packageBytes, digests: requests.map(\.digest))
    }
}

/// What all packages of a measurement have in common.
struct BenchTemplate: Sendable {
    struct Request: Sendable {
        let head: [UInt8]
        let digest: SHA256Digest
    }

    /// Digits of a package's number, so that all packages are equally long.
    private static let digits = 9

    /// The package behind its head.
    let tail: [UInt8]
    let packageBytes: Int
    private let parties: BenchParties
    private let signer: VXPClientSigner
    private let address: String
    /// Tells this run's attachments from those of all others.
    private let run = SecureRandom.bytes(16)
    private let date = Instant.now().vietnamDate

    init(bytes: Int, parties: BenchParties, address: String) throws {
        self.parties = parties
        self.address = address
        signer = VXPClientSigner(systemID: parties.senderSystem, secret: parties.secret)
        let bare = try Self.split(Self.package(0, run: run, date: date, parties))
        let rest = max(0, bytes - bare.head.count - bare.closing.count) / 4 * 3
        // Random like the compressed streams of a PDF: nothing on the way may profit from it being compressible.
        var content = SecureRandom.bytes(min(rest, 1 << 20))
        while content.count < rest { content.append(contentsOf: content.prefix(rest - content.count)) }
        content.replaceSubrange(max(0, rest - 6)..<rest, with: Array("%%EOF\n".utf8.prefix(rest)))
        tail = Array(Data(content).base64EncodedData()) + bare.closing
        packageBytes = bare.head.count + tail.count
    }

    /// The request that sends package `number`.
    func request(_ number: Int) throws -> Request {
        let head = try Self.split(Self.package(number, run: run, date: date, parties)).head
        var hash = SHA256()
        head.withUnsafeBytes { hash.update($0) }
        tail.withUnsafeBytes { hash.update($0) }
        let digest = hash.current()
        let headers = try signer.headers(
            for: .sendEdoc,
            [
                .from(parties.sender), .serviceType(), .messageType(.edoc),
                .hashFile(HashFile(unpadded: digest)),
            ])
        var lines = ["POST /XrdAdapter/adapter/\(VXPOperation.sendEdoc.pathComponent) HTTP/1.1", "Host: \(address)"]
        lines += headers.map { "\($0.name): \($0.value)" }
        lines += ["Connection: Keep-Alive", "Content-Length: \(packageBytes + VXPClientSigner.bodyEnding.count)"]
        return Request(head: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + head, digest: digest)
    }

    /// A whole package whose attachment has `BenchPackages.ownBytes` bytes.
    private static func package(
        _ number: Int, run: [UInt8], date: CalendarDate, _ parties: BenchParties
    ) throws -> [UInt8] {
        let padded = String(repeating: "0", count: max(0, digits - String(number).count)) + String(number)
        var header = DocumentHeader(
            from: Organization(
                organID: parties.sender.text, organizationInCharge: "UBND tỉnh Đo Lường",
                organName: "Sở Đo lường gửi", organAdd: "Số 1 đường Thử Nghiệm", email: "gui@vidu.example"),
            to: [
                Organization(
                    organID: parties.recipients[number % parties.recipients.count].text,
                    organizationInCharge: "UBND tỉnh Đo Lường",
                    organName: "Sở Đo lường nhận", organAdd: "Số 2 đường Thử Nghiệm", email: "nhan@vidu.example")
            ],
            documentID: try DocumentID(agency: parties.sender, date: date, number: padded, notation: "SĐL-VP"))
        header.codeNumber = padded
        header.codeNotation = "SĐL-VP"
        header.place = "Đo Lường"
        header.promulgationDateText = date.edXML
        header.type = 1
        header.typeName = "Công văn"
        header.subject = "V/v đo số gói tin mà trục tiếp nhận trong một giây, văn bản số \(padded)"
        header.content = "Văn bản do chương trình đo sinh ra, không có giá trị."
        header.signer = Signer(position: "Giám đốc", fullName: "Nguyễn Văn Thử")
        header.other.urgency = .normal
        header.other.pageAmount = 1
        var own = Array("%PDF-1.7\n% \(padded) \(run.hex)\n".utf8)
        own += (0..<(BenchPackages.ownBytes - own.count)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
        return try PackageWriter.bytes(
            .document(header),
            attachments: [
                OutgoingAttachment(
                    contentID: "1", name: "vanban.pdf", description: "Văn bản", contentType: "application/pdf",
                    content: own)
            ])
    }

    /// Cuts a package behind the base64 of its attachment.
    private static func split(_ package: [UInt8]) throws -> (head: [UInt8], closing: [UInt8]) {
        let mark = Array("</edXML:ContentTransferEncoded>".utf8)
        let text = Data(package)
        guard let range = text.range(of: Data(mark)) else {
            throw Refusal(.internalError, "a package of the measurement has no attachment")
        }
        return (Array(text[..<range.lowerBound]), Array(text[range.lowerBound...]))
    }
}
