// SPDX-License-Identifier: Apache-2.0
import Exchange
import Hub
import Logging
import VXPProtocol

/// The calls that show the registry, which is in memory as a whole and of one version, and those that ask for changes.
extension VXPCall {
    func agencies() -> EdgeReply {
        list(openAgencies.map { VXPAgencyItem($0, in: registry) })
    }

    func agenciesQD20() throws -> EdgeReply {
        let level = try parameters.level
        let listed = openAgencies.filter { level == nil || $0.level == level }
        return list(listed.map(VXPQD20AgencyItem.init))
    }

    /// What changed after the client's version, and every agency whose last day has passed: a closing is registered
    /// before that day, and on the day itself nothing in the registry changes that a version could tell.
    func synchronizeUnits() throws -> EdgeReply {
        let known = try parameters.unitVersion ?? 0
        // A version that this registry has not reached is of another one, or of one before a restore.
        let since = known <= registry.version ? known : 0
        let now = Instant.now()
        let items = registry.agencyRecords
            .filter { !$0.isHub && ($0.version > since || $0.hasEnded(by: now)) }
            .map { VXPUnitItem($0, in: registry, at: now) }
        return list(items, version: registry.version)
    }

    /// How it stands with the agencies that are open, or with the one that is named, by any of its forms.
    func directory() async throws -> EdgeReply {
        let now = Instant.now()
        var agencies = openAgencies
        if let named = try parameters.optionalAgencyCode {
            guard let agency = registry.agency(named: named.text), !agency.isHub, agency.isOpen(at: now) else {
                throw Refusal(.agencyNotFound, named.text)
            }
            agencies = [agency]
        }
        return list(try await hub.directory(of: agencies, in: registry, at: now).map(VXPDirectoryItem.init))
    }

    func registerAgency(_ body: EdgeBody) async throws -> EdgeReply {
        let bytes = try await body.limited(to: VXPAgencyApplication.maxBytes).collect()
        let application = try VXPAgencyApplication.read(bytes)
        return try await propose(registry.proposal(toRegister: application, by: parameters.systemID, at: .now()))
    }

    func deleteAgency() async throws -> EdgeReply {
        return try await propose(
            registry.proposal(toClose: try parameters.agencyCode, by: parameters.systemID, at: .now()))
    }

    private func propose(_ proposal: AgencyProposal) async throws -> EdgeReply {
        let number = try await hub.agencyRequests.propose(proposal, by: parameters.systemID, request: id)
        logger.info(
            "a request about the registry waits for the operator",
            metadata: ["number": "\(number)", "kind": "\(proposal.kind)", "system": "\(parameters.systemID)"])
        return EdgeReply(vxp: VXPReply.success(waiting: number))
    }

    private var openAgencies: [AgencyRecord] {
        let now = Instant.now()
        return registry.agencyRecords.filter { !$0.isHub && $0.isOpen(at: now) }
    }

    private func list<Item: VXPListItem>(_ items: [Item], version: Int64? = nil) -> EdgeReply {
        EdgeReply(vxp: { writer in
            var reply = VXPListReply<Item>()
            try await writer.write(VXPListReply<Item>.prefix)
            for item in items { try await writer.write(reply.append(item)) }
            try await writer.write(reply.finish(.success, version: version))
        })
    }
}
