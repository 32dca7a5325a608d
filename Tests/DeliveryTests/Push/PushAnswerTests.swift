// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Testing

@Suite struct PushAnswerTests {
    private static let now = Instant(microseconds: 1_795_305_600_000_000)
    private static let digest = String(repeating: "a1", count: 32)
    private let expected = PushReceipt(
        delivery: DeliveryID(uuid: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))),
        sha256: PushAnswerTests.digest)

    private var receipt: String { "{\"delivery\":\"\(expected.delivery)\",\"sha256\":\"\(expected.sha256)\"}" }

    private func outcome(_ status: Int, _ body: String, retryAfter: String? = nil) -> AttemptOutcome {
        PushAnswer(status: status, retryAfter: retryAfter, body: Array(body.utf8))
            .outcome(expecting: expected, now: Self.now)
    }

    private func failure(_ outcome: AttemptOutcome) -> AttemptFailure? {
        guard case .failed(let failure) = outcome else { return nil }
        return failure
    }

    @Test(arguments: [200, 201, 202, 204, 299, 409])
    func `only the right receipt makes it entered`(status: Int) {
        #expect(outcome(status, receipt) == .entered)
        #expect(
            outcome(
                status,
                receipt.uppercased().replacing("DELIVERY", with: "delivery")
                    .replacing("SHA256", with: "sha256")) == .entered)
        #expect(outcome(status, " { \"note\" : \"ok\",\n\(receipt.dropFirst())\n") == .entered)
        for none in [
            "", "OK", "[]", "{}", "null", "{\"delivery\":\"\(expected.delivery)\"}", "{\"sha256\":\"\(Self.digest)\"}",
            receipt + "x", "<html>", receipt.replacing(Self.digest, with: Self.digest.dropLast()), "{\"a\":1}",
            receipt.replacing("\(expected.delivery)", with: "1"), String(receipt.dropLast()) + ",\"sha256\":\"\"}",
            "{\"result\":\(receipt)}",
        ] {
            #expect(failure(outcome(status, none))?.code == .pushReceiptMissing, "\(none)")
            #expect(failure(outcome(status, none))?.httpStatus == status)
        }
        for wrong in [
            receipt.replacing(Self.digest, with: "a2" + Self.digest.dropFirst(2)),
            receipt.replacing("\(expected.delivery)", with: "\(DeliveryID())"),
        ] {
            #expect(failure(outcome(status, wrong))?.code == .pushReceiptWrong, "\(wrong)")
        }
    }

    @Test func `a receipt may be as long as its bound, and not longer`() {
        let padded = receipt + String(repeating: " ", count: PushReceipt.maxLength - receipt.utf8.count)
        #expect(outcome(200, padded) == .entered)
        #expect(failure(outcome(200, padded + " "))?.code == .pushAnswerTooLarge)
        let notUTF8 = PushAnswer(status: 200, body: Array(receipt.utf8.dropLast(2)) + [0xFF, 0x22, 0x7D])
        #expect(failure(notUTF8.outcome(expecting: expected, now: Self.now))?.code == .pushReceiptMissing)
    }

    @Test(arguments: 100..<700)
    func `each status has its meaning, whatever the body`(status: Int) {
        let body = "no\u{1B}[2J"
        let outcome = outcome(status, body, retryAfter: "7")
        let failure = { (code: Refusal.Code, wait: Duration?) in
            AttemptFailure(code, httpStatus: status, detail: "no [2J", retryAfter: wait)
        }
        switch status {
        case 200...299, 409: #expect(self.failure(outcome)?.code == .pushReceiptMissing)
        case 300...399: #expect(outcome == .refused(failure(.pushRedirected, nil)))
        case 410: #expect(outcome == .gone(failure(.pushGone, nil)))
        case 408, 425, 429, 500...599: #expect(outcome == .failed(failure(.pushAnswer, .seconds(7))))
        case 400...499: #expect(outcome == .refused(failure(.pushRefused, nil)))
        default: #expect(outcome == .failed(failure(.pushAnswer, nil)))
        }
        // A receipt does not help where the status says otherwise.
        let isEntered = self.outcome(status, receipt) == .entered
        #expect(isEntered == ((200...299).contains(status) || status == 409))
    }

    @Test(arguments: [
        (nil, nil), ("", nil), ("0", 0), ("120", 120), ("86400", 86_400), ("86401", 86_400),
        ("999999999999999", 86_400),
        ("-1", nil), ("+1", nil), ("1.5", nil), ("soon", nil), ("12 ", nil), ("Sun, 22 Nov 2026 00:01:40 GMT", 100),
        ("Sun, 22 Nov 2026 00:00:00 GMT", nil), ("Sat, 21 Nov 2026 23:59:59 GMT", nil),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400), ("Sun Nov 22 00:00:09 2026", 9),
    ])
    func `how long to wait is taken from seconds or a date, within a bound`(header: String?, seconds: Int?) {
        #expect(Self.now.iso8601 == "2026-11-22T07:00:00.000+07:00")
        #expect(failure(outcome(503, "", retryAfter: header))?.retryAfter == seconds.map { .seconds($0) })
    }

    @Test func `what the endpoint says is kept as one bounded line`() {
        let said = String(repeating: "đ\n", count: 10_000)
        guard case .refused(let failure) = outcome(400, said) else {
            Issue.record("not refused")
            return
        }
        #expect(failure.detail == String(repeating: "đ ", count: AttemptFailure.maxDetailLength / 2))
    }
}
