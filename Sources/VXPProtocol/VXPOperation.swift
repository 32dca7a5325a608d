// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The calls of the national SDK that the hub answers, and `getAgencyDirectory`, which is ours.
///
/// Source: SDKVXP 2.0.1 as described in docs/vxp.md. All of the SDK's but `downloadEdoc` are POSTs, the lists too.
public enum VXPOperation: String, CaseIterable, Sendable {
    case sendEdoc
    case getReceivedEdocList
    case getEdoc
    case downloadEdoc
    case updateStatus
    case getSentEdocList
    case getAgenciesList
    case getAgenciesListQD20
    case getSynchronizeUnit
    case countReceiveEdoc
    case countReceiveStatus
    case registerAgency
    case deleteAgency
    case getAgencyDirectory

    /// The only method of the call: for the SDK's own, the one that the SDK uses.
    public var method: String { self == .downloadEdoc || self == .getAgencyDirectory ? "GET" : "POST" }

    /// Whether the hub answers it over TLS alone: what such a call asks for is not, or not wholly, under its signature,
    /// and whoever reads a signature could put it on a body of his own.
    public var needsTLS: Bool { self == .registerAgency || self == .deleteAgency }

    /// Longest request path that is looked at, in bytes.
    public static let maxPathBytes = 1024

    /// The last component of the request path.
    public var pathComponent: String { rawValue }

    /// The `Content-Type` that the SDK declares and signs.
    public var contentType: String { self == .sendEdoc ? "application/octet-stream" : "application/json" }

    /// The body that the SDK sends where that is always the same; nil for `sendEdoc` and `registerAgency`.
    public var fixedBody: String? {
        switch self {
        case .sendEdoc, .registerAgency: nil
        case .getEdoc, .updateStatus, .countReceiveEdoc, .countReceiveStatus: "{}"
        case .downloadEdoc, .getReceivedEdocList, .getSentEdocList, .getAgenciesList, .getAgenciesListQD20,
            .getSynchronizeUnit, .deleteAgency, .getAgencyDirectory:
            ""
        }
    }

    /// Finds the operation of a request.
    ///
    /// Only the last path component counts, in exactly the SDK's letters, so that any prefix a province has in its
    /// configuration (`/XrdAdapter/adapter/sendEdoc`) works. A query is ignored.
    ///
    /// - Throws: `unknownOperation` for another name or a path over `maxPathBytes`; `methodNotAllowed` for another
    ///   method than the call's own on a known name.
    public init(method: String, path: String) throws(Refusal) {
        let bytes = path.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard bytes.count <= Self.maxPathBytes else {
            throw Refusal(.unknownOperation, "the path is longer than \(Self.maxPathBytes) bytes")
        }
        let last = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[bytes.index(after: $0)...] } ?? bytes[...]
        guard let name = String(last), let operation = VXPOperation(rawValue: name) else {
            throw Refusal(.unknownOperation)
        }
        guard method == operation.method else {
            throw Refusal(.methodNotAllowed, "\(operation.rawValue) is a \(operation.method)")
        }
        self = operation
    }
}
