// SPDX-License-Identifier: Apache-2.0
import Exchange

extension DocumentHeader {
    func write(to output: inout XMLOutput) throws {
        try output.start("edXML:MessageHeader")
        try from.write("edXML:From", to: &output)
        for recipient in to { try recipient.write("edXML:To", to: &output) }
        try output.group("edXML:Code", [("CodeNumber", codeNumber), ("CodeNotation", codeNotation)])
        try output.group("edXML:PromulgationInfo", [("Place", place), ("PromulgationDate", promulgationDateText)])
        try output.group(
            "edXML:DocumentType",
            [("Type", type.map(String.init)), ("TypeDetail", typeDetail.map(String.init)), ("TypeName", typeName)])
        try output.text("edXML:Subject", subject)
        try output.text("edXML:Content", content)
        try output.group(
            "edXML:SignerInfo",
            [("Competence", signer.competence), ("Position", signer.position), ("FullName", signer.fullName)])
        try output.text("edXML:DueDate", dueDateText)
        try output.list("edXML:ToPlaces", "edXML:Place", toPlaces)
        try other.write(to: &output)
        for response in responseFor {
            try output.group(
                "edXML:ResponseFor",
                [
                    ("OrganId", response.organID), ("Code", response.code),
                    ("PromulgationDate", response.promulgationDateText), ("DocumentId", response.documentIDText),
                ])
        }
        try output.number("edXML:SteeringType", steeringType)
        try output.text("edXML:DocumentId", documentID.text)
        try output.list("edXML:ResponseForTask", "edXML:TaskCode", responseForTasks)
        try output.text("edXML:ApplicationType", applicationType)
        try output.end()
        try writeTraces(to: &output)
    }

    private func writeTraces(to output: inout XMLOutput) throws {
        guard !trace.isEmpty || business != nil else { return }
        try output.start("edXML:TraceHeaderList")
        for hop in trace {
            try output.start("edXML:TraceHeader")
            try output.text("edXML:OrganId", hop.organID)
            try output.text("edXML:Timestamp", hop.timestampText)
            try output.end()
        }
        try business?.write(to: &output)
        try output.end()
    }
}

extension StatusHeader {
    func write(to output: inout XMLOutput) throws {
        try output.start("edXML:MessageHeader")
        try from.write("edXML:From", to: &output)
        try output.group(
            "edXML:ResponseFor",
            [
                ("OrganId", responseFor.organID), ("Code", responseFor.code),
                ("PromulgationDate", responseFor.promulgationDateText), ("DocumentId", responseFor.documentID.text),
            ])
        try staff.write(to: &output)
        try output.text("edXML:StatusCode", status.rawValue)
        try output.text("edXML:Description", description)
        try output.text("edXML:Timestamp", timestampText)
        try output.end()
    }
}

extension Organization {
    fileprivate func write(_ name: String, to output: inout XMLOutput) throws {
        try output.start(name)
        try output.text("edXML:OrganId", organID)
        try output.text("edXML:OrganizationInCharge", organizationInCharge)
        try output.text("edXML:OrganName", organName)
        try output.text("edXML:OrganAdd", organAdd)
        try output.text("edXML:Email", email)
        try output.text("edXML:Telephone", telephone)
        try output.text("edXML:Fax", fax)
        try output.text("edXML:Website", website)
        try output.end()
    }
}

extension OtherInformation {
    fileprivate func write(to output: inout XMLOutput) throws {
        guard self != OtherInformation() else { return }
        try output.start("edXML:OtherInfo")
        try output.number("edXML:Priority", urgency?.rawValue)
        try output.text("edXML:SphereOfPromulgation", sphereOfPromulgation)
        try output.text("edXML:TyperNotation", typerNotation)
        try output.number("edXML:PromulgationAmount", promulgationAmount)
        try output.number("edXML:PageAmount", pageAmount)
        try output.text("edXML:ReplyFors", replyFors)
        try output.text("edXML:Direction", direction.map { $0 ? "true" : "false" })
        try output.text("edXML:ReferenceCodes", referenceCodes)
        try output.list("edXML:Appendixes", "edXML:Appendix", appendixes)
        try output.end()
    }
}

extension Business {
    fileprivate func write(to output: inout XMLOutput) throws {
        try output.start("edXML:Bussiness")
        try output.number("edXML:BussinessDocType", kind.rawValue)
        try output.text("edXML:BussinessDocReason", reason)
        if documentInfo != nil || documentReceiver != nil || !receivers.isEmpty {
            try output.start("edXML:BussinessDocumentInfo")
            try output.flag("edXML:DocumentInfo", documentInfo)
            try output.flag("edXML:DocumentReceiver", documentReceiver)
            if !receivers.isEmpty {
                try output.start("edXML:ReceiverList")
                for receiver in receivers {
                    try output.start("edXML:Receiver")
                    try output.text("edXML:OrganId", receiver.organID)
                    try output.number("edXML:ReceiverType", receiver.type)
                    try output.end()
                }
                try output.end()
            }
            try output.end()
        }
        try output.text("edXML:DocumentId", documentIDText)
        try staff.write(to: &output)
        try output.number("edXML:Paper", paper)
        if !replacements.isEmpty {
            try output.start("edXML:ReplacementInfoList")
            for replacement in replacements {
                try output.start("edXML:ReplacementInfo")
                try output.text("edXML:DocumentId", replacement.documentIDText)
                try output.list("edXML:OrganIdList", "edXML:OrganId", replacement.organIDs)
                try output.end()
            }
            try output.end()
        }
        try output.end()
    }
}

extension Staff {
    fileprivate func write(to output: inout XMLOutput) throws {
        try output.group(
            "edXML:StaffInfo",
            [
                ("Department", department), ("Staff", name), ("Mobile", mobile), ("Email", email),
                ("DepartmentId", departmentID), ("StaffId", staffID),
            ])
    }
}

extension XMLOutput {
    /// An element with a text for each value that is there; nothing when none is.
    fileprivate mutating func group(_ name: String, _ values: [(String, String?)]) throws {
        guard values.contains(where: { $0.1 != nil }) else { return }
        try start(name)
        for (child, value) in values { try text("edXML:" + child, value) }
        try end()
    }

    /// An element with one child for each text; nothing for no texts.
    fileprivate mutating func list(_ name: String, _ item: String, _ texts: [String]) throws {
        guard !texts.isEmpty else { return }
        try start(name)
        for value in texts { try text(item, value) }
        try end()
    }
}
