// SPDX-License-Identifier: Apache-2.0

/// Writes elements, one a line, two blanks a level, and hands them on in pieces.
struct XMLOutput {
    typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// Bytes gathered before they are handed on.
    private static let pieceSize = 16 * 1024
    /// Divisible by three: whole groups of base64.
    private static let groupSize = 12 * 1024

    private let sink: Sink
    private var pending: [UInt8] = []
    private var open: [String] = []

    init(_ sink: @escaping Sink) {
        self.sink = sink
        pending.reserveCapacity(Self.pieceSize * 2)
    }

    mutating func line(_ text: String) throws {
        indent()
        pending.append(contentsOf: text.utf8)
        pending.append(0x0A)
        try handOnIfFull()
    }

    /// - Parameter attributes: ready to stand after the name; of our own making, not escaped.
    mutating func start(_ name: String, _ attributes: String = "") throws {
        try line("<\(name)\(attributes)>")
        open.append(name)
    }

    mutating func end() throws {
        guard let name = open.popLast() else { return }
        try line("</\(name)>")
    }

    /// An element with a text in it; nothing at all for nil.
    mutating func text(_ name: String, _ value: String?) throws {
        guard let value else { return }
        try line("<\(name)>\(Self.escaped(value))</\(name)>")
    }

    mutating func number(_ name: String, _ value: Int?) throws { try text(name, value.map(String.init)) }
    mutating func flag(_ name: String, _ value: Bool?) throws { try text(name, value.map { $0 ? "1" : "0" }) }

    /// An element with what `produce` gives, in base64 without line breaks.
    mutating func base64(
        _ name: String, _ attributes: String, _ produce: (OutgoingAttachment.Sink) throws -> Void
    ) throws {
        indent()
        pending.append(contentsOf: "<\(name)\(attributes)>".utf8)
        var carried: [UInt8] = []
        var writer = self
        try produce { bytes in
            var rest = bytes
            if !carried.isEmpty {
                let count = min(3 - carried.count, rest.count)
                carried.append(contentsOf: rest[..<count])
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                guard carried.count == 3 else { return }
                try carried.withUnsafeBytes { try writer.groups($0) }
                carried = []
            }
            while rest.count >= 3 {
                let count = min(Self.groupSize, rest.count / 3 * 3)
                try writer.groups(UnsafeRawBufferPointer(rebasing: rest[..<count]))
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            carried.append(contentsOf: rest)
        }
        self = writer
        try carried.withUnsafeBytes { try groups($0) }
        pending.append(contentsOf: "</\(name)>\n".utf8)
        try handOnIfFull()
    }

    /// Hands on what is left.
    mutating func finish() throws {
        try pending.withUnsafeBytes { try sink($0) }
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func groups(_ bytes: UnsafeRawBufferPointer) throws {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
            for place in 0..<4 {
                let character = Self.alphabet[Int(group >> (18 - 6 * UInt32(place)) & 63)]
                pending.append(place <= count ? character : UInt8(ascii: "="))
            }
        }
        try handOnIfFull()
    }

    private mutating func indent() {
        for _ in open { pending.append(contentsOf: [0x20, 0x20]) }
    }

    private mutating func handOnIfFull() throws {
        if pending.count >= Self.pieceSize { try finish() }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Whether a byte of UTF-8 stands for itself; 0xEF begins the two characters that XML cannot hold, among others.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case ..<0x20, UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), 0xEF: false
        default: true
        }
    }

    /// A text as XML: markup escaped, carriage returns kept, and what XML cannot hold replaced by U+FFFD.
    static func escaped(_ text: String) -> String {
        if text.utf8.allSatisfy(Self.isPlain) { return text }
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\r": escaped += "&#13;"
            case "\t", "\n": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped.unicodeScalars.append("\u{FFFD}")
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
