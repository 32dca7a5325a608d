// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How the exchange with an agency goes, as the database knows it.
public struct AgencyStanding: Sendable, Equatable {
    /// Nil for an agency that pulls.
    public let endpoint: Endpoint?
    /// When its system last got a package, to the minute.
    public let pickedUpAt: Instant?
    /// Since when the oldest document of its list stands there.
    public let waitingSince: Instant?

    public init(endpoint: Endpoint?, pickedUpAt: Instant?, waitingSince: Instant?) {
        self.endpoint = endpoint
        self.pickedUpAt = pickedUpAt
        self.waitingSince = waitingSince
    }

    public enum Endpoint: Sendable, Equatable {
        case open
        case failing(since: Instant)
        case suspended(since: Instant)
    }
}

extension Database {
    /// How the exchange with these agencies goes: for each a look into four indexes, however much waits or was ever sent.
    ///
    /// - Returns: one for each that is registered.
    public func standings(of agencies: [AgencyKey]) async throws -> [AgencyKey: AgencyStanding] {
        try await run { connection in
            var standings: [AgencyKey: AgencyStanding] = [:]
            for row in try connection.query(StandingStatements.standings, [.int8s(agencies.map { $0.value })]) {
                standings[AgencyKey(try row.decode("agency_id"))] = try AgencyStanding(row: row)
            }
            return standings
        }
    }
}

extension AgencyStanding {
    fileprivate init(row: PostgresRow) throws {
        var endpoint: Endpoint?
        if let state = try row.decodeIfPresent("state", as: String.self) {
            if state == "suspended" {
                endpoint = .suspended(since: try row.decode("changed_at"))
            } else {
                endpoint = try row.decodeIfPresent("failing_at", as: Instant.self).map { .failing(since: $0) } ?? .open
            }
        }
        self.init(
            endpoint: endpoint, pickedUpAt: try row.decodeIfPresent("picked_up_at"),
            waitingSince: try row.decodeIfPresent("waiting_since"))
    }
}

enum StandingStatements {
    static let standings = """
        SELECT agency.id AS agency_id, endpoint.state, endpoint.failing_at, endpoint.changed_at,
            greatest(pickup.picked_up_at, endpoint.entered_at) AS picked_up_at, waiting.updated_at AS waiting_since
        FROM unnest($1::bigint[]) AS asked (id) JOIN agency ON agency.id = asked.id
        LEFT JOIN agency_pickup AS pickup ON pickup.agency_id = agency.id
        LEFT JOIN endpoint ON endpoint.agency_id = agency.id AND endpoint.state <> 'removed'
        LEFT JOIN LATERAL (
            SELECT delivery.updated_at FROM delivery
            WHERE \(PendingLine.range("agency.id", "'edoc'")) ORDER BY \(PendingLine.order) LIMIT 1
        ) AS waiting ON true
        """

    /// The recipient of a delivery has got it. At most one write a minute for each agency.
    static let notePickUp = """
        INSERT INTO agency_pickup AS pickup (agency_id, picked_up_at)
        SELECT delivery.recipient_agency_id, $2 FROM delivery
        WHERE delivery.id = $1 AND NOT EXISTS (
            SELECT FROM agency_pickup AS known WHERE known.agency_id = delivery.recipient_agency_id
                AND known.picked_up_at > $2::timestamptz - interval '1 minute')
        ON CONFLICT (agency_id) DO UPDATE SET picked_up_at = greatest(pickup.picked_up_at, excluded.picked_up_at)
        """
}
