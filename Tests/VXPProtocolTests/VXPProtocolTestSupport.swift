// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing
import Trust

@testable import VXPProtocol

typealias RawHeaders = [(name: String, value: String)]

enum Sample {
    static let secret = "TEST-SECRET-NOT-REAL"
    static let secretBytes = Array(secret.utf8)
    static let now = Instant(
        vietnam: CalendarDate(daysSince1970: 20_374), hour: 14, minute: 22, second: 33, milliseconds: 456)

    static func signer() throws -> VXPClientSigner {
        VXPClientSigner(systemID: try SystemID(parsing: "vxp.saas.03"), secret: secret, timestamp: now)
    }

    static func headers(
        _ parameters: [VXPParameter], for operation: VXPOperation = .getReceivedEdocList
    ) throws -> RawHeaders {
        try signer().headers(for: operation, parameters)
    }

    /// Signs by hand what no signer of ours would make.
    static func headers(signHeader: String, _ others: RawHeaders) -> RawHeaders {
        let code = HMACSHA256.code(key: secretBytes, message: Array(signHeader.utf8)).hex
        return others + [("XroadVnpt-sign-header", signHeader), ("XroadVnpt-hash-header", code)]
    }

    /// The parameters of a request that passes.
    static func parameters(_ parameters: [VXPParameter]) throws -> VXPSignedParameters {
        try verify(headers(parameters))
    }

    static func verify(
        _ headers: RawHeaders, secret: [UInt8]? = secretBytes, window: VXPTimestampWindow = .standard
    ) throws -> VXPSignedParameters {
        try VXPRequestHeaders(headers).verify(secrets: secret.map { [$0] } ?? [], now: now, window: window)
    }
}

extension RawHeaders {
    /// The same headers with one value changed.
    func changing(_ name: String, to value: String) -> RawHeaders {
        map { $0.name == name ? (name: $0.name, value: value) : $0 }
    }

    func removing(_ name: String) -> RawHeaders { filter { $0.name != name } }

    func value(_ name: String) -> String? { first { $0.name == name }?.value }
}

/// The code with which `body` refuses; nil (a failed expectation) when it does not.
func refusal<Value>(_ body: () throws -> Value) -> Refusal? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Refusal
    }
}
