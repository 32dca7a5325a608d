// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Text on a wire that is ASCII: the SDK reads replies as US-ASCII and its HTTP client garbles others in headers.
public enum VXPText {
    /// `text` with every UTF-16 unit outside ASCII written as `\uXXXX`: how Vietnamese goes into `description`.
    ///
    /// A backslash that stands before `u` would read back as an escape, so it is written as one itself.
    public static func escaped(_ text: String) -> String {
        var output: [UInt8] = []
        let units = Array(text.utf16)
        for (index, unit) in units.enumerated() {
            let startsEscape = unit == 0x5C && index + 1 < units.count && units[index + 1] == 0x75
            if unit < 0x80, !startsEscape {
                output.append(UInt8(unit))
            } else {
                appendEscape(unit, to: &output)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Undoes `escaped`; what is no whole escape, or only half of a surrogate pair, stays as written.
    public static func unescaped(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var position = 0
        while position < bytes.count {
            guard let unit = escape(bytes[position...]) else {
                output.append(bytes[position])
                position += 1
                continue
            }
            if let scalar = Unicode.Scalar(unit) {
                output.append(contentsOf: String(Character(scalar)).utf8)
                position += 6
            } else if UTF16.isLeadSurrogate(unit), let low = escape(bytes[(position + 6)...]),
                UTF16.isTrailSurrogate(low)
            {
                let scalar = UTF16.decode(UTF16.EncodedScalar([unit, low]))
                output.append(contentsOf: String(Character(scalar)).utf8)
                position += 12
            } else {
                output.append(contentsOf: bytes[position..<position + 6])
                position += 6
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends `text` as a JSON string in pure ASCII.
    ///
    /// Also escapes `<`, `>`, `&`, `=` and `'`, as Gson does by default: for `sign-header` that makes the bytes those
    /// of the SDK, and in replies it keeps a reader from taking the text for markup.
    static func appendJSON(_ text: String, to output: inout [UInt8]) {
        output.append(0x22)
        for unit in text.utf16 {
            switch unit {
            case 0x22, 0x5C: output.append(contentsOf: [0x5C, UInt8(unit)])
            case 0x08: output.append(contentsOf: [0x5C, UInt8(ascii: "b")])
            case 0x09: output.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0x0A: output.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0C: output.append(contentsOf: [0x5C, UInt8(ascii: "f")])
            case 0x0D: output.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0x26, 0x27, 0x3C, 0x3D, 0x3E: appendEscape(unit, to: &output)
            case 0x20...0x7F: output.append(UInt8(unit))
            default: appendEscape(unit, to: &output)
            }
        }
        output.append(0x22)
    }

    /// Appends `"key":"value"`.
    static func appendJSON(_ key: String, _ value: String, to output: inout [UInt8]) {
        appendJSON(key, to: &output)
        output.append(UInt8(ascii: ":"))
        appendJSON(value, to: &output)
    }

    /// The UTF-16 unit of the `\uXXXX` with which `bytes` begin.
    private static func escape(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        guard bytes.count >= 6, bytes.starts(with: [0x5C, 0x75]) else { return nil }
        return JSONStringsReader.hexUnit(bytes.dropFirst(2).prefix(4))
    }

    private static func appendEscape(_ unit: UInt16, to output: inout [UInt8]) {
        output.append(contentsOf: [0x5C, 0x75])
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 0x0F
            output.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
        }
    }
}
