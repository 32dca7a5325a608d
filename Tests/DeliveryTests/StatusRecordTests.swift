// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct StatusRecordTests {
    private func said(_ statuses: [DocumentStatus]) -> StatusRecord? {
        statuses.reduce(nil) { StatusRecord.after($0, saying: $1) }
    }

    @Test func `the ordinary way`() {
        #expect(said([.arrived, .accepted, .completed]) == StatusRecord(latest: .completed, furthest: .completed))
    }

    @Test func `going back shows both the latest and the furthest`() {
        #expect(said([.arrived, .accepted, .returned]) == StatusRecord(latest: .returned, furthest: .accepted))
        #expect(said([.accepted, .inProgress, .assigned]) == StatusRecord(latest: .assigned, furthest: .inProgress))
    }

    @Test func `a recall and its answer do not move the work`() {
        #expect(said([.recallRequested]) == StatusRecord(latest: .recallRequested, furthest: nil))
        #expect(said([.accepted, .changeAgreed]) == StatusRecord(latest: .changeAgreed, furthest: .accepted))
    }

    @Test func `over every sequence of three, latest is the last and furthest never falls`() {
        for first in DocumentStatus.allCases {
            for second in DocumentStatus.allCases {
                for third in DocumentStatus.allCases {
                    let two = said([first, second])
                    let three = said([first, second, third])
                    #expect(three?.latest == third)
                    #expect((three?.furthest?.progress ?? 0) >= (two?.furthest?.progress ?? 0))
                }
            }
        }
    }
}
