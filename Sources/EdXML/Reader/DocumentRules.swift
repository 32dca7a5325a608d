// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What can be odd about a document's header as a whole. Only warnings: packages like these are in service.
enum DocumentRules {
    typealias Rule = @Sendable (DocumentHeader, Element, String, inout FindingLog) -> Void

    static let all: [Rule] = [required, documentID, type, steering, places, texts]

    /// Longest `ToPlaces` altogether, in characters (NĐ 30/2020/NĐ-CP Phụ lục VI).
    static let maxToPlacesLength = 1_000

    /// Values of `Type` that were met. The regulation's own table is not to be had, so an unknown value only matters
    /// where no `TypeName` explains it.
    private static let typesMet: Set<Int> = [1, 2, 18, 71]

    private static func required(
        _ document: DocumentHeader, _ message: Element, _ path: String, _ log: inout FindingLog
    ) {
        let values: [(String, Bool)] = [
            ("From/OrganName", document.from.organName == nil),
            ("Code/CodeNumber", document.codeNumber == nil),
            ("Code/CodeNotation", document.codeNotation == nil),
            ("PromulgationInfo/PromulgationDate", document.promulgationDateText == nil),
            ("DocumentType/Type", message.first("DocumentType")?.value("Type") == nil),
            ("Subject", document.subject == nil),
        ]
        for (name, isMissing) in values where isMissing {
            log.add(.requiredMissing, line: message.line, element: "\(path)/\(name)", name)
        }
    }

    private static func documentID(
        _ document: DocumentHeader, _ message: Element, _ path: String, _ log: inout FindingLog
    ) {
        let path = path + "/DocumentId"
        let line = message.first("DocumentId")?.line ?? message.line
        switch document.documentID.form {
        case .edXML(let agency, let date, let number, let notation):
            if !names(agency, document.from.organID) {
                log.add(.documentIDAgency, line: line, element: path, "\(agency), From is \(document.from.organID)")
            }
            if let promulgated = document.promulgationDate, promulgated != date {
                log.add(
                    .documentIDDate, line: line, element: path,
                    "\(date.edXML), PromulgationDate is \(promulgated.edXML)")
            }
            // Swift compares strings by canonical equivalence, which is what comparing in NFC means.
            let code = "\(document.codeNumber ?? "")/\(document.codeNotation ?? "")"
            if "\(number)/\(notation)" != code {
                log.add(.documentIDCode, line: line, element: path, "\(number)/\(notation), Code is \(code)")
            }
        case .qd28(let agency, let year, _):
            if !names(agency, document.from.organID) {
                log.add(.documentIDAgency, line: line, element: path, "\(agency), From is \(document.from.organID)")
            }
            if let promulgated = document.promulgationDate, promulgated.year != year {
                log.add(.documentIDDate, line: line, element: path, "\(year), PromulgationDate is \(promulgated.edXML)")
            }
        case .opaque:
            if let date = impossibleDate(in: document.documentID.text) {
                log.add(.dateInvalid, line: line, element: path, date)
            } else {
                log.add(.documentIDForm, line: line, element: path, document.documentID.text)
            }
        }
    }

    /// Whether an agency's text and an identifier agree, also across the two lawful forms: good enough not to warn,
    /// never a proof that they are the same.
    static func names(_ agency: AgencyID, _ text: String) -> Bool {
        agency.text == text || agency.reversed?.text == text
    }

    /// The date in a document id of edXML's form when there is no such day: `2014/02/30`.
    static func impossibleDate(in text: String) -> String? {
        let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let date = parts[1]
        let digits = date.split(separator: "/", omittingEmptySubsequences: false)
        guard digits.map(\.utf8.count) == [4, 2, 2], date.utf8.allSatisfy({ (0x2F...0x39).contains($0) }),
            (try? CalendarDate(edXML: date)) == nil
        else { return nil }
        return String(date)
    }

    private static func type(_ document: DocumentHeader, _ message: Element, _ path: String, _ log: inout FindingLog) {
        guard let type = document.type, !typesMet.contains(type), type < 0 || document.typeName == nil else { return }
        let line = message.first("DocumentType")?.line ?? message.line
        log.add(.typeUnknown, line: line, element: path + "/DocumentType/Type", "\(type) without a TypeName")
    }

