// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// What systems ask to have changed in the registry, until an operator decides.
public struct AgencyRequests: Sendable {
    private let database: Database

    init(database: Database) { self.database = database }

    /// Takes a request down. One that waits already gets its number again.
    ///
    /// - Parameter proposal: of `RegistrySnapshot`, which has judged it.
    /// - Throws: `Refusal`: `.agencyRequestWaiting` when another one about the same identifier waits,
    ///   `.agencyRequestsFull` when `Database.maxWaitingAgencyRequests` of the system do.
    public func propose(
        _ proposal: AgencyProposal, by system: SystemID, request: RequestID
    ) async throws -> AgencyRequestNumber {
        try await database.propose(proposal, by: system, request: request, at: .now())
    }
}
