// SPDX-License-Identifier: Apache-2.0
import Exchange
import Surfaces
import Testing

@Suite struct HTTPEdgeLimitsTests {
    @Test func everySettingBecomesTheBoundThatItNames() {
        var settings = Settings()
        settings.httpConnections = 1_001
        settings.httpPeerConnections = 1_002
        settings.httpProxies = "192.0.2.1,192.0.2.2"
        settings.httpIdleSeconds = 1_003
        settings.httpPaceSeconds = 1_004
        settings.httpPaceBytes = 1_005
        settings.httpWriteStallSeconds = 1_006
        let limits = HTTPEdgeLimits(settings)
        #expect(limits.connections == 1_001 && limits.connectionsPerPeer == 1_002)
        #expect(limits.uncountedPeers == ["192.0.2.1", "192.0.2.2"])
        #expect(limits.idleTime == .seconds(1_003))
        #expect(limits.paceWindow == .seconds(1_004) && limits.paceBytes == 1_005)
        #expect(limits.writeStallTime == .seconds(1_006))
    }

    /// The defaults stand in two places.
    @Test func withoutSettingsTheBoundsAreTheSame() {
        let (plain, set) = (HTTPEdgeLimits(), HTTPEdgeLimits(Settings()))
        #expect(plain.connections == set.connections && plain.connectionsPerPeer == set.connectionsPerPeer)
        #expect(plain.uncountedPeers == set.uncountedPeers)
        #expect(plain.idleTime == set.idleTime && plain.writeStallTime == set.writeStallTime)
        #expect(plain.paceWindow == set.paceWindow && plain.paceBytes == set.paceBytes)
    }
}
