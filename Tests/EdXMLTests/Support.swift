// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Trust

@testable import EdXML

/// Packages of other emitters, beside the checkout; not ours to republish.
enum Samples {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/samples")
    static let exist = FileManager.default.fileExists(atPath: folder.path)

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    static func all() throws -> [String] {
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".edxml") || $0.hasSuffix(".bak") }.sorted()
    }
}

func read(_ bytes: some Collection<UInt8>, limits: PackageLimits = .standard) -> PackageReading {
    let reader = PackageReader(limits: limits)
    reader.feed(bytes)
    return reader.finish()
}

func read(_ text: String, limits: PackageLimits = .standard) -> PackageReading {
    read(Array(text.utf8), limits: limits)
}

extension PackageReading {
    var codes: Set<Finding.Code> { Set(findings.map(\.code)) }
    var errors: Set<Finding.Code> { Set(findings.filter { $0.severity == .error }.map(\.code)) }
}

/// Packages with invented data.
enum Invented {
    static func document(number: Int = 12) throws -> DocumentHeader {
        let date = try CalendarDate(edXML: "2026/03/05")
        var document = DocumentHeader(
            from: Organization(
                organID: "000.00.13.H52", organizationInCharge: "UBND tỉnh Mẫu", organName: "Sở Thử nghiệm",
                organAdd: "1 Đường Mẫu, phường Mẫu", email: "vanthu@example.vn", telephone: "0200000001",
                fax: "0200000002", website: "example.vn"),
            to: [
                Organization(organID: "000.00.14.H52", organName: "Sở Kiểm thử"),
                Organization(organID: "H52.15.02", organName: "Phòng Đối chiếu"),
            ],
            documentID: try DocumentID(
                agency: AgencyID(parsing: "000.00.13.H52"), date: date, number: "\(number)", notation: "STN-VP"))
        document.codeNumber = "\(number)"
        document.codeNotation = "STN-VP"
        document.place = "Tỉnh Mẫu"
        document.promulgationDateText = date.edXML
        document.type = 2
        document.typeDetail = 0
        document.typeName = "Công văn"
        document.subject = "V/v thử nghiệm <liên thông> & \"đối chiếu\" số \(number)"
        document.content = "Nội dung"
        document.signer = Signer(competence: "KT. GIÁM ĐỐC", position: "Phó Giám đốc", fullName: "Người Ký Mẫu")
        document.dueDateText = "2026/03/31"
        document.toPlaces = ["Như trên", "Lưu: VT"]
        document.other.urgency = .urgent
        document.other.sphereOfPromulgation = "Nội bộ"
        document.other.typerNotation = "NKM"
        document.other.promulgationAmount = 2
        document.other.pageAmount = 3
        document.other.direction = false
        document.other.appendixes = ["Phụ lục 1"]
        document.other.replyFors = "1"
        document.other.referenceCodes = "A-1"
        document.responseFor = [
            ResponseFor(
                organID: "000.00.14.H52", code: "7/SKT", promulgationDateText: "2026/02/01",
                documentIDText: "000.00.14.H52,2026/02/01,7/SKT")
        ]
        document.steeringType = 1
        document.responseForTasks = ["NV-1"]
        document.applicationType = "1"
        document.trace = [TraceHop(organID: "000.00.13.H52", timestampText: "2026/03/05 08:30:00")]
        var business = Business(kind: .new)
        business.reason = "Văn bản điện tử mới"
        business.staff = Staff(department: "Văn thư", name: "Cán Bộ Mẫu", mobile: "0900000000", email: "cb@example.vn")
        business.paper = 0
        document.business = business
        return document
    }

    static func status(_ status: DocumentStatus = .accepted) throws -> StatusHeader {
        var header = StatusHeader(
            from: Organization(organID: "000.00.14.H52", organName: "Sở Kiểm thử"),
            responseFor: .init(
                organID: "000.00.13.H52", code: "12/STN-VP", promulgationDateText: "2026/03/05",
                documentID: try DocumentID(parsing: "000.00.13.H52,2026/03/05,12/STN-VP")),
            status: status)
        header.staff = Staff(department: "Văn thư", name: "Cán Bộ Mẫu")
        header.description = "Đã tiếp nhận"
        header.timestampText = "2026/03/05 09:00:00"
        return header
    }

    static let pdf = Array("%PDF-1.7\n% invented\n%%EOF\n".utf8)

    static func attachment(
        _ name: String = "van-ban.pdf", type: String = "application/pdf", id: String = "a1", content: [UInt8] = pdf
    ) -> OutgoingAttachment {
        OutgoingAttachment(contentID: id, name: name, description: "Tệp", contentType: type, content: content)
    }

    static func package(number: Int = 12, _ attachments: [OutgoingAttachment]? = nil) throws -> [UInt8] {
        try PackageWriter.bytes(.document(document(number: number)), attachments: attachments ?? [attachment()])
    }

    /// A package as text, to be changed by a test.
    static func text() throws -> String { String(decoding: try package(), as: UTF8.self) }
    static func statusText() throws -> String {
        String(decoding: try PackageWriter.bytes(.status(status())), as: UTF8.self)
    }

    static func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
