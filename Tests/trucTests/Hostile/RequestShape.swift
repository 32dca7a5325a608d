// SPDX-License-Identifier: Apache-2.0
import Testing

/// Bytes that no decent client sends, and which statuses answer them before the hub closes the connection.
///
/// Each ends in `smuggled`, a sound request for `/healthz`: where it stands in a body, or behind something that is no
/// request, its answer would show that the hub has taken bytes for a request that the sender's proxy has not.
struct RequestShape: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    /// In their order; the hub closes after the last one.
    let statuses: [Int]

    var testDescription: String { name }

    /// Whether the hub closes with the answer and reads nothing after it: what is sent later resets the connection.
    var isCutShort: Bool { name.hasPrefix("CONNECT") || name.hasPrefix("upgrade") || name == "after the last" }

    private init(_ name: String, _ bytes: String, _ statuses: [Int]) {
        self.init(name, Array(bytes.utf8), statuses)
    }

    private init(_ name: String, _ bytes: [UInt8], _ statuses: [Int]) {
        self.name = name
        self.bytes = bytes
        self.statuses = statuses
    }

    /// Asks for the hub's health and ends the connection.
    private static let smuggled = "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    private static let get = "GET /healthz HTTP/1.1\r\nHost: h\r\n"
    private static let post = "POST /sendEdoc HTTP/1.1\r\nHost: h\r\n"

    /// A call without authentication, which is refused without its body being read, then what follows.
    private static func posted(_ name: String, _ head: String, _ body: String = "", _ statuses: [Int]) -> RequestShape {
        RequestShape(name, post + head + "\r\n\r\n" + body + smuggled, statuses)
    }

    private static func asked(_ name: String, _ head: String, _ statuses: [Int]) -> RequestShape {
        RequestShape(name, get + head + "\r\n\r\n" + smuggled, statuses)
    }

    private static func target(_ name: String, _ line: String, _ statuses: [Int]) -> RequestShape {
        RequestShape(name, line + "\r\nHost: h\r\n\r\n" + smuggled, statuses)
    }

    static let all = sound + lengths + codings + chunks + fields + targets + versions + sizes

    /// What looks odd and means one thing.
    private static let sound = [
        RequestShape("pipelined", get + "\r\n" + get + "\r\n" + smuggled, [200, 200, 200]),
        posted("a request inside a body", "Content-Length: \(smuggled.utf8.count)", smuggled, [401, 200]),
        asked("a body of a GET", "Content-Length: \(smuggled.utf8.count)\r\nX: y\r\n\r\n" + smuggled, [200, 200]),
        RequestShape("after the last", get + "Connection: close\r\n\r\n" + smuggled, [200]),
        RequestShape("line ends before the first", "\r\n\r\n" + smuggled, [200]),
        asked("Latin-1 in a value", "X: a\u{e9}b", [200, 200]),
        posted("an expectation nobody knows", "Expect: 200-ok\r\nContent-Length: 2", "{}", [401, 200]),
    ]

    private static let lengths =
        [
            "Content-Length: 0\r\nContent-Length: 5", "Content-Length: 0\r\nContent-Length: 0", "Content-Length: 0, 0",
            "Content-Length: +0", "Content-Length: -0", "Content-Length: 0x0", "Content-Length: ",
            "Content-Length: 0 0", "Content-Length: 0.0", "Content-Length: \u{660}", "Content-Length : 0",
            "Content-Length: 18446744073709551616", "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 0",
        ].map { posted($0, $0, "0\r\n\r\n", [400]) }
        + [posted("a length beyond Int", "Content-Length: 9223372036854775808", "", [413])]

    private static let codings =
        [
            "xchunked", "identity", "chunked, identity", "gzip, chunked", "chunked, chunked", "\u{0b}chunked",
            "\"chunked\"", "chunked;q=1", "", "\r\n chunked", "identity\r\nTransfer-Encoding: chunked",
            "chunked\r\nTransfer-Encoding: identity", "chunked\r\nTransfer-Encoding: chunked", "chunked\u{1}",
        ].map { posted("Transfer-Encoding: \($0)", "Transfer-Encoding: \($0)", "0\r\n\r\n", [400]) } + [
            posted("a blank before the colon", "Transfer-Encoding : chunked", "0\r\n\r\n", [400]),
            posted("a folded name", "Transfer-Encoding\r\n : chunked", "0\r\n\r\n", [400]),
            posted("a coding after a bare line feed", "X: y\nTransfer-Encoding: chunked", "0\r\n\r\n", [400]),
            RequestShape(
                "a coding in HTTP/1.0",
                "POST /sendEdoc HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    + smuggled, [400]),
            posted("a coding with a tab", "Transfer-Encoding:\tchunked", "0\r\n\r\n", [401, 200]),
            posted("a coding in capitals", "Transfer-Encoding: CHUNKED", "0\r\n\r\n", [401, 200]),
            posted(
                "a field that is not it", "Transfer_Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n", [401, 200]),
        ]

    /// The call is refused by its head; nothing behind a broken chunk is a request any more.
    private static let chunks =
        [
            "0x5\r\nabcde\r\n0\r\n\r\n", "+5\r\nabcde\r\n0\r\n\r\n", "-5\r\nabcde\r\n0\r\n\r\n",
            " 5\r\nabcde\r\n0\r\n\r\n", "5 \r\nabcde\r\n0\r\n\r\n", "10000000000000005\r\nabcde\r\n0\r\n\r\n",
            "FFFFFFFFFFFFFFFF\r\nabcde\r\n0\r\n\r\n", "5\nabcde\r\n0\r\n\r\n", "5\r\nabcde\n0\r\n\r\n",
            "5;\nabcde\r\n0\r\n\r\n", "3\r\nabcde\r\n0\r\n\r\n", "\r\nabcde\r\n0\r\n\r\n", "0\n\n", "0\r\n",
            "0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nX: a\nY: b\r\n\r\n",
        ].map { posted("chunk \($0.debugDescription)", "Transfer-Encoding: chunked", $0, [401]) }
        + ["5\r\nabcde\r\n0\r\n\r\n", "5;a=b\r\nabcde\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n", "000\r\n\r\n"]
        .map { posted("chunk \($0.debugDescription)", "Transfer-Encoding: chunked", $0, [401, 200]) }

    private static let fields =
        [
            "X: a\r\n b", "X: a\nY: b", "X: a\0b", "X: a\rb", "X: a\r", "X: a\u{1}b", "X: a\u{7f}b", ": a", "Xabc",
            "X y: a", "X\0y: a", "X\u{e9}: a", "Host: h2", "Connection: keep-alive\nX: a",
        ].map { asked("field \($0.debugDescription)", $0, [400]) } + [
            RequestShape("a folded first field", "GET /healthz HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n" + smuggled, [400]),
            RequestShape("bare line feeds", "GET /healthz HTTP/1.1\nHost: h\n\n" + smuggled, [400]),
            RequestShape("no Host", "GET /healthz HTTP/1.1\r\n\r\n" + smuggled, [400]),
            RequestShape(
                "a body of a bad head",
                "POST /sendEdoc HTTP/1.1\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n"
                    + smuggled + smuggled, [400]),
        ]

    private static let targets = [
        target("absolute", "GET http://other/healthz HTTP/1.1", [200, 200]),
        target("*", "OPTIONS * HTTP/1.1", [404, 200]),
        target("dots", "GET /x/../healthz HTTP/1.1", [404, 200]),
        target("escaped", "GET /%68ealthz HTTP/1.1", [404, 200]),
        target("fragment", "GET /healthz#x HTTP/1.1", [404, 200]),
        target("blank", "GET /health z HTTP/1.1", [400]),
        target("NUL", "GET /healthz\0 HTTP/1.1", [400]),
        target("not ASCII", "GET /h\u{e9} HTTP/1.1", [400]),
        target("none", "GET  HTTP/1.1", [400]),
        target("no slash", "GET healthz HTTP/1.1", [400]),
        target("tabs", "GET\t/healthz\tHTTP/1.1", [400]),
        // After these the parser would keep all that comes, for another protocol that nobody speaks here.
        target("CONNECT", "CONNECT h:443 HTTP/1.1", [404]),
        RequestShape(
            "CONNECT with a body", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde" + smuggled,
            [404]),
        asked(
            "upgrade to HTTP/2", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA", [200]),
        RequestShape(
            "upgrade with a body",
            post + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nabcde" + smuggled, [401]),
        RequestShape(
            "upgrade after the last",
            get + "Connection: close\r\n\r\n" + get + "Connection: Upgrade\r\nUpgrade: x\r\n\r\n" + smuggled, [200]),
    ]

    private static let versions =
        [
            "get /healthz HTTP/1.1", "FOO /healthz HTTP/1.1", "GET /healthz http/1.1", "GET /healthz HTTP/1.2",
            "GET /healthz HTTP/2.0", "GET /healthz HTTP/1.10", "GET /healthz HTTP/11", "GET /healthz", "PRI * HTTP/2.0",
            "GET /healthz HTTP/1.1 x", " GET /healthz HTTP/1.1",
        ].map { target($0, $0, [400]) }
        + [RequestShape("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n" + smuggled, [200])]

    private static let sizes = [
        target("a long target", "GET /" + String(repeating: "a", count: 200_000) + " HTTP/1.1", [400]),
        asked("a long field", "X: " + String(repeating: "a", count: 200_000), [400]),
        asked("a long name", String(repeating: "a", count: 200_000) + ": x", [400]),
        asked("many fields", (0..<300).map { "X\($0): a" }.joined(separator: "\r\n"), [400]),
        asked(
            "much in all fields",
            (0..<200).map { "X\($0): " + String(repeating: "a", count: 1_000) }.joined(separator: "\r\n"), [400]),
        posted(
            "many trailers", "Transfer-Encoding: chunked",
            "0\r\n" + (0..<300).map { "X\($0): a\r\n" }.joined() + "\r\n", [401]),
    ]
}
