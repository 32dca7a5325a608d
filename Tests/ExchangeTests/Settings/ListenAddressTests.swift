// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535),
        ("truc.tinh.gov.vn:443", "truc.tinh.gov.vn", 443),
    ])
    func reads(text: String, host: String, port: Int) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", ":", "8080", ":8080", "localhost", "localhost:", "localhost:65536", "localhost:-1", "localhost:+1",
        "::1:80",
        "[]:80", "[::1:80", "::1]:80", "a b:80", "a/b:80", "localhost:80 ", "[localhost-x]:80", "đ:80",
        "[fe80::1%eth0]:80",
    ])
    func refuses(text: String) {
        #expect(throws: ParsingProblem.self) { try ListenAddress(parsing: text) }
    }

    @Test func aHostHasABound() {
        let host = String(repeating: "a", count: ListenAddress.maxHostBytes + 1)
        #expect(throws: ParsingProblem.self) { try ListenAddress(parsing: "\(host):80") }
    }
}
