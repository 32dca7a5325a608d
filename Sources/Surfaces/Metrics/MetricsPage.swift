// SPDX-License-Identifier: Apache-2.0
import Exchange
import Prometheus

/// `/metrics`: what the hub has measured, for those who may know. It names agencies, so it is not for everybody.
public struct MetricsPage: Sendable {
    /// What a proxy adds: its own address is then not that of who reads.
    private static let proxyFields = ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"]

    private let registry: PrometheusRegistry
    private let readers: Set<String>

    /// - Parameter readers: addresses, as `EdgeRequest.peerAddress` writes them; for nobody when empty.
    public init(_ registry: PrometheusRegistry, readers: Set<String>) {
        self.registry = registry
        self.readers = readers
    }

    /// - Throws: `Refusal(.metricsNotAllowed)`.
    func reply(to request: EdgeRequest) throws(Refusal) -> EdgeReply {
        guard readers.contains(request.peerAddress), !Self.proxyFields.contains(where: { request.field($0) != nil })
        else { throw Refusal(.metricsNotAllowed) }
        return EdgeReply(contentType: PrometheusRegistry.contentType, bytes: Array(registry.render().utf8))
    }
}
