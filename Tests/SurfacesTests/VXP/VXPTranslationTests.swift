// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing
import VXPProtocol

@testable import Surfaces

@Suite struct VXPTranslationTests {
    private func item(
        subject: String = "Thử", number: String = "12", notation: String = "SXD", to: String = "H52.14",
        state: DeliveryState = .waiting, refusal: Refusal.Code? = nil, failures: Int = 0
    ) -> VXPSentItem {
        VXPSentItem(
            SentDelivery(
                id: DeliveryID(at: .now()), packageID: PackageID(at: .now()), messageType: .edoc, subject: subject,
                codeNumber: number, codeNotation: notation, senderWritten: "H52.13", recipientWritten: to,
                sentAt: .now(), enteredAt: nil, state: state, refusal: refusal, failures: failures,
                documentState: nil))
    }

    /// Nobody's words in another's mouth: only who has failed is said to have failed.
    @Test func `what the hub holds is no failure of the recipient's`() {
        for code in [
            Refusal.Code.malwareScanPending, .malwareFound, .malwareScanImpossible, .documentAwaited, .packageSealed,
        ] {
            let held = item(state: .held, refusal: code)
            #expect(held.sendStatus == "held" && held.sendStatusDesc == code.entry.vietnamese)
            #expect(held.receiveStatus == "initial")
        }
        let confirmed = item(state: .held, refusal: .confirmationNeeded)
        #expect(confirmed.sendStatusDesc.contains("xác nhận") && confirmed.receiveStatus == "initial")
        let stopped = item(state: .held)
        #expect(stopped.sendStatusDesc.contains("vận hành") && stopped.receiveStatus == "initial")
        let failed = item(state: .held, failures: 5)
        #expect(failed.sendStatusDesc.contains("Nơi nhận báo lỗi") && failed.receiveStatus == "fail")
    }

    @Test func `a list shows texts up to a bound that nothing gets around`() {
        let most = VXPSentItem.maxShown
        let fits = String(repeating: "ế", count: most)
        let code = String(repeating: "b", count: most - 3)
        #expect(item(subject: fits, number: "12", notation: code).title == fits)
        #expect(item(subject: fits, number: "12", notation: code).notation == "12/\(code)")
        #expect(item(subject: fits + "x", number: "12", notation: code + "x").title == fits)
        #expect(item(subject: fits, number: "12", notation: code + "x").notation == "12/\(code)")
        // One character of any length.
        let stacked = "e" + String(repeating: "\u{301}", count: 30_000)
        let shown = item(subject: stacked, number: stacked, notation: stacked, to: stacked)
        #expect([shown.title, shown.notation, shown.toCode].allSatisfy { $0.unicodeScalars.count == most })
    }
}
