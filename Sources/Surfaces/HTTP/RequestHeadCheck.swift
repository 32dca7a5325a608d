// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// What is wrong with a request's head beyond what the parser refuses: heads that two readers, a proxy and the hub for
/// example, could take for different requests. Pure.
enum RequestHeadCheck {
    /// What is wrong, in a sentence; nil for a head that can only be read in one way.
    static func problem(_ head: HTTPRequestHead) -> String? {
        framingProblem(head) ?? hostProblem(head)
    }

    /// Whether the connection is asked to become another protocol's: the parser reads nothing after such a request.
    static func asksForOtherProtocol(_ head: HTTPRequestHead) -> Bool {
        head.method == .CONNECT || head.headers.contains(name: "Upgrade")
    }

    /// RFC 9112 §6.1: a transfer coding that the server does not know leaves the end of the body unknown, and HTTP/1.0
    /// has none. Beside Content-Length the parser refuses it.
    private static func framingProblem(_ head: HTTPRequestHead) -> String? {
        let codings = head.headers["Transfer-Encoding"]
        guard !codings.isEmpty else { return nil }
        guard head.version == .http1_1 else { return "Transfer-Encoding is not for HTTP/1.0" }
        let isChunked = codings.count == 1 && codings[0].lowercased() == "chunked"
        return isChunked ? nil : "Transfer-Encoding must be chunked and nothing else"
    }

    /// RFC 9112 §3.2.
    private static func hostProblem(_ head: HTTPRequestHead) -> String? {
        let count = head.headers["Host"].count
        if count > 1 { return "Host occurs more than once" }
        return count == 0 && head.version == .http1_1 ? "Host is missing" : nil
    }
}
