// SPDX-License-Identifier: Apache-2.0
import Exchange
import Hub
import VXPProtocol

/// Everything that the daemon serves on its one address: health and metrics for the operator's monitoring, VXP for the rest.
public struct HubSurface: HTTPEdgeService {
    private let hub: Hub
    private let vxp: VXPSurface
    private let metrics: MetricsPage?
    private let warnings: @Sendable () -> [String]

    /// - Parameters:
    ///   - metrics: nil where nothing is measured.
    ///   - warnings: what `/readyz` adds for those who look: plain sentences without quotes or line breaks.
    public init(
        _ hub: Hub, metrics: MetricsPage? = nil, warnings: @escaping @Sendable () -> [String] = { [] }
    ) {
        self.hub = hub
        self.metrics = metrics
        self.warnings = warnings
        vxp = VXPSurface(hub)
    }

    /// The edge's bounds for this hub: as set, with room for its largest package and what clients put behind it.
    public static func limits(for hub: Hub, settings: Settings = Settings()) -> HTTPEdgeLimits {
        var limits = HTTPEdgeLimits(settings)
        limits.bodyBytes = hub.maxPackageBytes + PackageEnding.maxLength
        return limits
    }

    public func respond(to request: EdgeRequest) async throws -> EdgeReply {
        switch request.path {
        case "/healthz":
            // Alive: the process answers. Nothing else, or a database that is away would get the daemon restarted.
            return health(#"{"status":"ok"}"#)
        case "/readyz":
            let warnings = try await (hub.readiness().warnings + warnings()).map { "\"\($0)\"" }.joined(separator: ",")
            return health(#"{"status":"ready","warnings":[\#(warnings)]}"#)
        case "/metrics":
            guard let metrics else { throw Refusal(.unknownOperation) }
            return try metrics.reply(to: request)
        default:
            return try await vxp.respond(to: request)
        }
    }

    public func refusalBody(
        _ refusal: Refusal, requestID: RequestID
    ) -> (contentType: String, bytes: [UInt8]) {
        (VXPReply.contentType, VXPReply.refusal(refusal, requestID: requestID))
    }

    private func health(_ json: String) -> EdgeReply {
        EdgeReply(contentType: "application/json", bytes: Array(json.utf8))
    }
}
