// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing
import VXPProtocol

@testable import Surfaces

@Suite struct VXPTranslationTests {
    private func item(subject: String, number: String, notation: String, to: String = "H52.14") -> VXPSentItem {
        VXPSentItem(
            SentDelivery(
                id: DeliveryID(at: .now()), packageID: PackageID(at: .now()), messageType: .edoc, subject: subject,
                codeNumber: number, codeNotation: notation, senderWritten: "H52.13", recipientWritten: to,
                sentAt: .now(), enteredAt: nil, state: .waiting, refusal: nil, documentState: nil))
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
