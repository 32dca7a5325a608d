// SPDX-License-Identifier: Apache-2.0

/// The elements of the format: what may stand in what, how often, and how long its text may be.
///
/// The schema says the first of these too, for everybody who does not read Swift; a test holds the two together.
/// Lengths: NĐ 30/2020/NĐ-CP Phụ lục VI and TT 01/2022/TT-BTTTT where they give one, else what the systems in
/// service keep to. Characters are counted in NFC.
enum Vocabulary {
    static let namespace: StaticString = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
    static let signatureNamespace: StaticString = "http://www.w3.org/2000/09/xmldsig#"
    static let root = "edXML"

    struct Rule {
        enum Content {
            case elements
            /// Elements in any number: they are looked at one by one and not gathered.
            case list
            case text(maxLength: Int?)
            case base64
            /// Anything at all, kept and not looked into.
            case anything
        }

        let content: Content
        let repeats: Bool
        /// Its number among the children of its parent.
        fileprivate(set) var place = 0

        static let elements = Rule(content: .elements, repeats: false)
        static let manyElements = Rule(content: .elements, repeats: true)
        static let text = text(nil)
        static let list = Rule(content: .list, repeats: false)
        static let anything = Rule(content: .anything, repeats: false)
        static let base64 = Rule(content: .base64, repeats: false)
        static func text(_ maxLength: Int?) -> Rule { Rule(content: .text(maxLength: maxLength), repeats: false) }
        static func texts(_ maxLength: Int?) -> Rule { Rule(content: .text(maxLength: maxLength), repeats: true) }
    }

    /// By the name of the parent. A name means the same wherever it stands with children.
    static let children: [String: [String: Rule]] = table.mapValues { rules in
        var numbered = rules
        for (place, name) in rules.keys.sorted().enumerated() { numbered[name]?.place = place }
        return numbered
    }

    private static let table: [String: [String: Rule]] = [
        root: ["edXMLEnvelope": .list, "AttachmentEncoded": .list],
        "edXMLEnvelope": ["edXMLHeader": .elements, "edXMLBody": .list],
        "edXMLHeader": [
            "MessageHeader": .elements, "TraceHeaderList": .elements, "Signature": .anything,
            "DigitalSignature": .anything,
        ],
        "MessageHeader": messageHeader,
        "From": organization,
        "To": organization,
        "Code": ["CodeNumber": .text(11), "CodeNotation": .text(30)],
        "PromulgationInfo": ["Place": .text(50), "PromulgationDate": .text],
        "DocumentType": ["Type": .text, "TypeDetail": .text, "TypeName": .text(100)],
        "SignerInfo": ["Competence": .text(100), "Position": .text(100), "FullName": .text(50)],
        "ToPlaces": ["Place": .texts(150)],
        "OtherInfo": [
            "Priority": .text, "SphereOfPromulgation": .text(100), "TyperNotation": .text(10),
            "PromulgationAmount": .text, "PageAmount": .text, "Direction": .text, "Appendixes": .elements,
            "ReplyFors": .anything, "ReferenceCodes": .anything,
        ],
        "Appendixes": ["Appendix": .texts(nil)],
        "ResponseFor": ["OrganId": .text(35), "Code": .text, "PromulgationDate": .text, "DocumentId": .text(200)],
        "ResponseForTask": ["TaskCode": .texts(nil)],
        "StaffInfo": [
            "Department": .text(300), "Staff": .text(300), "Mobile": .text(50), "Email": .text(100),
            "DepartmentId": .text, "StaffId": .text,
        ],
        "TraceHeaderList": ["TraceHeader": .manyElements, "Bussiness": .elements],
        "TraceHeader": ["OrganId": .text(35), "Timestamp": .text],
        "Bussiness": [
            "BussinessDocType": .text, "BussinessDocReason": .text, "BussinessDocumentInfo": .elements,
            "DocumentId": .text(200), "StaffInfo": .elements, "Paper": .text, "ReplacementInfoList": .elements,
        ],
        "BussinessDocumentInfo": ["DocumentInfo": .text, "DocumentReceiver": .text, "ReceiverList": .elements],
        "ReceiverList": ["Receiver": .manyElements],
        "Receiver": ["OrganId": .text(35), "ReceiverType": .text],
        "ReplacementInfoList": ["ReplacementInfo": .manyElements],
        "ReplacementInfo": ["DocumentId": .text(200), "OrganIdList": .elements],
        "OrganIdList": ["OrganId": .texts(35)],
        "edXMLBody": ["edXMLManifest": .list],
        "edXMLManifest": ["Reference": .manyElements],
        "Reference": ["ContentId": .text, "ContentType": .text, "Description": .text, "AttachmentName": .text(500)],
        "AttachmentEncoded": ["Attachment": .manyElements],
        "Attachment": [
            "ContentId": .text, "AttachmentName": .text(500), "Description": .text, "FieldName": .text,
            "MimeType": .text, "ContentType": .text, "ContentTransferEncoded": .base64,
        ],
    ]

    private static let messageHeader: [String: Rule] = [
        "From": .elements, "To": .manyElements, "Code": .elements, "PromulgationInfo": .elements,
        "DocumentType": .elements, "Subject": .text(500), "Content": .text(500), "SignerInfo": .elements,
        "DueDate": .text, "ToPlaces": .elements, "OtherInfo": .elements, "ResponseFor": .manyElements,
        "SteeringType": .text, "DocumentId": .text, "ResponseForTask": .elements, "ApplicationType": .text,
        "StaffInfo": .elements, "StatusCode": .text, "Description": .text, "Timestamp": .text,
    ]

    private static let organization: [String: Rule] = [
        // OrganId has a finding of its own.
        "OrganId": .text, "OrganizationInCharge": .text(500), "OrganName": .text(200), "OrganAdd": .text(500),
        "Email": .text(100), "Telephone": .text(20), "Fax": .text(20), "Website": .text(100),
    ]

    /// Every name of the format, to tell an element in a wrong namespace from an unknown one.
    static let names: Set<String> = children.values.reduce(into: [root]) { $0.formUnion($1.keys) }
}
