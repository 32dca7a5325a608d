// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

@Suite struct LeaseTests {
    private let one = NodeID()
    private let two = NodeID()

    @Test func oneAtATimeCarries() {
        var lease = Lease()
        let first = lease.claim(by: one)
        let others = [lease.claim(by: two), lease.claim(by: one)]
        #expect(first == 1 && others == [nil, nil])
        #expect(finish(&lease, 1))
        let second = lease.claim(by: two)
        #expect(second == 2)
        #expect(!finish(&lease, 1))
        #expect(lease.node == two)
        #expect(finish(&lease, 2))
        #expect(lease.node == nil)
    }

    @Test func whoWasThoughtDeadIsLate() {
        var lease = Lease()
        _ = lease.claim(by: one)
        lease.release(from: two)
        #expect(lease.node == one)
        lease.release(from: one)
        let second = lease.claim(by: two)
        #expect(second == 2)
        #expect(!finish(&lease, 1))
        #expect(finish(&lease, 2))
    }

    @Test func whatNobodyTookOverMayStillBeFinished() {
        var lease = Lease()
        #expect(!finish(&lease, 0))
        _ = lease.claim(by: one)
        lease.release(from: one)
        #expect(finish(&lease, 1))
    }

    @Test func aDeadNodesWorkGoesOnWithinThirtySeconds() {
        #expect(Lease.nodeLifetime + Lease.heartbeatInterval * 2 < .seconds(30))
        #expect(Lease.heartbeatInterval * 3 < Lease.nodeLifetime)
    }

    private func finish(_ lease: inout Lease, _ token: Int64) -> Bool { lease.finish(token) }
}
