// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Exchange
import Foundation
import NIOCore
import NIOHTTP1
import Surfaces
import Synchronization
import Trust
import VXPProtocol

/// A QLVB system that speaks to the hub as the national SDK does: same headers, same bodies, same signature.
struct DemoClient: Sendable {
    /// Longest reply that is read, in bytes; the demo's package has some thousand.
    static let maxReplyBytes = 4 << 20
    static let requestTimeout: TimeAmount = .seconds(30)

    let signer: VXPClientSigner
    let place: DemoPlace
    let http: HTTPClient
    let screen: DemoScreen
    let numbers: DemoRequestNumbers

    /// Calls the hub, shows the request, and leaves it in a file with which curl sends the same again.
    ///
    /// - Returns: the body of a reply that says success.
    func call(_ operation: VXPOperation, _ parameters: [VXPParameter], package: [UInt8]? = nil) async throws -> [UInt8]
    {
        let url = "http://\(place.address)/XrdAdapter/adapter/\(operation.pathComponent)"
        let headers = try signer.headers(for: operation, parameters)
        let body = package.map { $0 + VXPClientSigner.bodyEnding } ?? Array((operation.fixedBody ?? "").utf8)
        let file = try save(operation, url: url, headers: headers, body: body)
        screen.request(
            "POST \(url)", parameters: shown(parameters, package: package), command: ["curl", "--config", file])

        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(body)
        let response = try await http.execute(request, timeout: Self.requestTimeout)
        let reply = Array(try await response.body.collect(upTo: Self.maxReplyBytes).readableBytesView)
        let base = try VXPReceivedReply(parsing: reply)
        guard response.status == .ok, base.isSuccess else {
            throw DemoFailure("HTTP \(response.status.code), ErrorCode \(base.errorCode): \(base.errorDescription)")
        }
        return reply
    }

    /// What tells requests apart; the secret is in none of it.
    private func shown(_ parameters: [VXPParameter], package: [UInt8]?) -> [String] {
        var shown = ["systemid \(signer.systemID)"]
        for parameter in parameters where parameter.name != "servicetype" {
            let value = parameter.value.count > 40 ? parameter.value.prefix(16) + "…" : parameter.value[...]
            shown.append("\(parameter.name) \(value)")
        }
        if let package { shown.append("\(package.count) byte") }
        return shown
    }

    private func save(
        _ operation: VXPOperation, url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) throws -> String {
        let number = numbers.next()
        let file = "\(place.requests)/\(number < 10 ? "0" : "")\(number)-\(operation.rawValue)"
        let bodyFile = file + ".body"
        var lines = ["url = \(Self.quoted(url))", #"request = "POST""#]
        lines += headers.map { "header = \(Self.quoted("\($0.name): \($0.value)"))" }
        lines += ["data-binary = \(Self.quoted("@" + bodyFile))", "silent", "show-error", #"write-out = "\n""#]
        try Data(body).write(to: URL(fileURLWithPath: bodyFile))
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// A string of a curl configuration file.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// Numbers the requests of all clients of one demo.
final class DemoRequestNumbers: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock { last in
            last += 1
            return last
        }
    }
}
