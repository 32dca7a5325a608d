// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing
import VXPProtocol

/// The body of `registerAgency`.
@Suite struct VXPAgencyApplicationTests {
    private func read(_ json: String) throws -> AgencyApplication { try VXPAgencyApplication.read(Array(json.utf8)) }

    private func detail(_ json: String) -> String? {
        let refused = refusal { try read(json) }
        return refused.map { "\($0.code.rawValue) \($0.detail ?? "")" }
    }

    @Test func asTheSDKWritesIt() throws {
        let whole = try read(
            #"{"id":"","pcode":"000.00.13.H52","code":"000.05.13.H52","name":"Chi c\u1ee5c","mail":"a@example.vn","#
                + #""mobile":"0912 000 000","fax":""}"#)
        #expect(
            try whole
                == AgencyApplication(
                    code: AgencyID(parsing: "000.05.13.H52"), parent: AgencyID(parsing: "000.00.13.H52"),
                    name: "Chi cục", mail: "a@example.vn", mobile: "0912 000 000"))
        // Gson leaves out what is null; others write it. Unknown keys, numbers in `id`, blanks and raw UTF-8 pass.
        let short = try read(#" {"id":7,"code":" H52.13.05 ","name":"Chi cục","pcode":null,"version":[1]} "#)
        #expect(try short == AgencyApplication(code: AgencyID(parsing: "H52.13.05"), name: "Chi cục"))
        #expect(try read("{\"code\":\"H52.13\",\"name\":\"Chi cu\u{0323}c\"}").name.unicodeScalars.count == 7)
    }

    @Test func whatIsMissingIsNamed() {
        for json in ["{}", #"{"name":"A"}"#, #"{"code":"","name":"A"}"#, #"{"code":null,"name":"A"}"#] {
            #expect(detail(json) == "request.parameter-missing code")
        }
        for json in [#"{"code":"H52.13"}"#, #"{"code":"H52.13","name":" \t"}"#] {
            #expect(detail(json) == "request.parameter-missing name")
        }
    }

    @Test(arguments: [
        "", "null", "[]", "\"x\"", "{", #"{"code":"H52.13","name":"A"}}"#, #"{"code":["H52.13"],"name":"A"}"#,
        #"{"code":52,"name":"A"}"#, "code=H52.13&name=A", #"{'code':'H52.13','name':'A'}"#,
    ])
    func whatIsNoSuchJSON(json: String) {
        #expect(refusal { try read(json) }?.code == .parameterInvalid)
    }

    @Test func notUTF8() {
        let latin = Array(#"{"code":"H52.13","name":""#.utf8) + [0xC2, 0x22, 0x7D]
        #expect(refusal { try VXPAgencyApplication.read(latin) }?.code == .parameterInvalid)
    }

    @Test(arguments: [("name", 200), ("mail", 100), ("mobile", 50), ("fax", 50)])
    func bounds(key: String, limit: Int) throws {
        func json(_ length: Int, _ text: String = "ụ") -> String {
            let base = key == "name" ? "" : #""name":"A","#
            return #"{"code":"H52.13",\#(base)"\#(key)":"\#(String(repeating: text, count: length))"}"#
        }
        _ = try read(json(limit))
        #expect(detail(json(limit + 1)) == "request.parameter-invalid \(key): longer than \(limit) characters")
        let stacked = "e" + String(repeating: "\u{0302}", count: limit + 1)
        #expect(detail(json(1, stacked))?.contains("longer than") == true)
        for mark in [#"a\u0000b"#, #"a\nb"#, #"a\u001b[2Jb"#, #"a\u202eb"#, #"a\u2028b"#] {
            #expect(detail(json(1, mark)) == "request.parameter-invalid \(key): has a control character")
        }
    }

    @Test func identifiersAreRead() {
        for (key, value) in [("code", "mã"), ("pcode", "a b"), ("code", String(repeating: "A", count: 36))] {
            let other = key == "code" ? "" : #""code":"H52.13","#
            let told = detail(#"{\#(other)"name":"A","\#(key)":"\#(value)"}"#)
            #expect(told?.hasPrefix("request.parameter-invalid \(key): ") == true, "\(told ?? "taken")")
        }
    }

    /// Everything at its longest, every character escaped, fits into what is read.
    @Test func theLargestBodyFits() throws {
        let character = #"\u1ee5"#
        func text(_ count: Int) -> String { String(repeating: character, count: count) }
        let json =
            #"{"id":"\#(text(36))","pcode":"\#(String(repeating: "A", count: 35))","code":"H52.13","name":"\#(text(200))","#
            + #""mail":"\#(text(100))","mobile":"\#(text(50))","fax":"\#(text(50))"}"#
        #expect(json.utf8.count < VXPAgencyApplication.maxBytes)
        _ = try read(json)
    }
}
