// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing
import Trust
import VXPProtocol

@Suite struct VXPClientSignerTests {
    /// The published vector (its secret is invented): what the SDK would send, byte for byte.
    @Test func matchesTheVector() throws {
        let headers = try Sample.headers([.serviceType(), .messageType(.edoc)])
        let expected: RawHeaders = [
            ("XroadVnpt-timestamp", "13102025T142233+0456"),
            ("XroadVnpt-systemid", "vxp.saas.03"),
            ("XroadVnpt-Content-Type", "application/json"),
            ("XroadVnpt-servicetype", "eDoc"),
            ("XroadVnpt-messagetype", "edoc"),
            ("Content-Type", "application/json"),
            (
                "XroadVnpt-sign-header",
                #"{"XroadVnpt-timestamp":"13102025T142233+0456","XroadVnpt-systemid":"vxp.saas.03","#
                    + #""XroadVnpt-Content-Type":"application/json","XroadVnpt-servicetype":"eDoc","#
                    + #""XroadVnpt-messagetype":"edoc"}"#
            ),
            ("XroadVnpt-sign-header-key", "timestamp;systemid;Content-Type;servicetype;messagetype"),
            ("XroadVnpt-hash-header", "7244d17e87765d4f53c73ead040c7a41217e7c65e9fb323147c9ec5c42d54cd6"),
            ("User-Agent", "JAVASDKAgent/1.0.0 XRoad/VPCP"),
            ("XroadVnpt-version", "3.0.201608"),
        ]
        #expect(headers.map(\.name) == expected.map(\.name))
        #expect(headers.map(\.value) == expected.map(\.value))
    }

    /// Gson escapes these five by default, and quotes and backslashes of course.
    @Test func escapesLikeGson() throws {
        let headers = try Sample.headers([VXPParameter("description", #"<a> & "b" = 'c' \ /"#)])
        let signHeader = try #require(headers.value("XroadVnpt-sign-header"))
        #expect(
            signHeader.hasSuffix(
                #""XroadVnpt-description":"\u003ca\u003e \u0026 \"b\" \u003d \u0027c\u0027 \\ /"}"#))
        #expect(headers.value("XroadVnpt-description") == #"<a> & "b" = 'c' \ /"#)
    }

    @Test func recipientsAreAJSONArrayInsideAJSONString() throws {
        let headers = try Sample.headers([.to([try AgencyID(parsing: "000.00.13.H52"), try AgencyID(parsing: "H53")])])
        #expect(headers.value("XroadVnpt-to") == #"["000.00.13.H52","H53"]"#)
        #expect(
            headers.value("XroadVnpt-sign-header")?.hasSuffix(#""XroadVnpt-to":"[\"000.00.13.H52\",\"H53\"]"}"#) == true
        )
    }

    @Test(arguments: ["văn bản", "a\r\nX: y", "tab\t", "\u{7F}"])
    func whatAHeaderCannotCarryIsRefused(value: String) {
        #expect(refusal { try Sample.headers([VXPParameter("x", value)]) }?.code == .parameterInvalid)
    }

    @Test(arguments: ["", "a b", "a:b", "ă", "a\n"])
    func namesAreHeaderNames(name: String) {
        #expect(refusal { try Sample.headers([VXPParameter(name, "x")]) }?.code == .parameterInvalid)
    }

    @Test func vietnameseTravelsEscaped() throws {
        let text = "Gửi nhầm đơn vị, đạt 100% 🇻🇳"
        let headers = try Sample.headers([.description(text)])
        #expect(headers.allSatisfy { $0.value.utf8.allSatisfy { $0 < 0x80 } })
        #expect(try Sample.verify(headers).description == text)
    }
}
