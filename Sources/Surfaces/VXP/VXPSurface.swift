// SPDX-License-Identifier: Apache-2.0
import Exchange
import Hub
import Trust
import VXPProtocol

/// The national SDK's protocol, served: each call authenticated, translated into a use case of the hub, and answered with
/// JSON that the SDK can read, whatever happened.
public struct VXPSurface: Sendable {
    private let hub: Hub

    public init(_ hub: Hub) { self.hub = hub }

    /// Answers a request to a VXP path.
    ///
    /// - Throws: `Refusal`, to be answered with `VXPReply.refusal` and the refusal's HTTP status.
    public func respond(to request: EdgeRequest) async throws -> EdgeReply {
        let operation = try VXPOperation(method: request.method, path: request.path)
        if operation.needsTLS, !request.isSecure { throw Refusal(.tlsRequired, operation.rawValue) }
        let registry = try await hub.registry.current()
        let parameters = try authenticate(request, by: registry)
        // Counted for nobody before the signature holds, and before a byte of the body is asked for.
        let pass = try hub.systems.admit(parameters.systemID)
        let call = VXPCall(
            hub: hub, registry: registry, parameters: parameters, id: request.id, logger: request.logger)
        return try await reply(to: operation, call, request).keeping(pass)
    }

    private func reply(to operation: VXPOperation, _ call: VXPCall, _ request: EdgeRequest) async throws -> EdgeReply {
        switch operation {
        case .sendEdoc: return try await call.sendEdoc(request)
        case .getReceivedEdocList: return try await call.receivedList()
        case .getSentEdocList: return try await call.sentList()
        case .getEdoc: return try await call.edoc()
        case .downloadEdoc: return try await call.download()
        case .updateStatus: return try await call.updateStatus()
        case .getAgenciesList: return call.agencies()
        case .getAgenciesListQD20: return try call.agenciesQD20()
        case .getSynchronizeUnit: return try call.synchronizeUnits()
        case .countReceiveEdoc: return try await call.count(.edoc)
        case .countReceiveStatus: return try await call.count(.status)
        case .registerAgency: return try await call.registerAgency(request.body)
        case .deleteAgency: return try await call.deleteAgency()
        case .getAgencyDirectory: return try await call.directory()
        }
    }

    private func authenticate(
        _ request: EdgeRequest, by registry: RegistrySnapshot
    ) throws(Refusal) -> VXPSignedParameters {
        let headers = try VXPRequestHeaders(request.fields)
        let claimed = try headers.claimedSystemID
        let system = registry.system(claimed)
        let window = system.map { system in
            VXPTimestampWindow(
                past: system.timestampPastSeconds.map { .seconds($0) }, future: .seconds(system.timestampFutureSeconds))
        }
        let now = Instant.now()
        let parameters = try headers.verify(
            secrets: system?.secrets(at: now) ?? [], now: now, window: window ?? .standard)
        // Only who has proved to be the system learns that it is disabled.
        if system?.isDisabled == true { throw Refusal(.systemDisabled) }
        try checkCertificate(request.peerKey, of: registry.clientKeys(of: parameters.systemID))
        return parameters
    }

    /// A system that is bound to keys must have shown a certificate with one of them, beside its secret.
    private func checkCertificate(_ shown: SHA256Digest?, of bound: [ClientKey]) throws(Refusal) {
        guard !bound.isEmpty else { return }
        guard let shown else { throw Refusal(.clientCertificateWrong, "no certificate was shown") }
        guard bound.contains(where: { $0.text == shown.hex }) else {
            throw Refusal(.clientCertificateWrong, "the certificate's key has SHA-256 \(shown)")
        }
    }
}