    private static func steering(
        _ document: DocumentHeader, _ message: Element, _ path: String, _ log: inout FindingLog
    ) {
        guard let steering = document.steeringType, !(1...3).contains(steering) else { return }
        let line = message.first("SteeringType")?.line ?? message.line
        log.add(.steeringTypeOdd, line: line, element: path + "/SteeringType", "\(steering)")
    }

    private static func places(_ document: DocumentHeader, _ message: Element, _ path: String, _ log: inout FindingLog)
    {
        let length = document.toPlaces.reduce(0) { $0 + $1.precomposed.unicodeScalars.count }
        guard length > maxToPlacesLength, let element = message.first("ToPlaces") else { return }
        log.add(
            .textTooLong, line: element.line, element: path + "/ToPlaces",
            "\(length) characters altogether; \(maxToPlacesLength) are allowed")
    }
}

extension DocumentRules {
    private static func texts(
        _ document: DocumentHeader, _ message: Element, _ path: String, _ log: inout FindingLog
    ) {
        TextRules.note(
            [
                ("Subject", document.subject), ("Content", document.content),
                ("DocumentType/TypeName", document.typeName), ("SignerInfo/FullName", document.signer.fullName),
                ("SignerInfo/Position", document.signer.position), ("From/OrganName", document.from.organName),
                ("PromulgationInfo/Place", document.place),
            ] + document.to.prefix(maxNames).map { ("To/OrganName", $0.organName) }, message, path, &log)
    }

    /// Recipients whose names are looked at.
    private static let maxNames = 20
}

/// How the texts that people read are encoded.
enum TextRules {
    /// Notes the first text of each sort of oddity; never the text itself.
    ///
    /// - Parameter texts: each with its path below the message.
    static func note(
        _ texts: [(path: String, text: String?)], _ message: Element, _ path: String, _ log: inout FindingLog
    ) {
        var met: Set<TextEncodingOddity> = []
        for (place, text) in texts {
            guard let text, let oddity = TextEncodingOddity.of(text), met.insert(oddity).inserted else { continue }
            log.add(
                oddity == .decomposed ? .textDecomposed : .textLegacyEncoding,
                line: message.first(place)?.line ?? message.line, element: "\(path)/\(place)", oddity.rawValue)
        }
    }
}

/// What can be odd about a status.
enum StatusRules {
    typealias Rule = @Sendable (StatusHeader, Element, String, inout FindingLog) -> Void

    static let all: [Rule] = [reason, time, date, texts]

    private static func reason(_ status: StatusHeader, _ message: Element, _ path: String, _ log: inout FindingLog) {
        // QĐ 28/2018/QĐ-TTg Điều 5.4: who refuses a document says why.
        guard status.status == .returned, status.description == nil else { return }
        log.add(.statusReasonMissing, line: message.line, element: path + "/Description", "02 without Description")
    }

    private static func time(_ status: StatusHeader, _ message: Element, _ path: String, _ log: inout FindingLog) {
        let line = message.first("Timestamp")?.line ?? message.line
        guard let timestamp = status.timestamp else {
            let text = status.timestampText ?? "empty"
            return log.add(.statusTimestampInvalid, line: line, element: path + "/Timestamp", text)
        }
        guard let date = status.responseFor.promulgationDate, timestamp.vietnamDate < date else { return }
        log.add(
            .statusBeforeDocument, line: line, element: path + "/Timestamp",
            "\(timestamp.edXML), document of \(date.edXML)")
    }

    private static func date(_ status: StatusHeader, _ message: Element, _ path: String, _ log: inout FindingLog) {
        guard case .edXML(_, let date, _, _) = status.responseFor.documentID.form,
            let promulgated = status.responseFor.promulgationDate, promulgated != date
        else { return }
        let line = message.first("ResponseFor")?.line ?? message.line
        log.add(
            .documentIDDate, line: line, element: path + "/ResponseFor/DocumentId",
            "\(date.edXML), PromulgationDate is \(promulgated.edXML)")
    }

    private static func texts(_ status: StatusHeader, _ message: Element, _ path: String, _ log: inout FindingLog) {
        TextRules.note(
            [("Description", status.description), ("From/OrganName", status.from.organName)], message, path, &log)
    }
}
