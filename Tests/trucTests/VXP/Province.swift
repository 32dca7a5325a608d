// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import VXPProtocol

/// A hub in a process of its own with three systems, each speaking for one department of an invented province.
struct Province {
    static let construction = "000.00.13.H52"
    static let justice = "000.00.07.H52"
    static let health = "000.00.21.H52"

    let hub: HubProcess
    private let secrets: [String: String]

    /// - Parameters:
    ///   - faultPoint: where the hub shall kill itself.
    ///   - databaseURL: of the hub's database; nil for a private one.
    ///   - arguments: further ones for `truc serve`.
    ///   - dataDirectory: nil for a fresh one.
    static func open(
        faultPoint: String? = nil, databaseURL: String? = nil, arguments: [String] = [],
        dataDirectory: String? = nil
    ) async throws -> Province {
        // Registered by a hub without the fault: what it is about comes afterwards.
        let founding = try await HubProcess.start(
            dataDirectory: dataDirectory, databaseURL: databaseURL, arguments: arguments)
        var secrets: [String: String] = [:]
        for (agency, alias) in [(construction, "H52.13"), (justice, "H52.07"), (health, "H52.21")] {
            let secret = "secret-of-\(alias)-\(UUID().uuidString)"
            let file = founding.dataDirectory + "-\(alias).secret"
            try secret.write(toFile: file, atomically: true, encoding: .utf8)
            let system = systemID(agency)
            for outcome in [
                try await founding.command("system", "add", system, "--name", "QLVB \(alias)", "--secret-file", file),
                try await founding.command(
                    "agency", "add", agency, "--name", "Sở \(alias)", "--system", system, "--alias", alias),
            ] where outcome.status != 0 {
                throw CommandFailed(outcome: outcome)
            }
            secrets[agency] = secret
        }
        guard let faultPoint else { return Province(hub: founding, secrets: secrets) }
        try await founding.stop()
        let hub = try await HubProcess.start(
            dataDirectory: founding.dataDirectory, faultPoint: faultPoint, databaseURL: databaseURL,
            arguments: arguments)
        return Province(hub: hub, secrets: secrets)
    }

    struct CommandFailed: Error { let outcome: CommandOutcome }

    /// The same province after its hub was started anew.
    ///
    /// - Parameter arguments: further ones for `truc serve`.
    func restarted(_ arguments: String...) async throws -> Province {
        let revived = try await HubProcess.start(
            dataDirectory: hub.dataDirectory, databaseURL: hub.databaseURL, arguments: arguments)
        return Province(hub: revived, secrets: secrets)
    }

    /// Another node on the same database, seen by the same systems.
    ///
    /// - Parameter dataDirectory: nil for one of its own.
    func beside(dataDirectory: String? = nil, arguments: [String]) async throws -> Province {
        let directory = try dataDirectory ?? TestCluster.temporaryDirectory() + "/d"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Nodes of one database have the same keys.
        try FileManager.default.copyItem(atPath: hub.dataDirectory + "/keyring", toPath: directory + "/keyring")
        let node = try await HubProcess.start(
            dataDirectory: directory, databaseURL: hub.databaseURL, arguments: arguments)
        return Province(hub: node, secrets: secrets)
    }

    /// The client that the agency's system uses.
    func client(
        _ agency: String, secret: String? = nil, timestamp: Instant = .now(), leaksParameters: Bool = false,
        prefix: String = ""
    ) throws -> SDKClient {
        SDKClient(
            port: hub.port, system: try SystemID(parsing: Self.systemID(agency)),
            secret: secret ?? self.secret(agency), timestamp: timestamp, leaksParameters: leaksParameters,
            prefix: prefix)
    }

    /// Of the agency's system.
    func secret(_ agency: String) -> String { secrets[agency] ?? "" }

    static func systemID(_ agency: String) -> String { "qlvb.\(agency.dropFirst(7).prefix(2))" }
}

/// Packages of invented content.
enum Sample {
    static func agency(_ text: String) throws -> AgencyID { try AgencyID(parsing: text) }

    /// A document with one attached file.
    static func document(
        _ number: String, from: String = Province.construction, to: [String] = [Province.justice],
        subject: String = "V/v kiểm tra công trình", hops: Int = 1, content: [UInt8] = Array("%PDF-1.7 mẫu".utf8),
        name: String = "van-ban.pdf",
        business: Business = Business(kind: .new), due: CalendarDate? = nil
    ) throws -> [UInt8] {
        var header = DocumentHeader(
            from: organization(from), to: to.map(organization),
            documentID: try DocumentID(parsing: "\(from),2026/11/20,\(number)/SXD-VP"))
        header.codeNumber = number
        header.codeNotation = "SXD-VP"
        header.promulgationDateText = "2026/11/20"
        header.type = 2
        header.typeName = "Công văn"
        header.dueDateText = due?.edXML
        header.subject = subject
        header.trace = (0..<hops).map { TraceHop(organID: from, timestampText: "2026/11/20 08:30:0\($0)") }
        header.business = business
        return try PackageWriter.bytes(
            .document(header),
            attachments: [
                OutgoingAttachment(
                    contentID: UUID().uuidString, name: name, contentType: "application/pdf", content: content)
            ])
    }

    static func documentID(_ number: String, from: String = Province.construction) throws -> DocumentID {
        try DocumentID(parsing: "\(from),2026/11/20,\(number)/SXD-VP")
    }

    static func status(
        _ status: DocumentStatus, about document: DocumentID, from: String = Province.justice,
        to: String = Province.construction, description: String = "Đã vào sổ"
    ) throws -> [UInt8] {
        var header = StatusHeader(
            from: organization(from),
            responseFor: StatusHeader.AnsweredDocument(
                organID: to, code: "15/SXD-VP", promulgationDateText: "2026/11/20", documentID: document),
            status: status)
        header.description = description
        header.timestampText = "2026/11/20 09:00:00"
        return try PackageWriter.bytes(.status(header))
    }

    private static func organization(_ id: String) -> Organization {
        Organization(organID: id, organizationInCharge: "UBND tỉnh Mẫu", organName: "Đơn vị \(id)")
    }
}
