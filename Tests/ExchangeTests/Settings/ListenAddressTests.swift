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

    @Test func aHostHasABound() throws {
        let host = String(repeating: "a", count: ListenAddress.maxHostBytes)
        #expect(try ListenAddress(parsing: "\(host):80").host == host)
        #expect(throws: ParsingProblem.self) { try ListenAddress(parsing: "\(host)a:80") }
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.255.0.9:1", true), ("[::1]:1", true), ("LocalHost:1", true), ("0.0.0.0:1", false),
        ("[::]:1", false), ("128.0.0.1:1", false), ("127.example.vn:1", false), ("localhost.example:1", false),
        ("127.0.0.1.nip.example:1", false), ("10.0.0.1:1", false),
    ])
    func `only this machine's own addresses are loopback`(text: String, isLoopback: Bool) throws {
        #expect(try ListenAddress(parsing: text).isLoopback == isLoopback)
    }
}
