// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing

@Suite struct FaultPointTests {
    @Test func `names are unique and say the operation first`() {
        #expect(Set(FaultPoint.allCases.map(\.rawValue)).count == FaultPoint.allCases.count)
        for point in FaultPoint.allCases {
            #expect(point.rawValue.wholeMatch(of: #/[a-z]+\.[a-z]+(-[a-z]+)*/#) != nil, "\(point.rawValue)")
        }
    }

    @Test func `an armed place kills at its count, as kill -9 would`() async {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            setenv("TRUC_FAULT_POINT", "accept.before-commit:2", 1)
            FaultPoint.acceptBeforeCommit.pass()
            print("the first pass lives")
            FaultPoint.acceptBeforeCommit.pass()
        }
    }

    @Test func `other places, and the passes before the count, live`() async {
        await #expect(processExitsWith: .success) {
            setenv("TRUC_FAULT_POINT", "accept.before-commit:2", 1)
            for point in FaultPoint.allCases { point.pass() }
        }
    }

    @Test func `a name that is none arms nothing`() async {
        await #expect(processExitsWith: .success) {
            setenv("TRUC_FAULT_POINT", "accept.nowhere", 1)
            for point in FaultPoint.allCases { point.pass() }
        }
    }
}
