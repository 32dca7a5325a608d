// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Logging
import Trust

/// Writes each log line as one JSON object on standard error: a line is for machines first, and one that holds text from
/// outside must not be able to pretend to be two.
struct StructuredLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields: [(String, String)] = [
            ("at", Instant.now().iso8601), ("level", event.level.rawValue), ("message", event.message.description),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        fields += all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        var line: [UInt8] = []
        for (name, value) in fields {
            line.append(UInt8(ascii: line.isEmpty ? "{" : ","))
            Self.append(name, to: &line)
            line.append(UInt8(ascii: ":"))
            Self.append(value, to: &line)
        }
        line += [UInt8(ascii: "}"), 0x0A]
        // A full disk or a closed pipe behind the log costs the line and nothing else.
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Appends a JSON string (RFC 8259 §7). By hand: a line is written for every request, and an encoder for each of its
    /// strings took 7 % of the processor time of a package (docs/benchmarks.md).
    private static func append(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: line += Array("\\u00".utf8) + Array([byte].hex.utf8)
            default: line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }
}
