// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// One entry of the map that an SDK object keeps: a header name without its `XroadVnpt-` prefix, and the value.
public struct VXPParameter: Hashable, Sendable {
    public let name: String
    public let value: String

    /// Anything at all, for example a parameter that an earlier call left behind.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    public static func serviceType(_ type: VXPServiceType = .eDoc) -> Self {
        Self(VXPParameterName.serviceType, type.rawValue)
    }
    public static func messageType(_ type: VXPMessageType) -> Self { Self(VXPParameterName.messageType, type.rawValue) }
    public static func from(_ agency: AgencyID) -> Self { Self(VXPParameterName.from, agency.text) }
    public static func to(_ agencies: [AgencyID]) -> Self {
        var json: [UInt8] = [UInt8(ascii: "[")]
        for (index, agency) in agencies.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            VXPText.appendJSON(agency.text, to: &json)
        }
        json.append(UInt8(ascii: "]"))
        return Self(VXPParameterName.to, String(decoding: json, as: UTF8.self))
    }
    public static func hashFile(_ hash: HashFile) -> Self { Self(VXPParameterName.hashFile, hash.text) }
    public static func docID(_ text: String) -> Self { Self(VXPParameterName.docID, text) }
    public static func confirmation(_ status: VXPConfirmation) -> Self {
        Self(VXPParameterName.status, status.rawValue)
    }
    /// Text in any language; what is not ASCII goes as `\uXXXX`.
    public static func description(_ text: String) -> Self {
        Self(VXPParameterName.description, VXPText.escaped(text))
    }
    public static func fromDate(_ instant: Instant) -> Self { Self(VXPParameterName.fromDate, instant.vxp) }
    public static func agencyCode(_ agency: AgencyID) -> Self { Self(VXPParameterName.agencyCode, agency.text) }
    public static func level(_ level: Int) -> Self { Self(VXPParameterName.level, String(level)) }
    public static func unitVersion(_ version: Int64) -> Self { Self(VXPParameterName.unitVersion, String(version)) }
    public static func toDate(_ instant: Instant) -> Self { Self(VXPParameterName.toDate, instant.vxp) }
}

/// The client's end: makes the headers of a request as the SDK does.
public struct VXPClientSigner: Sendable {
    public let systemID: SystemID
    /// Taken once when the signer is made and then repeated, as the SDK does; settable.
    public var timestamp: Instant

    private let secret: [UInt8]

    /// What the SDK puts behind the body of every `sendEdoc`, outside `hash-file`.
    public static let bodyEnding: [UInt8] = [0x0D, 0x0A]

    /// - Parameter secret: used as UTF-8, like the SDK.
    public init(systemID: SystemID, secret: String, timestamp: Instant = .now()) {
        self.systemID = systemID
        self.secret = Array(secret.utf8)
        self.timestamp = timestamp
    }

    /// The headers for one call, in the order in which they are to be sent.
    ///
    /// `sign-header` lists timestamp, systemid, Content-Type and then `parameters` in their order: the SDK's order is
    /// that of a hash map, so servers must not care, and a given order makes a request reproducible.
    ///
    /// - Throws: `parameterInvalid` for a name that is no header name or a value that an ASCII header cannot carry
    ///   unchanged (RFC 9110 §5.5); the SDK would send it garbled and be refused for a wrong signature.
    public func headers(
        for operation: VXPOperation, _ parameters: [VXPParameter]
    ) throws(Refusal) -> [(name: String, value: String)] {
        let listed =
            [
                VXPParameter(VXPParameterName.timestamp, timestamp.vxpHeader),
                VXPParameter(VXPParameterName.systemID, systemID.text),
                VXPParameter(VXPParameterName.contentType, operation.contentType),
            ] + parameters
        for parameter in listed { try check(parameter) }

        let signHeader = Self.signHeader(listed)
        let code = HMACSHA256.code(key: secret, message: signHeader)
        let prefix = VXPHeader.prefix
        var headers = listed.map { (name: prefix + $0.name, value: $0.value) }
        headers.append((VXPParameterName.contentType, operation.contentType))
        headers.append((prefix + VXPHeader.signHeader, String(decoding: signHeader, as: UTF8.self)))
        headers.append((prefix + VXPHeader.signHeaderKey, listed.map(\.name).joined(separator: ";")))
        headers.append((prefix + VXPHeader.hashHeader, code.hex))
        headers.append(("User-Agent", "JAVASDKAgent/1.0.0 XRoad/VPCP"))
        headers.append((prefix + VXPHeader.version, "3.0.201608"))
        return headers
    }

    private static func signHeader(_ parameters: [VXPParameter]) -> [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "{")]
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            VXPText.appendJSON(VXPHeader.prefix + parameter.name, parameter.value, to: &json)
        }
        json.append(UInt8(ascii: "}"))
        return json
    }

    private func check(_ parameter: VXPParameter) throws(Refusal) {
        let isNameByte = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
        guard !parameter.name.isEmpty, parameter.name.utf8.allSatisfy(isNameByte) else {
            throw Refusal(.parameterInvalid, "\(shown(parameter.name)): not a header name")
        }
        guard parameter.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Refusal(.parameterInvalid, "\(parameter.name): not printable ASCII")
        }
    }
}
