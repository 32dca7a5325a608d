// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct AddressPolicyTests {
    @Test(arguments: [
        ("0.0.0.0", AddressScope.unspecified), ("0.1.2.3", .unspecified), ("10.0.0.0", .privateUse),
        ("10.255.255.255", .privateUse), ("9.255.255.255", .global), ("11.0.0.0", .global), ("100.63.255.255", .global),
        ("100.64.0.0", .privateUse), ("100.127.255.255", .privateUse), ("100.128.0.0", .global),
        ("127.0.0.1", .loopback), ("127.255.255.255", .loopback), ("169.254.169.254", .linkLocal),
        ("169.253.255.255", .global), ("172.15.255.255", .global), ("172.16.0.0", .privateUse),
        ("172.31.255.255", .privateUse), ("172.32.0.0", .global), ("192.0.0.8", .reserved),
        ("192.0.2.1", .documentation), ("192.88.99.1", .reserved), ("192.168.255.1", .privateUse),
        ("192.169.0.0", .global), ("198.18.0.1", .reserved), ("198.19.255.255", .reserved), ("198.20.0.0", .global),
        ("198.51.100.7", .documentation), ("203.0.113.9", .documentation), ("223.255.255.255", .global),
        ("224.0.0.1", .multicast), ("239.255.255.255", .multicast), ("240.0.0.1", .reserved),
        ("255.255.255.255", .reserved), ("::", .unspecified), ("::1", .loopback), ("::2", .reserved),
        ("::10.0.0.1", .reserved), ("2000::1", .global), ("2400:cb00::1", .global), ("3fff:1000::", .global),
        ("3fff:fff::1", .documentation), ("2001:db8::1", .documentation), ("2001::1", .reserved),
        ("2001:200::1", .global), ("4000::1", .reserved), ("fc00::1", .privateUse), ("fdff::1", .privateUse),
        ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .reserved), ("ff02::1", .multicast),
        ("64:ff9b:1::1", .reserved), ("100::1", .reserved),
    ])
    func `each address has its scope`(text: String, scope: AddressScope) throws {
        #expect(AddressScope(try IPAddress(parsing: text)) == scope)
    }

    @Test func `public addresses are allowed, private ones and loopback where they are listed`() throws {
        let none = AddressPolicy()
        let some = AddressPolicy(allowedNetworks: try ["10.20.0.0/16", "127.0.0.1", "fd12::/16"].map(prefix))
        for (text, byNone, bySome) in [
            ("8.8.8.8", true, true), ("2400:cb00::1", true, true), ("10.20.255.1", false, true),
            ("10.21.0.1", false, false), ("127.0.0.1", false, true), ("127.0.0.2", false, false), ("::1", false, false),
            ("fd12::9", false, true), ("fd13::9", false, false),
        ] {
            #expect(none.allows(try IPAddress(parsing: text)) == byNone, "\(text)")
            #expect(some.allows(try IPAddress(parsing: text)) == bySome, "\(text)")
            #expect((some.objection(to: try IPAddress(parsing: text)) == nil) == bySome, "\(text)")
        }
    }

    @Test(arguments: [
        "169.254.169.254", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "240.0.0.1", "::", "fe80::1",
        "ff02::1", "2001:db8::1", "::10.0.0.1", "2001::a00:1", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
    ])
    func `what is neither public nor private stays forbidden, whatever is listed`(text: String) throws {
        let everything = AddressPolicy(allowedNetworks: try ["0.0.0.0/0", "::/0"].map(prefix))
        #expect(!everything.allows(try IPAddress(parsing: text)))
    }

    @Test(arguments: ["::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::9"])
    func `an address in another's clothes is judged by what it is`(text: String) throws {
        let address = try IPAddress(parsing: text)
        #expect(!AddressPolicy().allows(address))
        #expect(!AddressPolicy(allowedNetworks: [try prefix("::/0")]).allows(address))
        #expect(AddressPolicy(allowedNetworks: [try prefix("10.0.0.0/8")]).allows(address))
        #expect(AddressPolicy().objection(to: address)?.contains("stands for 10.0.0.1") == true)
        let outside = try IPAddress(
            parsing: text.replacing("10.0.0.1", with: "8.8.8.8").replacing("a00:1", with: "808:808"))
        #expect(AddressPolicy().allows(outside))
    }

    private func prefix(_ text: String) throws -> NetworkPrefix { try NetworkPrefix(parsing: text) }
}
