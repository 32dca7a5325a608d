// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import EdXML
import Exchange
import Foundation
import NIOCore
import NIOHTTP1
import Surfaces
import Trust
import VXPProtocol

/// What the demo does, step by step. Every step is a check that can fail.
struct DemoStory: Sendable {
    /// Longest wait for the hub to be ready. A first start makes a database cluster.
    static let readyTimeout: TimeAmount = .seconds(60)
    /// Longest answer of `/readyz`, in bytes.
    static let maxReadyBytes = 4096
    /// What the receiver says about the document, in this order.
    static let statuses: [DocumentStatus] = [.arrived, .accepted, .completed]

    let place: DemoPlace
    let program: DemoProgram
    let http: HTTPClient
    let screen: DemoScreen
    private let numbers = DemoRequestNumbers()

    init(place: DemoPlace, program: DemoProgram, http: HTTPClient, screen: DemoScreen) {
        self.place = place
        self.program = program
        self.http = http
        self.screen = screen
    }

    /// An agency of the demo and the system that speaks for it.
    struct Party {
        let code: String
        let alias: String
        let name: String
        let system: String
    }

    static let sender = Party(code: "000.00.13.H52", alias: "H52.13", name: "Sở Xây dựng", system: "qlvb.soxd")
    static let receiver = Party(code: "000.00.14.H52", alias: "H52.14", name: "Sở Tài chính", system: "qlvb.sotc")

    var serveArguments: [String] {
        ["serve", "--data-dir", place.directory, "--listen", place.address.description]
    }

    func introduce() {
        screen.title("Trục: một văn bản đi từ Sở Xây dựng tới Sở Tài chính", "a document on its way, every step shown")
        screen.line("  truc = \(program.executable)")
        screen.line(
            "  Mỗi yêu cầu ký bằng HMAC-SHA256 với khóa bí mật của hệ thống; lệnh curl bên dưới gửi lại đúng yêu cầu đó"
        )
        screen.line(
            "  (every request is signed with its system's secret; the curl command below it sends the very same again)")
    }

    func tell() async throws {
        try await start()
        let (sender, receiver) = (try await register(Self.sender), try await register(Self.receiver))
        try await lookUp(with: sender)
        let sent = Array(PackageResources.demo_edxml)
        try Data(sent).write(to: URL(fileURLWithPath: place.package))
        let docID = try await send(sent, with: sender)
        let received = try await receive(sent, with: receiver)
        try await report(on: received, with: receiver)
        try await readStatuses(with: sender)
        try await askWhatBecame(of: docID, with: sender)
        try await trace(sent)
    }

    // MARK: The hub

    private func start() async throws {
        screen.step(1, "Khởi động trục với PostgreSQL riêng", "start the hub, with a database of its own")
        screen.command(["truc"] + serveArguments)
        let url = "http://\(place.address)/readyz"
        screen.command(["curl", url])
        // The client tries to connect until the time is over: it waits for the hub, nobody counts seconds.
        let response = try await http.execute(HTTPClientRequest(url: url), timeout: Self.readyTimeout)
        let body = String(buffer: try await response.body.collect(upTo: Self.maxReadyBytes))
        try check(
            response.status == .ok, "trục sẵn sàng: \(body)", else: "/readyz: HTTP \(response.status.code) \(body)")
        screen.line("    dữ liệu (data): \(place.directory)   nhật ký (log): \(place.log)")
    }

    private func register(_ party: Party) async throws -> DemoClient {
        struct Added: Decodable { let secret: String }
        let number = party.system == Self.sender.system ? 2 : 3
        screen.step(
            number, "Đăng ký hệ thống và đơn vị: \(party.name)", "register a system and the agency it speaks for")
        let added = try await truc(
            "system", "add", party.system, "--name", "QLVB \(party.name)", "--generate-secret", "--json")
        let secret = try JSONDecoder().decode(Added.self, from: Data(added.utf8)).secret
        screen.tick(
            "\(party.system); khóa bí mật \(secret.utf8.count) ký tự, chỉ hiện một lần (secret shown once, hidden here)"
        )
        _ = try await truc(
            "agency", "add", party.code, "--name", party.name, "--system", party.system, "--alias", party.alias)
        screen.tick("\(party.code) = \(party.alias) → \(party.system)")
        return DemoClient(
            signer: VXPClientSigner(systemID: try SystemID(parsing: party.system), secret: secret), place: place,
            http: http, screen: screen, numbers: numbers)
    }

