// SPDX-License-Identifier: Apache-2.0

/// Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`. Port 0 lets the system choose one.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Longest host name, in bytes (RFC 1123 §2.1).
    public static let maxHostBytes = 255

    /// A name or an address without brackets.
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Throws: `ParsingProblem` unless the text is a host, or an IPv6 address in brackets, then `:` and a port.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        let text = String(text)
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw ParsingProblem("listen address", "has no ':' and port", at: text.unicodeScalars.count)
        }
        let digits = text[text.utf8.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { throw ParsingProblem("listen address", "the port is not a number from 0 to 65535", at: text.count) }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.utf8.count <= Self.maxHostBytes,
            host.utf8.allSatisfy({ Self.isAllowed($0, inBrackets: isBracketed) })
        else { throw ParsingProblem("listen address", "expected a host name, an IPv4 address or [IPv6]") }
        self.init(host: String(host), port: port)
    }

    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can reach it. A name other than `localhost` may be anything and counts as not.
    public var isLoopback: Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
        return (isIPv4 && octets[0] == "127") || host == "::1" || host.lowercased() == "localhost"
    }

    private static func isAllowed(_ byte: UInt8, inBrackets: Bool) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: "."): true
        case UInt8(ascii: ":"): inBrackets
        case 0x47...0x5A, 0x67...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): !inBrackets
        default: false
        }
    }
}
