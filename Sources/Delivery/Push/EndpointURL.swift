// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The address at which an agency's system takes packages, read strictly from a text that may be hostile.
///
/// Narrower than RFC 3986, so that nobody reads another host out of it than we do: `http` and `https` only, no user
/// information, no fragment, a name of letters, digits and dashes or a literal in its one usual spelling, ASCII only.
public struct EndpointURL: Hashable, Sendable, CustomStringConvertible {
    /// Longest text, in bytes.
    public static let maxBytes = 2_048
    /// Longest name, in bytes (RFC 1035 §2.3.4, without the final dot), and longest label.
    public static let maxNameBytes = 253
    private static let maxLabelBytes = 63

    public enum Host: Hashable, Sendable, CustomStringConvertible {
        /// In lower case. Whatever it looks up to is judged when it is connected to.
        case name(String)
        case address(IPAddress)

        /// As it stands in a URL and in the header `Host`: IPv6 in brackets.
        public var description: String {
            switch self {
            case .name(let name): name
            case .address(.v4(let value)): "\(IPAddress.v4(value))"
            case .address(.v6(let value)): "[\(IPAddress.v6(value))]"
            }
        }
    }

    /// `https`, not `http`.
    public let isTLS: Bool
    public let host: Host
    /// 1 to 65535.
    public let port: Int
    /// Path and query as written; begins with `/`.
    public let target: String

    /// The one spelling of this URL: scheme and host in lower case, the scheme's own port left out.
    public var text: String { "\(isTLS ? "https" : "http")://\(authority)\(target)" }

    /// What stands in the header `Host`.
    public var authority: String { port == Self.defaultPort(isTLS) ? "\(host)" : "\(host):\(port)" }

    public var description: String { text }

    /// - Throws: `ParsingProblem` that says what is wrong and where.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        var bytes: [UInt8] = []
        for (offset, scalar) in text.unicodeScalars.enumerated() {
            guard offset < Self.maxBytes else {
                throw Self.problem("is longer than \(Self.maxBytes) bytes", offset)
            }
            guard (0x21...0x7E).contains(scalar.value) else {
                throw Self.problem(
                    scalar.value > 0x7E
                        ? "has a character outside ASCII; write names in punycode and paths percent-encoded"
                        : "has a space or a control character", offset)
            }
            bytes.append(UInt8(scalar.value))
        }
        let lower = bytes.prefix(8).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let start: Int
        if lower.starts(with: "https://".utf8) {
            (isTLS, start) = (true, 8)
        } else if lower.starts(with: "http://".utf8) {
            (isTLS, start) = (false, 7)
        } else {
            throw Self.problem("does not begin with https:// or http://", 0)
        }
        let end = bytes[start...].firstIndex { [0x2F, 0x3F, 0x23, 0x5C].contains($0) } ?? bytes.count
        (host, port) = try Self.authority(bytes, start..<end, isTLS)
        target = try Self.target(bytes[end...])
    }

    private static func defaultPort(_ isTLS: Bool) -> Int { isTLS ? 443 : 80 }

    private static func problem(_ reason: String, _ offset: Int) -> ParsingProblem {
        ParsingProblem("endpoint URL", reason, at: offset)
    }

    private static func authority(
        _ bytes: [UInt8], _ range: Range<Int>, _ isTLS: Bool
    ) throws(ParsingProblem) -> (Host, Int) {
        if let at = bytes[range].firstIndex(of: UInt8(ascii: "@")) {
            throw problem("has user information before an '@'", at)
        }
        guard !range.isEmpty else { throw problem("has no host", range.lowerBound) }
        let host: Host
        var end: Int
        if bytes[range.lowerBound] == UInt8(ascii: "[") {
            guard let close = bytes[range].firstIndex(of: UInt8(ascii: "]")) else {
                throw problem("has a '[' without its ']'", range.lowerBound)
            }
            host = .address(try literal(bytes[(range.lowerBound + 1)..<close], isV6: true))
            end = close + 1
        } else {
            end = bytes[range].firstIndex(of: UInt8(ascii: ":")) ?? range.upperBound
            host = try name(bytes[range.lowerBound..<end])
        }
        guard end < range.upperBound else { return (host, defaultPort(isTLS)) }
        guard bytes[end] == UInt8(ascii: ":") else { throw problem("expected ':' and a port", end) }
        end += 1
        let digits = bytes[end..<range.upperBound]
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(port)
        else { throw problem("the port is not a number from 1 to 65535", end) }
        return (host, port)
    }

    private static func literal(_ bytes: ArraySlice<UInt8>, isV6: Bool) throws(ParsingProblem) -> IPAddress {
        do throws(ParsingProblem) {
            let address = try IPAddress(parsing: String(decoding: bytes, as: UTF8.self))
            guard (address.bitCount == 128) == isV6 else {
                throw ParsingProblem("IP address", "only IPv6 stands in brackets")
            }
            return address
        } catch {
            throw problem(error.reason, bytes.startIndex + error.offset)
        }
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(ParsingProblem) -> Host {
        guard !bytes.isEmpty else { throw problem("has no host", bytes.startIndex) }
        guard bytes.count <= maxNameBytes else {
            throw problem("the host is longer than \(maxNameBytes) bytes", bytes.startIndex + maxNameBytes)
        }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard let first = label.first, let last = label.last else {
                throw problem("the host has an empty label", label.startIndex)
            }
            if let wrong = label.firstIndex(where: { !isLetterOrDigit($0) && $0 != UInt8(ascii: "-") }) {
                throw problem("the host has a character other than letters, digits, '-' and '.'", wrong)
            }
            guard first != UInt8(ascii: "-"), last != UInt8(ascii: "-"), label.count <= maxLabelBytes else {
                throw problem(
                    "a label of the host begins or ends with '-' or is longer than \(maxLabelBytes)", label.startIndex)
            }
        }
        // A last label that is a number makes old readers take the whole for an IPv4 address, in whatever spelling.
        if let last = labels.last, last.allSatisfy({ (0x30...0x39).contains($0) }) || isHexNumber(last) {
            return .address(try literal(bytes, isV6: false))
        }
        return .name(String(decoding: bytes, as: UTF8.self).lowercased())
    }

    private static func isHexNumber(_ label: ArraySlice<UInt8>) -> Bool {
        label.count >= 2 && label.first == 0x30 && label.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
            && label.dropFirst(2).allSatisfy { isHexDigit($0) }
    }

    /// Checks path and query (RFC 3986 §3.3, §3.4).
    private static func target(_ bytes: ArraySlice<UInt8>) throws(ParsingProblem) -> String {
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "#"): throw problem("has a fragment", position)
            case UInt8(ascii: "%"):
                guard bytes[position...].dropFirst().prefix(2).filter(isHexDigit).count == 2 else {
                    throw problem("has a '%' without two hex digits", position)
                }
            case _ where isLetterOrDigit(byte) || "-._~!$&'()*+,;=:@/?".utf8.contains(byte): break
            default: throw problem("has a character that must be percent-encoded", position)
            }
            position += 1
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasPrefix("/") ? text : "/" + text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
