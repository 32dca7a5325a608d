// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Turns the tree of an `edXMLHeader` into the model and judges what stands in it.
struct HeaderReader {
    private static let header = "edXML/edXMLEnvelope/edXMLHeader"
    private static let message = header + "/MessageHeader"
    private static let traces = header + "/TraceHeaderList"

    private(set) var log: FindingLog
    private(set) var signature = PackageReading.Signature.absent

    init(log: FindingLog) { self.log = log }

    /// Nil when the package says too little to be a document or a status at all; the findings say why.
    mutating func read(_ header: Element) -> PackageHeader? {
        guard let message = header.first("MessageHeader") else { return nil }
        signature = SignatureShape.of(header)
        let from = readFrom(message)
        if message.first("StatusCode") != nil {
            return readStatus(message, from: from).map(PackageHeader.status)
        }
        noteSignature(header)
        return readDocument(message, header.first("TraceHeaderList"), from: from).map(PackageHeader.document)
    }

    // MARK: Both sorts

    private mutating func readFrom(_ message: Element) -> Organization? {
        guard let element = message.first("From") else {
            log.add(.fromMissing, line: message.line, element: Self.message, "no From")
            return nil
        }
        let organization = Self.organization(element)
        if let problem = Self.agencyProblem(organization.organID) {
            log.add(.fromInvalid, line: element.line, element: Self.message + "/From/OrganId", problem)
        }
        return organization
    }

    static func organization(_ element: Element) -> Organization {
        Organization(
            organID: element.value("OrganId") ?? "", organizationInCharge: element.value("OrganizationInCharge"),
            organName: element.value("OrganName"), organAdd: element.value("OrganAdd"), email: element.value("Email"),
            telephone: element.value("Telephone"), fax: element.value("Fax"), website: element.value("Website"))
    }

    static func agencyProblem(_ text: String) -> String? {
        do throws(ParsingProblem) {
            _ = try AgencyID(parsing: text)
            return nil
        } catch {
            return error.description
        }
    }

    static func staff(_ element: Element?) -> Staff {
        Staff(
            department: element?.value("Department"), name: element?.value("Staff"), mobile: element?.value("Mobile"),
            email: element?.value("Email"), departmentID: element?.value("DepartmentId"),
            staffID: element?.value("StaffId"))
    }

    // MARK: Document

    private mutating func readDocument(_ message: Element, _ traces: Element?, from: Organization?) -> DocumentHeader? {
        let to = readRecipients(message)
        let documentID = readDocumentID(message)
        guard let from, let documentID else { return nil }
        var document = DocumentHeader(from: from, to: to, documentID: documentID)
        document.codeNumber = message.first("Code")?.value("CodeNumber")
        document.codeNotation = message.first("Code")?.value("CodeNotation")
        document.place = message.first("PromulgationInfo")?.value("Place")
        document.promulgationDateText = date("PromulgationInfo", "PromulgationDate", in: message)
        if let type = message.first("DocumentType") {
            document.type = number("Type", in: type, Self.message + "/DocumentType")
            document.typeDetail = number("TypeDetail", in: type, Self.message + "/DocumentType")
            document.typeName = type.value("TypeName")
        }
        document.subject = message.value("Subject")
        document.content = message.value("Content")
        if let signer = message.first("SignerInfo") {
            document.signer = Signer(
                competence: signer.value("Competence"), position: signer.value("Position"),
                fullName: signer.value("FullName"))
        }
        document.dueDateText = date(nil, "DueDate", in: message)
        document.toPlaces = message.values("ToPlaces", "Place")
        document.other = readOther(message.first("OtherInfo"))
        document.responseFor = readResponses(message)
        document.steeringType = number("SteeringType", in: message, Self.message)
        document.responseForTasks = message.values("ResponseForTask", "TaskCode")
        document.applicationType = message.value("ApplicationType")
        if let traces {
            document.trace = readTraces(traces)
            document.business = readBusiness(traces)
        }
        for rule in DocumentRules.all { rule(document, message, Self.message, &log) }
        return document
    }

    private mutating func readRecipients(_ message: Element) -> [Organization] {
        let elements = message.all("To")
        if elements.isEmpty { log.add(.toMissing, line: message.line, element: Self.message, "no To") }
        var seen: Set<String> = []
        return elements.enumerated().map { index, element in
            let organization = Self.organization(element)
            let path = "\(Self.message)/To[\(index + 1)]/OrganId"
            if let problem = Self.agencyProblem(organization.organID) {
                log.add(.recipientInvalid, line: element.line, element: path, problem)
            } else if !seen.insert(organization.organID).inserted {
                log.add(.recipientRepeated, line: element.line, element: path, organization.organID)
            }
            return organization
        }
    }

