// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("https://qlvb.example.vn/truc", "https://qlvb.example.vn/truc", "qlvb.example.vn", 443),
        ("HTTPS://QLVB.Example.VN", "https://qlvb.example.vn/", "qlvb.example.vn", 443),
        ("https://qlvb.example.vn:443/", "https://qlvb.example.vn/", "qlvb.example.vn", 443),
        ("https://qlvb.example.vn:80/", "https://qlvb.example.vn:80/", "qlvb.example.vn:80", 80),
        ("http://qlvb:8080?a=b&c=%2f", "http://qlvb:8080/?a=b&c=%2f", "qlvb:8080", 8_080),
        ("http://10.1.2.3/a/b;c=1,2", "http://10.1.2.3/a/b;c=1,2", "10.1.2.3", 80),
        ("https://[2001:DB8:0::1]:8443/x", "https://[2001:db8::1]:8443/x", "[2001:db8::1]:8443", 8_443),
        ("https://xn--qung-tri-g4a.vn/", "https://xn--qung-tri-g4a.vn/", "xn--qung-tri-g4a.vn", 443),
        ("https://1a.2b/", "https://1a.2b/", "1a.2b", 443), ("https://0xfg/", "https://0xfg/", "0xfg", 443),
    ])
    func reads(text: String, canonical: String, authority: String, port: Int) throws {
        let url = try EndpointURL(parsing: text)
        #expect(url.text == canonical)
        #expect(url.authority == authority)
        #expect(url.port == port)
        #expect(url.isTLS == canonical.hasPrefix("https"))
        #expect(try EndpointURL(parsing: url.text) == url)
    }

    @Test(arguments: [
        ("", 0), ("qlvb.vn", 0), ("ftp://qlvb.vn/", 0), ("javascript:alert(1)", 0), ("https:/qlvb.vn", 0),
        (" https://a.vn/", 0), ("https://", 8), ("https:///x", 8), ("https://:80/", 8), ("https://a:b@c.vn/", 11),
        ("https://user@c.vn", 12), ("https://a.vn\\@b.vn/", 12), ("https://a.vn/#x", 13), ("https://a.vn#x", 12),
        ("https://a.vn/a b", 14), ("https://a.vn/\u{0}", 13), ("https://a.vn/\r\nHost: b", 13), ("https://a.vn/đ", 13),
        ("https://đơn-vị.vn/", 8), ("https://a。vn/", 9), ("https://a.vn:/", 13), ("https://a.vn:0/", 13),
        ("https://a.vn:65536/", 13), ("https://a.vn:+80/", 13), ("https://a.vn:000080/", 13), ("https://a..vn/", 10),
        ("https://.vn/", 8), ("https://a.vn./", 13), ("https://-a.vn/", 8), ("https://a-.vn/", 8),
        ("https://a_b.vn/", 9), ("https://a%2evn/", 9), ("https://a.vn/%2", 13), ("https://a.vn/%zz", 13),
        ("https://a.vn/<x>", 13), ("https://a.vn/\"", 13), ("https://a.vn/{}", 13), ("https://a.vn/a\\b", 14),
        ("https://0x7f.1/", 9), ("https://2130706433/", 11), ("https://127.1/", 13), ("https://0177.0.0.1/", 8),
        ("https://127.0.0.0x1/", 17), ("https://1.2.3.4.5/", 15), ("https://a.0x/", 8), ("https://1.2.3.256/", 14),
        ("https://[::1/", 8), ("https://::1/", 8), ("https://[1.2.3.4]/", 9), ("https://[fe80::1%25eth0]/", 15),
        ("https://[::1]x/", 13), ("https://[]/", 9),
    ])
    func refuses(text: String, offset: Int) {
        #expect {
            try EndpointURL(parsing: text)
        } throws: { error in
            (error as? ParsingProblem)?.offset == offset
        }
    }

    @Test func `its length, a host's and a label's are bounded`() throws {
        let start = "https://a.vn/"
        let longest = start + String(repeating: "x", count: EndpointURL.maxBytes - start.utf8.count)
        #expect(try EndpointURL(parsing: longest).text == longest)
        #expect(throws: ParsingProblem.self) { try EndpointURL(parsing: longest + "x") }
        let label = String(repeating: "a", count: 63)
        let name = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        #expect(try EndpointURL(parsing: "https://\(name)/").host == .name(name))
        #expect(throws: ParsingProblem.self) { try EndpointURL(parsing: "https://\(name)b/") }
        #expect(throws: ParsingProblem.self) { try EndpointURL(parsing: "https://a\(label).vn/") }
    }

    @Test func `what is read is read alike by another reader`() throws {
        let lawful = [
            "https://qlvb.example.vn:8443/truc/nhan?a=b&c=%2f", "http://10.1.2.3/", "https://[2001:db8::1]:8443/x",
            "https://a-b.c", "http://a.b@c.d:80/e#f",
        ]
        let alphabet = Array("azAZ09.-_:/?#[]@%\\!&=;,~ \"<>|^`{}đ\u{0}\t\u{3002}\u{FF0E}")
        var generator = SeededGenerator(seed: 11)
        var read = 0
        for _ in 0..<30_000 {
            var text = Array(lawful.randomElement(using: &generator) ?? "")
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let place = Int.random(in: 0...text.count, using: &generator)
                if Bool.random(using: &generator), place < text.count { text.remove(at: place) }
                if Bool.random(using: &generator), place <= text.count {
                    text.insert(alphabet.randomElement(using: &generator) ?? "/", at: place)
                }
            }
            guard let url = try? EndpointURL(parsing: String(text)) else { continue }
            read += 1
            #expect(try EndpointURL(parsing: url.text) == url)
            let other = try #require(URLComponents(string: url.text), "\(url)")
            #expect(other.scheme == (url.isTLS ? "https" : "http"))
            #expect(other.percentEncodedHost == "\(url.host)", "\(url)")
            #expect((other.port ?? (url.isTLS ? 443 : 80)) == url.port, "\(url)")
            #expect(other.user == nil && other.fragment == nil)
            #expect(other.percentEncodedPath + (other.percentEncodedQuery.map { "?\($0)" } ?? "") == url.target)
        }
        #expect(read > 5_000)
    }
}
