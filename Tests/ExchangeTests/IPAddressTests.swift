// SPDX-License-Identifier: Apache-2.0
import Exchange
import Glibc
import TestKit
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.1.20.3", "10.1.20.3"),
        ("::", "::"), ("::1", "::1"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1::", "1::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::ffff:10.0.0.1", "::ffff:a00:1"), ("0:0:0:0:0:0:0:0", "::"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
    func reads(text: String, canonical: String) throws {
        let address = try IPAddress(parsing: text)
        #expect(address.description == canonical)
        #expect(try IPAddress(parsing: canonical) == address)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "0x7f.0.0.1", "127.1",
        "2130706433", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\n", "１.2.3.4", ":", ":::", "1:::2", "1::2::3", ":1::", "1:",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::12345", "::g", "fe80::1%eth0", "[::1]",
        "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::ffff:010.0.0.1",
    ])
    func refuses(text: String) {
        #expect(throws: ParsingProblem.self) { try IPAddress(parsing: text) }
    }

    @Test func `reads exactly what the C library's strict reader does`() {
        let lawful = [
            "10.1.2.3", "255.255.255.255", "::1", "2001:db8::7:0:0:1", "::ffff:192.168.1.9", "1:2:3:4:5:6:7:8",
        ]
        let alphabet = Array("0123456789abcdefABCDEF:.::x")
        var generator = SeededGenerator(seed: 41)
        var agreed = 0
        for _ in 0..<20_000 {
            var text = Array(lawful.randomElement(using: &generator) ?? "")
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let place = Int.random(in: 0...text.count, using: &generator)
                if Bool.random(using: &generator), place < text.count { text.remove(at: place) }
                if Bool.random(using: &generator), place <= text.count {
                    text.insert(alphabet.randomElement(using: &generator) ?? ":", at: place)
                }
            }
            let candidate = String(text)
            let judged = system(candidate)
            #expect((try? IPAddress(parsing: candidate)) == judged, "\(candidate)")
            if judged != nil { agreed += 1 }
        }
        #expect(agreed > 1_000)
    }

    private func system(_ text: String) -> IPAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return IPAddress(bytes: bytes[..<4]) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? IPAddress(bytes: bytes) : nil
    }
}

@Suite struct NetworkPrefixTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("172.16.0.0/12", "172.31.255.255", "172.32.0.0"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"), ("fc00::/7", "fdff::1", "fe00::"), ("::1", "::1", "::2"),
        ("10.1.2.2/31", "10.1.2.3", "10.1.2.4"), ("0.0.0.0/0", "255.255.255.255", "::1"),
        ("::/0", "ffff::", "10.0.0.1"), ("::ffff:0:0/96", "::ffff:10.0.0.1", "10.0.0.1"),
    ])
    func contains(text: String, inside: String, outside: String) throws {
        let prefix = try NetworkPrefix(parsing: text)
        #expect(prefix.contains(try IPAddress(parsing: inside)))
        #expect(!prefix.contains(try IPAddress(parsing: outside)))
        #expect(try NetworkPrefix(parsing: prefix.description) == prefix)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.1/8", "fc00::/129",
        "fc00::1/7", "10.0.0.0/255.0.0.0", "10.0.0.0 /8", "10/8", "vp.example/8",
    ])
    func refuses(text: String) {
        #expect(throws: ParsingProblem.self) { try NetworkPrefix(parsing: text) }
    }

    @Test func `what is meant is said`() {
        #expect(throws: ParsingProblem("network", "has bits beyond its length; the network is 10.0.0.0/8")) {
            try NetworkPrefix(parsing: "10.1.0.0/8")
        }
    }
}
