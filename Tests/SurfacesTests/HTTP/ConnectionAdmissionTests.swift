// SPDX-License-Identifier: Apache-2.0
import NIOCore
import TestKit
import Testing

@testable import Surfaces

@Suite struct ConnectionAdmissionTests {
    private func busy(_ ids: ClosedRange<Int>, in admission: inout ConnectionAdmission, peer: String? = nil) {
        for id in ids {
            #expect(admission.opened(id, peer: peer) == .admit(.ordinary, closing: nil))
            admission.busy(id)
        }
    }

    @Test func theLongestIdleGivesWay() {
        var admission = ConnectionAdmission(connections: 3, perPeer: 9, reserve: 1)
        for id in 1...3 { #expect(admission.opened(id, peer: "a") == .admit(.ordinary, closing: nil)) }
        admission.busy(1)
        admission.idle(1)
        admission.busy(3)
        #expect(admission.opened(4, peer: "b") == .admit(.ordinary, closing: 2))
        #expect(admission.opened(5, peer: "b") == .admit(.ordinary, closing: 1))
        #expect(admission.opened(6, peer: "b") == .admit(.ordinary, closing: 4))
        #expect(admission.count == 3)
    }

    @Test func whenAllAreAtWorkOnlyTheReserveIsLeft() {
        var admission = ConnectionAdmission(connections: 2, perPeer: 9, reserve: 2)
        busy(1...2, in: &admission)
        #expect(admission.opened(3, peer: nil) == .admit(.reserved, closing: nil))
        #expect(admission.opened(4, peer: nil) == .admit(.reserved, closing: nil))
        // Silent ones do not keep the reserve either.
        #expect(admission.opened(5, peer: nil) == .admit(.reserved, closing: 3))
        admission.busy(4)
        admission.busy(5)
        #expect(admission.opened(6, peer: nil) == .refuse)
        admission.closed(1)
        #expect(admission.opened(7, peer: nil) == .admit(.ordinary, closing: nil))
    }

    @Test func aPeerHasItsOwnBound() {
        var admission = ConnectionAdmission(connections: 9, perPeer: 2, reserve: 0)
        busy(1...2, in: &admission, peer: "a")
        #expect(admission.opened(3, peer: "a") == .refuse)
        #expect(admission.opened(4, peer: "b") == .admit(.ordinary, closing: nil))
        admission.idle(1)
        #expect(admission.opened(5, peer: "a") == .admit(.ordinary, closing: 1))
        // Said twice: by the table, and by the channel that closes later.
        admission.closed(1)
        admission.busy(5)
        #expect(admission.opened(6, peer: "a") == .refuse)
        // A proxy speaks for many.
        for id in 10...14 { #expect(admission.opened(id, peer: nil) == .admit(.ordinary, closing: nil)) }
    }

    @Test func nothingIsKeptOfWhatIsGone() {
        var admission = ConnectionAdmission(connections: 50, perPeer: 5, reserve: 5)
        var generator = SeededGenerator(seed: 7)
        for id in 1...5_000 {
            _ = admission.opened(id, peer: "p\(Int.random(in: 0...20, using: &generator))")
            if Bool.random(using: &generator) { admission.busy(id - Int.random(in: 0...20, using: &generator)) }
            if Bool.random(using: &generator) { admission.closed(id - Int.random(in: 0...60, using: &generator)) }
            #expect(admission.count <= 55)
        }
        for id in 1...5_000 { admission.closed(id) }
        #expect(admission.count == 0)
        for id in 6_001...6_005 { #expect(admission.opened(id, peer: "p1") == .admit(.ordinary, closing: nil)) }
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("::1", "::1"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ])
    func peersByTheirAddress(written: String, peer: String) throws {
        #expect(try PeerAddress(SocketAddress(ipAddress: written, port: 4))?.share == peer)
    }
}
