// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Store

/// One act on several deliveries, one after the other, up to the first that is refused: what was done before it stays
/// done, and is printed.
enum DeliveryVisit {
    /// Most deliveries of one call.
    static let maxDeliveries = 1_000

    static func check(_ ids: [String]) throws {
        guard ids.count <= maxDeliveries else {
            throw ValidationError("At most \(maxDeliveries) deliveries at once.")
        }
    }

    /// - Parameter line: an outcome as people read it.
    /// - Throws: the refusal, after what was done has been printed.
    static func run<Outcome: Encodable>(
        _ ids: [String], _ installation: InstallationOptions, _ output: OutputOptions,
        act: (Database, DeliveryID) async throws -> Outcome, line: (Outcome) -> String
    ) async throws {
        let ids = try ids.map { id in try Input.read(id, DeliveryID.init(parsing:)) }
        let (outcomes, refusal) = try await Installation.visit(installation) { database in
            var outcomes: [Outcome] = []
            for id in ids {
                do {
                    outcomes.append(try await act(database, id))
                } catch let refusal as Refusal {
                    return (outcomes, refusal as Refusal?)
                }
            }
            return (outcomes, nil)
        }
        if output.json {
            try Console.printJSON(outcomes)
        } else {
            for outcome in outcomes { print(line(outcome)) }
        }
        if let refusal { throw refusal }
    }
}