    // MARK: The document

    private func lookUp(with client: DemoClient) async throws {
        screen.step(4, "Nơi gửi tra danh sách đơn vị", "the sender looks up who can be reached")
        let agencies = try VXPReceivedReply.items(
            VXPAgencyItem.self, parsing: try await client.call(.getAgenciesList, []))
        let found = agencies.map { "\($0.code) \($0.name)" }.joined(separator: ", ")
        try check(
            Set(agencies.map(\.code)) == [Self.sender.code, Self.receiver.code], found, else: "agencies: \(found)")
    }

    private func send(_ package: [UInt8], with client: DemoClient) async throws -> String {
        screen.step(5, "Gửi văn bản 15/SXD-VP kèm hai tệp", "send a document with two files")
        let digest = SHA256Digest(of: package)
        let reply = try VXPReceivedReply(
            parsing: try await client.call(
                .sendEdoc,
                [
                    .serviceType(), .messageType(.edoc), .from(try AgencyID(parsing: Self.sender.code)),
                    .hashFile(HashFile(unpadded: digest)),
                ], package: package))
        guard let docID = reply.docID else { throw DemoFailure("sendEdoc: no DocId") }
        screen.tick("biên nhận (receipt) DocId \(docID)")
        screen.line("    SHA-256 \(digest.hex)")
        return docID
    }

    private func receive(_ sent: [UInt8], with client: DemoClient) async throws -> DocumentHeader {
        screen.step(
            6, "Nơi nhận xem danh sách, lấy gói tin, đối chiếu SHA-256", "the receiver lists, fetches, compares")
        let items = try await list(.edoc, with: client)
        guard items.count == 1, let item = items.first else { throw DemoFailure("\(items.count) items in the list") }
        try check(
            item.from == Self.sender.code && item.to == Self.receiver.code,
            "1 văn bản chờ: \(item.from) → \(item.to), docId \(item.docId)", else: "\(item.from) → \(item.to)")
        let received = try await fetch(item, with: client)
        let digest = SHA256Digest(of: received)
        try check(
            received == sent, "đúng từng byte (the same bytes), SHA-256 \(digest.hex)",
            else: "SHA-256 \(digest.hex), \(received.count) of \(sent.count) bytes")

        screen.step(7, "Nơi nhận xác nhận: processing, rồi done", "the receiver confirms")
        for confirmation in [VXPConfirmation.processing, .done] { try await confirm(item, confirmation, with: client) }
        let left = try await list(.edoc, with: client)
        try check(left.isEmpty, "danh sách chờ đã hết (nothing waits)", else: "\(left.count) items still wait")
        guard let header = Self.read(received)?.document else { throw DemoFailure("the package has no document") }
        return header
    }

    // MARK: The statuses

    private func report(on document: DocumentHeader, with client: DemoClient) async throws {
        screen.step(8, "Nơi nhận gửi trạng thái 01, 03, 06", "the receiver reports: arrived, accepted, completed")
        for status in Self.statuses {
            let package = try PackageWriter.bytes(.status(statusHeader(status, on: document)))
            let reply = try VXPReceivedReply(
                parsing: try await client.call(
                    .sendEdoc,
                    [
                        .serviceType(), .messageType(.status), .from(try AgencyID(parsing: Self.receiver.code)),
                        .hashFile(HashFile(unpadded: SHA256Digest(of: package))),
                    ], package: package))
            guard let docID = reply.docID else { throw DemoFailure("sendEdoc: no DocId") }
            screen.tick("\(status.rawValue) \(status.state.vietnamese): DocId \(docID)")
        }
    }

    private func statusHeader(_ status: DocumentStatus, on document: DocumentHeader) -> StatusHeader {
        var header = StatusHeader(
            from: document.to.first ?? Organization(organID: Self.receiver.code),
            responseFor: StatusHeader.AnsweredDocument(
                organID: document.from.organID,
                code: [document.codeNumber, document.codeNotation].compactMap(\.self).joined(separator: "/"),
                promulgationDateText: document.promulgationDateText, documentID: document.documentID),
            status: status)
        header.staff = Staff(department: "Văn thư", name: "Lường Thị Thí Dụ", email: "vanthu@sotaichinh.example")
        header.description = "Văn bản \(status.state.vietnamese)"
        header.timestampText = Instant.now().edXML
        return header
    }

