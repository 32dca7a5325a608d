// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Logging

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
        let members = fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }
        FileHandle.standardError.write(Data("{\(members.joined(separator: ","))}\n".utf8))
    }

    private static func quoted(_ text: String) -> String {
        // A string alone always encodes.
        (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
