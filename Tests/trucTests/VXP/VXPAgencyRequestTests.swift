// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// What systems ask of the registry: over TLS alone, and only an operator makes it true.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPAgencyRequestTests {
    private static let unit = "000.05.13.H52"

    /// A province whose hub ends TLS.
    private struct Secured {
        let province: Province
        private let root: TestCertificates.Pair

        init() async throws {
            let founding = try await Province.open()
            try await founding.hub.stop()
            let certificates = try TestCertificates()
            root = try await certificates.authority("root")
            let pair = try await certificates.issue("hub", by: root)
            province = try await founding.restarted(
                "--set", "tls-certificate-file=\(pair.certificate)", "--set", "tls-key-file=\(pair.key)")
        }

        /// The body of the answer.
        func call(
            _ client: SDKClient, _ operation: VXPOperation, _ parameters: [VXPParameter] = [], body: String = ""
        ) async throws -> [UInt8] {
            let head = try await client.head(operation, parameters, contentLength: body.utf8.count)
            let connection = try TLSConnection(
                port: province.hub.port, ["-CAfile", root.certificate, "-verify_return_error"])
            defer { connection.close() }
            let answer = try await connection.ask(head + body, until: "}")
            let end = try #require(answer.range(of: "\r\n\r\n"))
            return Array(answer[end.upperBound...].utf8)
        }

        func register(_ client: SDKClient, _ body: String) async throws -> [UInt8] {
            try await call(client, .registerAgency, body: body)
        }
    }

    private static func body(_ code: String, name: String = "Chi c\\u1ee5c") -> String {
        #"{"id":"","pcode":"H52.13","code":"\#(code)","name":"\#(name)","mail":"cc@example.vn","mobile":"","fax":""}"#
    }

    private static func padded(_ body: String, to length: Int) -> String {
        body + String(repeating: " ", count: length - body.utf8.count)
    }

    private func code(_ body: [UInt8]) throws -> String? { try VXPReceivedReply(parsing: body).code }

    @Test func `over plain HTTP neither is answered, whatever else is wrong`() async throws {
        let province = try await Province.open()
        let clients = [
            try province.client(Province.construction), try province.client(Province.construction, secret: "khác"),
        ]
        for client in clients {
            for (operation, parameters, body) in [
                (VXPOperation.registerAgency, [], Self.body(Self.unit)),
                (.deleteAgency, [.agencyCode(try Sample.agency(Province.construction))], ""),
            ] as [(VXPOperation, [VXPParameter], String)] {
                let connection = try await RawHTTPClient.connect(port: province.hub.port)
                try await connection.send(
                    try await client.head(operation, parameters, contentLength: body.utf8.count) + body)
                let answer = try await connection.receive()
                #expect(answer.status == 403)
                #expect(try answer.reply.code == "request.tls-required")
            }
        }
        #expect(try await province.hub.command("agency", "requests", "--json").output == "[\n\n]\n")
        try await province.hub.stop()
    }

    @Test func `a unit is asked for, approved, used, and asked to be closed`() async throws {
        let secured = try await Secured()
        let (province, hub) = (secured.province, secured.province.hub)
        let client = try province.client(Province.construction)
        let number = try VXPReceivedReply.requestNumber(
            parsing: try await secured.register(client, Self.body(Self.unit)))
        // A retry is the same request.
        #expect(
            try VXPReceivedReply.requestNumber(parsing: try await secured.register(client, Self.body(Self.unit)))
                == number)
        // Nothing holds yet.
        #expect(try await hub.command("agency", "show", Self.unit).errors.contains("[registry.agency-not-found]"))

        let shown = try await hub.command("agency", "requests")
        #expect(shown.output.contains("\(number)") && shown.output.contains("qlvb.13"))
        #expect(shown.output.contains("\(Self.unit)") && shown.output.contains("Chi cục"))
        let tomorrow = CalendarDate(daysSince1970: Instant.now().vietnamDate.daysSince1970 + 1).iso8601
        let grounds = ["--decision", "123/QĐ-UBND"]
        let early = try await CommandOutcome.run(
            ["agency", "approve", "\(number)", "--date", tomorrow, "--data-dir", hub.dataDirectory] + grounds)
        #expect(early.status == 1 && early.errors.contains("[registry.invalid-value]"))
        let unfounded = try await hub.command("agency", "approve", "\(number)")
        #expect(unfounded.status == 64)
        let approved = try await hub.command(
            "agency", "approve", "\(number)", "--decision", "123/QĐ-UBND", "--date", "2026-11-20", "--alias",
            "H52.13.05", "--json")
        #expect(approved.status == 0, "\(approved.errors)")
        #expect(approved.output.contains(#""decision" : "123/QĐ-UBND""#))
        #expect(approved.output.contains(#""decisionDate" : "2026-11-20""#))
        let agency = try await hub.command("agency", "show", "H52.13.05", "--json")
        #expect(agency.output.contains(#""parent" : "000.00.13.H52""#))
        #expect(agency.output.contains(#""system" : "qlvb.13""#))
        #expect(try code(try await secured.register(client, Self.body(Self.unit))) == "registry.agency-taken")

        let close = try VXPReceivedReply.requestNumber(
            parsing: try await secured.call(
                client, .deleteAgency, [.agencyCode(try Sample.agency("H52.13.05"))]))
        #expect(try await hub.command("agency", "show", Self.unit, "--json").output == agency.output)
        let undated = try await CommandOutcome.run(
            ["agency", "approve", "\(close)", "--date", "2026-11-20", "--data-dir", hub.dataDirectory] + grounds)
        #expect(undated.status == 1 && undated.errors.contains("[registry.invalid-value]"))
        let closed = try await CommandOutcome.run(
            [
                "agency", "approve", "\(close)", "--date", "2026-11-20", "--last-day", "2026-12-31", "--successor",
                "H52.13", "--data-dir", hub.dataDirectory,
            ] + grounds)
        #expect(closed.status == 0, "\(closed.errors)")
        #expect(try await hub.command("agency", "show", Self.unit, "--json").output.contains("2027-01-01T00:00:00"))
        try await hub.stop()
    }

    @Test func `what nobody may ask for, and what is rejected`() async throws {
        let secured = try await Secured()
        let (province, hub) = (secured.province, secured.province.hub)
        let client = try province.client(Province.construction)
        for (body, expected) in [
            (Self.body("000.05.07.H52"), "registry.agency-not-below"),
            (Self.body(Province.construction), "registry.agency-not-below"),
            (Self.body("000.00.99.H52"), "registry.agency-not-below"),
            (Self.body("không phải mã"), "request.parameter-invalid"), ("", "request.parameter-invalid"),
            ("{}", "request.parameter-missing"),
            // To the byte: blanks behind the object are part of the body.
            (Self.padded(Self.body("000.05.07.H52"), to: VXPAgencyApplication.maxBytes), "registry.agency-not-below"),
            (Self.padded(Self.body("000.05.07.H52"), to: VXPAgencyApplication.maxBytes + 1), "request.body-too-large"),
        ] {
            #expect(try code(try await secured.register(client, body)) == expected, "\(body.prefix(80))")
        }
        for (written, expected) in [
            (Province.construction, "registry.agency-not-below"), (Province.health, "registry.agency-not-below"),
            ("000.00.99.H52", "registry.agency-not-found"),
        ] {
            let answer = try await secured.call(client, .deleteAgency, [.agencyCode(try Sample.agency(written))])
            #expect(try code(answer) == expected)
        }
        #expect(try code(try await secured.call(client, .deleteAgency)) == "request.parameter-missing")
        let wrong = try province.client(Province.construction, secret: "khác")
        #expect(try code(try await secured.register(wrong, Self.body(Self.unit))) == "auth.signature-invalid")
        #expect(try await hub.command("agency", "requests", "--json").output == "[\n\n]\n")

        let number = try VXPReceivedReply.requestNumber(
            parsing: try await secured.register(client, Self.body(Self.unit)))
        #expect(
            try code(try await secured.register(client, Self.body(Self.unit, name: "Kh\\u00e1c")))
                == "registry.request-waiting")
        let rejected = try await hub.command(
            "agency", "reject", "\(number)", "--reason", "Chưa có quyết định thành lập")
        #expect(rejected.status == 0, "\(rejected.errors)")
        let again = try await hub.command("agency", "reject", "\(number)", "--reason", "x")
        #expect(again.status == 1 && again.errors.contains("[registry.request-decided]"))
        let unknown = try await hub.command("agency", "reject", "99", "--reason", "x")
        #expect(unknown.status == 1 && unknown.errors.contains("[registry.request-not-found]"))
        let listed = try await hub.command("agency", "requests", "--state", "rejected")
        #expect(listed.output.contains("Chưa có quyết định thành lập"))
        #expect(try await hub.command("agency", "show", Self.unit).errors.contains("[registry.agency-not-found]"))
        try await hub.stop()
    }
}
