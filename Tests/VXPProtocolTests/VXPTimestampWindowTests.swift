// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing
import VXPProtocol

@Suite struct VXPTimestampWindowTests {
    private func headers(_ offset: Duration) throws -> RawHeaders {
        var signer = try Sample.signer()
        signer.timestamp = Sample.now.advanced(by: offset)
        return try signer.headers(for: .getEdoc, [])
    }

    @Test func oldTimestampsPassUnlessLimited() throws {
        let old = try headers(.seconds(-400 * 86_400))
        _ = try Sample.verify(old)
        let window = VXPTimestampWindow(past: .seconds(60), future: .zero)
        #expect(refusal { try Sample.verify(old, window: window) }?.code == .timestampInvalid)
        _ = try Sample.verify(try headers(.seconds(-60)), window: window)
        #expect(
            refusal { try Sample.verify(try headers(.milliseconds(-60_001)), window: window) }?.code
                == .timestampInvalid)
    }

    @Test func fiveMinutesAheadPass() throws {
        _ = try Sample.verify(try headers(.seconds(300)))
        #expect(refusal { try Sample.verify(try headers(.milliseconds(300_001))) }?.code == .timestampInvalid)
    }

    @Test(arguments: ["13102025T142233+07:00", "2025-10-13T14:22:33Z", "31022025T142233+0456", "x"])
    func aMalformedTimestamp(text: String) {
        let headers = Sample.headers(
            signHeader: "{\"XroadVnpt-systemid\":\"s\",\"XroadVnpt-timestamp\":\"\(text)\"}",
            [("XroadVnpt-systemid", "s"), ("XroadVnpt-timestamp", text)])
        #expect(refusal { try Sample.verify(headers) }?.code == .timestampInvalid)
    }
}