    private mutating func readDocumentID(_ message: Element) -> DocumentID? {
        let path = Self.message + "/DocumentId"
        guard let element = message.first("DocumentId"), !element.text.isEmpty else {
            log.add(.documentIDMissing, line: message.line, element: path, "no DocumentId")
            return nil
        }
        do throws(ParsingProblem) {
            return try DocumentID(parsing: element.text)
        } catch {
            log.add(.documentIDInvalid, line: element.line, element: path, error.description)
            return nil
        }
    }

    private mutating func readOther(_ element: Element?) -> OtherInformation {
        var other = OtherInformation()
        guard let element else { return other }
        let path = Self.message + "/OtherInfo"
        if let priority = number("Priority", in: element, path) {
            other.urgency = Urgency(rawValue: priority)
            if other.urgency == nil {
                log.add(.priorityUnknown, line: element.line, element: path + "/Priority", "\(priority)")
            }
        }
        if other.urgency == nil { other.unknownPriority = element.value("Priority") }
        other.sphereOfPromulgation = element.value("SphereOfPromulgation")
        other.typerNotation = element.value("TyperNotation")
        other.promulgationAmount = number("PromulgationAmount", in: element, path)
        other.pageAmount = number("PageAmount", in: element, path)
        other.direction = element.value("Direction").flatMap(Self.flag)
        other.appendixes = element.values("Appendixes", "Appendix")
        other.replyFors = element.first("ReplyFors").map(\.allText).flatMap { $0.isEmpty ? nil : $0 }
        other.referenceCodes = element.first("ReferenceCodes").map(\.allText).flatMap { $0.isEmpty ? nil : $0 }
        return other
    }

    private mutating func readResponses(_ message: Element) -> [ResponseFor] {
        // An empty block stands for "none": templates carry one.
        message.all("ResponseFor").filter { !$0.isBlank }.map { element in
            checkDates(of: element, Self.message + "/ResponseFor")
            return ResponseFor(
                organID: element.value("OrganId"), code: element.value("Code"),
                promulgationDateText: element.value("PromulgationDate"), documentIDText: element.value("DocumentId"))
        }
    }

    private mutating func readTraces(_ list: Element) -> [TraceHop] {
        list.all("TraceHeader").enumerated().map { index, element in
            let hop = TraceHop(organID: element.value("OrganId"), timestampText: element.value("Timestamp"))
            let path = "\(Self.traces)/TraceHeader[\(index + 1)]"
            if hop.organID == nil || hop.organID == "null" {
                log.add(.traceAgencyMissing, line: element.line, element: path + "/OrganId", hop.organID ?? "empty")
            }
            if hop.timestamp == nil {
                log.add(
                    .traceTimestampInvalid, line: element.line, element: path + "/Timestamp",
                    hop.timestampText ?? "empty")
            }
            return hop
        }
    }

    private mutating func readBusiness(_ list: Element) -> Business? {
        guard let element = list.first("Bussiness") else { return nil }
        let path = Self.traces + "/Bussiness"
        var business = Business(kind: .new)
        if let text = element.value("BussinessDocType") {
            if let kind = Int(text).flatMap(BusinessKind.init) {
                business.kind = kind
            } else {
                // To guess here could carry a recall as a new document.
                log.add(.businessKindUnknown, line: element.line, element: path + "/BussinessDocType", text)
            }
        }
        business.reason = element.value("BussinessDocReason")
        business.documentIDText = element.value("DocumentId")
        checkDates(of: element, path)
        if let info = element.first("BussinessDocumentInfo") {
            business.documentInfo = info.value("DocumentInfo").flatMap(Self.flag)
            business.documentReceiver = info.value("DocumentReceiver").flatMap(Self.flag)
            for receiver in info.first("ReceiverList")?.all("Receiver") ?? [] {
                let type = number("ReceiverType", in: receiver, path + "/BussinessDocumentInfo/ReceiverList/Receiver")
                business.receivers.append(.init(organID: receiver.value("OrganId") ?? "", type: type))
            }
        }
        for replacement in element.first("ReplacementInfoList")?.all("ReplacementInfo") ?? [] {
            checkDates(of: replacement, path + "/ReplacementInfoList/ReplacementInfo")
            business.replacements.append(
                .init(
                    documentIDText: replacement.value("DocumentId"),
                    organIDs: replacement.values("OrganIdList", "OrganId")))
        }
        business.staff = Self.staff(element.first("StaffInfo"))
        business.paper = number("Paper", in: element, path)
        return business
    }

