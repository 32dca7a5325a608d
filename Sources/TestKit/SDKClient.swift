// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust
import VXPProtocol

/// A QLVB system as the national SDK makes it: the same requests, byte for byte, over a plain socket.
///
/// One object keeps its timestamp and, as the SDK's map does, every parameter of earlier calls when `leaksParameters` is
/// set. Each call uses a connection of its own unless `connection` is given.
public actor SDKClient {
    private let port: Int
    private let signer: VXPClientSigner
    private let leaksParameters: Bool
    private var remembered: [VXPParameter] = []
    /// Put before the operation, for example `/XrdAdapter/adapter`.
    private let prefix: String

    public init(
        port: Int, system: SystemID, secret: String, timestamp: Instant = .now(), leaksParameters: Bool = false,
        prefix: String = ""
    ) {
        self.port = port
        self.leaksParameters = leaksParameters
        self.prefix = prefix
        var signer = VXPClientSigner(systemID: system, secret: secret)
        signer.timestamp = timestamp
        self.signer = signer
    }

    /// The bytes of a request up to and including the empty line.
    public func head(
        _ operation: VXPOperation, _ parameters: [VXPParameter], contentLength: Int, expects: Bool = false
    ) throws -> String {
        var lines = ["\(operation.method) \(prefix)/\(operation.pathComponent) HTTP/1.1"]
        lines += try signer.headers(for: operation, all(parameters)).map { "\($0.name): \($0.value)" }
        if operation.method == "POST" { lines.append("Content-Length: \(contentLength)") }
        lines += ["Host: 127.0.0.1:\(port)", "Connection: Keep-Alive"]
        if expects { lines.append("Expect: 100-continue") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// One call with the body that the SDK sends for it.
    public func call(_ operation: VXPOperation, _ parameters: [VXPParameter] = []) async throws -> RawHTTPResponse {
        let body = Array((operation.fixedBody ?? "").utf8)
        let connection = try await RawHTTPClient.connect(port: port)
        try await connection.send(try head(operation, parameters, contentLength: body.count))
        remember(parameters)
        try await connection.send(body)
        return try await connection.receive()
    }

    /// `sendEdoc` as the Apache client sends it: head with `Expect: 100-continue`, body and CRLF after the 100.
    public func send(
        _ package: [UInt8], from: AgencyID, type: VXPMessageType = .edoc, to: [AgencyID]? = nil,
        hash: HashFile? = nil, ending: [UInt8] = VXPClientSigner.bodyEnding, expects: Bool = true
    ) async throws -> RawHTTPResponse {
        var parameters: [VXPParameter] = [.from(from), .serviceType(), .messageType(type)]
        if let to { parameters.append(.to(to)) }
        parameters.append(.hashFile(hash ?? HashFile(unpadded: SHA256Digest(of: package))))
        let connection = try await RawHTTPClient.connect(port: port)
        try await connection.send(
            try head(.sendEdoc, parameters, contentLength: package.count + ending.count, expects: expects))
        remember(parameters)
        if expects {
            let interim = try await connection.receive()
            guard interim.status == 100 else { return interim }
        }
        try await connection.send(package + ending)
        return try await connection.receive()
    }

    /// The lines of `getReceivedEdocList`.
    public func received(_ type: VXPMessageType = .edoc) async throws -> [VXPReceivedItem] {
        let answer = try await call(.getReceivedEdocList, [.serviceType(), .messageType(type)])
        return try VXPReceivedReply.items(VXPReceivedItem.self, parsing: answer.body)
    }

    /// The number in `countReceiveEdoc` or `countReceiveStatus`.
    public func count(_ operation: VXPOperation) async throws -> Int {
        try VXPReceivedReply.count(parsing: try await call(operation).body)
    }

    /// The bytes of a package.
    public func fetch(_ docID: String) async throws -> [UInt8] {
        try VXPReceivedReply.content(parsing: try await call(.getEdoc, [.docID(docID)]).body)
    }

    public func confirm(
        _ docID: String, _ confirmation: VXPConfirmation, description: String? = nil
    ) async throws -> RawHTTPResponse {
        var parameters: [VXPParameter] = [.docID(docID), .confirmation(confirmation)]
        if let description { parameters.append(.description(description)) }
        return try await call(.updateStatus, parameters)
    }

    private func all(_ parameters: [VXPParameter]) -> [VXPParameter] {
        let names = Set(parameters.map(\.name))
        return remembered.filter { !names.contains($0.name) } + parameters
    }

    private func remember(_ parameters: [VXPParameter]) {
        if leaksParameters { remembered = all(parameters) }
    }
}

extension RawHTTPResponse {
    /// The reply as an SDK client reads it.
    public var reply: VXPReceivedReply { get throws { try VXPReceivedReply(parsing: body) } }
}
