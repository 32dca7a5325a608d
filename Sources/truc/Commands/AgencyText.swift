// SPDX-License-Identifier: Apache-2.0
import Exchange
import Hub

extension AgencyCommand.Shown {
    /// As people read it.
    var lines: [[String]] {
        [
            ["agency", code.text], ["name", name], ["system", system?.text ?? "-"],
            ["aliases", aliases.joined(separator: " ")], ["parent", parent?.text ?? "-"], ["mail", mail ?? "-"],
            ["valid", "\(validFrom.iso8601) – \(validUntil?.iso8601 ?? "")"],
            ["successors", successors.isEmpty ? "-" : successors.map(\.code).joined(separator: " ")],
            ["sender until", toleratedUntil?.iso8601 ?? "-"],
        ] + (directory?.lines ?? [])
    }
}

extension DirectoryEntry {
    fileprivate var lines: [[String]] {
        let state = health == .delivering || health == .none ? "" : ", \(health.rawValue) since \(since?.iso8601 ?? "")"
        return [
            ["package", "≤ \(maxPackageBytes) bytes, a file ≤ \(maxFileBytes)"],
            ["formats", fileFormats.isEmpty ? "any" : fileFormats.joined(separator: " ")],
            ["signature", signature.rawValue + (policy.map { " (\($0))" } ?? "")],
            ["delivery", delivery.rawValue + state], ["last pick-up", lastPickUp?.iso8601 ?? "-"],
        ]
    }
}
