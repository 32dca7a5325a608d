// SPDX-License-Identifier: Apache-2.0
import Exchange

/// With what an endpoint says that it keeps a delivery: `{"delivery":"<id>","sha256":"<hex>"}`.
///
/// A status alone is no receipt: proxies, portals and empty servers answer 200 to anything.
public struct PushReceipt: Equatable, Sendable {
    /// Longest receipt that is looked at, in bytes.
    public static let maxLength = 4_096

    public let delivery: DeliveryID
    /// 64 lower-case hexadecimal digits.
    public let sha256: String

    public init(delivery: DeliveryID, sha256: String) {
        self.delivery = delivery
        self.sha256 = sha256.lowercased()
    }

    /// Reads one flat JSON object of strings that holds both keys, each once; others may stand beside them.
    ///
    /// - Throws: `ParsingProblem` for anything else.
    public init(parsing body: some Collection<UInt8>) throws(ParsingProblem) {
        guard body.count <= Self.maxLength else {
            throw ParsingProblem("receipt", "is longer than \(Self.maxLength) bytes")
        }
        guard let text = String(validating: body, as: UTF8.self) else {
            throw ParsingProblem("receipt", "is not UTF-8")
        }
        var reader = JSONStringsReader("receipt", text)
        let entries = try reader.object()
        guard let delivery = entries.first(where: { $0.key == "delivery" })?.value else {
            throw ParsingProblem("receipt", "has no delivery")
        }
        guard let sha256 = entries.first(where: { $0.key == "sha256" })?.value, sha256.utf8.count == 64,
            sha256.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) })
        else { throw ParsingProblem("receipt", "has no sha256 of 64 hexadecimal digits") }
        self.init(delivery: try DeliveryID(parsing: delivery), sha256: sha256)
    }
}