    private func readStatuses(with client: DemoClient) async throws {
        screen.step(9, "Nơi gửi nhận các trạng thái và xác nhận", "the sender lists, fetches and confirms them")
        let items = try await list(.status, with: client)
        screen.tick("\(items.count) trạng thái chờ (statuses wait)")
        var said: [DocumentStatus] = []
        for item in items {
            guard let header = Self.read(try await fetch(item, with: client))?.status else {
                throw DemoFailure("\(item.docId) is no status")
            }
            said.append(header.status)
            try await confirm(item, .done, with: client)
        }
        try check(
            said == Self.statuses, "đủ và đúng thứ tự (all, in order): \(Self.names(said))", else: Self.names(said))
    }

    private func askWhatBecame(of docID: String, with client: DemoClient) async throws {
        screen.step(10, "Nơi gửi hỏi văn bản đã tới đâu", "the sender asks what became of its document")
        let items = try VXPReceivedReply.items(
            VXPSentItem.self,
            parsing: try await client.call(.getSentEdocList, [.serviceType(), .messageType(.edoc), .docID(docID)]))
        guard items.count == 1, let item = items.first else { throw DemoFailure("\(items.count) items in the list") }
        try check(
            item.senderDocId == docID && item.receiveStatus == VXPItemStatus.done.rawValue
                && item.receiveStatusDesc == DocumentStatus.completed.state.vietnamese,
            "\(item.notation) → \(item.toCode): \(item.receiveStatus), \(item.receiveStatusDesc), \(item.receivedTime)",
            else: "\(item.receiveStatus) \(item.receiveStatusDesc)")
    }

    private func trace(_ sent: [UInt8]) async throws {
        guard let document = Self.read(sent)?.document else { throw DemoFailure("the package has no document") }
        screen.step(11, "Vết của văn bản", "the trace of the document")
        let text = try await truc("trace", document.documentID.text)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { screen.line("    \(line)") }
        let digest = SHA256Digest(of: sent).hex
        try check(
            text.contains(digest) && text.contains(Self.names([.completed])),
            "vết có SHA-256 của gói tin và trạng thái cuối (the trace has both digest and last status)",
            else: "the trace lacks the digest or the last status")
    }

    // MARK: Parts of steps

    private func list(_ type: VXPMessageType, with client: DemoClient) async throws -> [VXPReceivedItem] {
        try VXPReceivedReply.items(
            VXPReceivedItem.self,
            parsing: try await client.call(.getReceivedEdocList, [.serviceType(), .messageType(type)]))
    }

    private func fetch(_ item: VXPReceivedItem, with client: DemoClient) async throws -> [UInt8] {
        try VXPReceivedReply.content(parsing: try await client.call(.getEdoc, [.docID(item.docId)]))
    }

    private func confirm(
        _ item: VXPReceivedItem, _ confirmation: VXPConfirmation, with client: DemoClient
    ) async throws {
        _ = try await client.call(.updateStatus, [.docID(item.docId), .confirmation(confirmation)])
        screen.tick("\(confirmation.rawValue): \(item.docId)")
    }

    /// Runs a command of this program against the demo's hub, after printing it.
    private func truc(_ arguments: String...) async throws -> String {
        let arguments = arguments + ["--data-dir", place.directory]
        screen.command(["truc"] + arguments)
        let outcome = try await program.run(arguments)
        guard outcome.status == 0 else { throw DemoFailure("status \(outcome.status): \(outcome.errors)") }
        guard outcome.errors.isEmpty else { throw DemoFailure("on standard error: \(outcome.errors)") }
        return outcome.output
    }

    private func check(_ holds: Bool, _ held: String, else failed: String) throws {
        guard holds else { throw DemoFailure(failed) }
        screen.tick(held)
    }

    private static func read(_ package: [UInt8]) -> PackageHeader? {
        let reader = PackageReader()
        reader.feed(package)
        return reader.finish().header
    }

    private static func names(_ statuses: [DocumentStatus]) -> String {
        statuses.map { "\($0.rawValue) \($0.state.vietnamese)" }.joined(separator: ", ")
    }
}
