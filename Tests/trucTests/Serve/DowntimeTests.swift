// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct DowntimeTests {
    @Test func `a hub that starts tells for how long none has served`() async throws {
        let url = try await TestCluster.shared().freshDatabase()
        try await Schema.prepare(connectionString: url, logger: Logger(label: "test"))
        let database = Database(
            ConnectionSettings(connectionString: url, role: nil), keys: KeyRing(path: ""),
            logger: Logger(label: "test"))
        let stopped = Instant.now().advanced(by: .seconds(-7_200))
        try await database.showLife(at: stopped)
        let hub = try await HubProcess.start(databaseURL: url)
        try await hub.logged("the hub did not serve")
        let recorded = try await database.downtimes(since: .earliest, now: .now())
        #expect(recorded.map(\.from) == [stopped])
        #expect(try #require(recorded.first).to > stopped.advanced(by: .seconds(7_199)))
        #expect(try await hub.stop() == 0)
        await database.close()
    }
}