    private mutating func noteSignature(_ header: Element) {
        switch signature {
        case .absent: log.add(.signatureMissing, line: header.line, element: Self.header, "no signature")
        case .dummy:
            let line = (header.first("Signature") ?? header).line
            log.add(.signatureDummy, line: line, element: Self.header + "/Signature", "placeholder")
        case .present: break
        }
    }

    // MARK: Status

    private mutating func readStatus(_ message: Element, from: Organization?) -> StatusHeader? {
        if let to = message.first("To") {
            log.add(.statusAmbiguous, line: to.line, element: Self.message + "/To", "StatusCode and To")
        }
        let code = message.value("StatusCode") ?? ""
        let status = DocumentStatus(rawValue: code)
        if status == nil {
            let line = message.first("StatusCode")?.line ?? message.line
            log.add(
                .statusCodeUnknown, line: line, element: Self.message + "/StatusCode", code.isEmpty ? "empty" : code)
        }
        let answered = readAnswered(message)
        guard let from, let status, let answered else { return nil }
        var header = StatusHeader(from: from, responseFor: answered, status: status)
        header.staff = Self.staff(message.first("StaffInfo"))
        header.description = message.value("Description")
        header.timestampText = message.value("Timestamp")
        for rule in StatusRules.all { rule(header, message, Self.message, &log) }
        return header
    }

    private mutating func readAnswered(_ message: Element) -> StatusHeader.AnsweredDocument? {
        let path = Self.message + "/ResponseFor"
        let elements = message.all("ResponseFor").filter { !$0.isBlank }
        guard let element = elements.first, let organID = element.value("OrganId"),
            let documentIDText = element.value("DocumentId")
        else {
            log.add(.statusTargetMissing, line: message.line, element: path, "OrganId and DocumentId are required")
            return nil
        }
        if elements.count > 1 {
            log.add(.elementRepeated, line: elements[1].line, element: path, "a status is about one document")
        }
        if let problem = Self.agencyProblem(organID) {
            log.add(.statusTargetInvalid, line: element.line, element: path + "/OrganId", problem)
        }
        checkDates(of: element, path)
        do throws(ParsingProblem) {
            return StatusHeader.AnsweredDocument(
                organID: organID, code: element.value("Code"), promulgationDateText: element.value("PromulgationDate"),
                documentID: try DocumentID(parsing: documentIDText))
        } catch {
            log.add(.documentIDInvalid, line: element.line, element: path + "/DocumentId", error.description)
            return nil
        }
    }

    // MARK: Values

    private mutating func number(_ name: String, in element: Element, _ path: String) -> Int? {
        guard let text = element.value(name) else { return nil }
        if let number = Int(text) { return number }
        log.add(.numberInvalid, line: element.first(name)?.line ?? element.line, element: "\(path)/\(name)", text)
        return nil
    }

    private static func flag(_ text: String) -> Bool? {
        switch text {
        case "1", "true": true
        case "0", "false": false
        default: nil
        }
    }

    /// A date as written, with a finding when there is no such day.
    private mutating func date(_ parent: String?, _ name: String, in message: Element) -> String? {
        let element = parent.map { message.first($0) } ?? message
        guard let element, let text = element.value(name) else { return nil }
        let path = [Self.message, parent, name].compactMap { $0 }.joined(separator: "/")
        checkDate(text, line: element.first(name)?.line ?? element.line, path)
        return text
    }

    private mutating func checkDate(_ text: String, line: Int, _ path: String) {
        do throws(ParsingProblem) { _ = try CalendarDate(edXML: text) } catch {
            log.add(.dateInvalid, line: line, element: path, "\(text.prefix(40)): \(error.reason)")
        }
    }

    /// The dates of a block that names another document: its own, and the one inside the document id.
    private mutating func checkDates(of element: Element, _ path: String) {
        if let text = element.value("PromulgationDate") {
            checkDate(text, line: element.first("PromulgationDate")?.line ?? element.line, path + "/PromulgationDate")
        }
        if let id = element.first("DocumentId"), let date = DocumentRules.impossibleDate(in: id.text) {
            log.add(.dateInvalid, line: id.line, element: path + "/DocumentId", date)
        }
    }
}
