// SPDX-License-Identifier: Apache-2.0
import Testing
import Trust

@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `SHA-256 of the examples in FIPS 180-4`(text: String, hex: String) {
        #expect(SHA256Digest(of: Array(text.utf8)).hex == hex)
        #expect(SHA256Digest(hex: hex.uppercased()) == SHA256Digest(of: Array(text.utf8)))
    }

    @Test func `pieces give the digest of the whole, and the running digest does not end it`() {
        let data = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash = SHA256()
        hash.update(data[..<17])
        #expect(hash.current() == SHA256Digest(of: data[..<17]))
        hash.update(data[17...])
        #expect(hash.current() == SHA256Digest(of: data))
    }

    @Test func `a digest is 32 bytes and 64 hexadecimal digits`() {
        #expect(SHA256Digest(bytes: [UInt8](repeating: 7, count: 31)) == nil)
        #expect(SHA256Digest(hex: String(repeating: "0", count: 63)) == nil)
        #expect(SHA256Digest(hex: String(repeating: "g", count: 64)) == nil)
        #expect(SHA256Digest(hex: String(repeating: "é", count: 32)) == nil)
    }

    @Test func `HMAC of RFC 4231 cases 1, 2 and 6`() {
        let first = HMACSHA256.code(key: [UInt8](repeating: 0x0b, count: 20), message: Array("Hi There".utf8))
        #expect(first.hex == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = HMACSHA256.code(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
        #expect(second.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let sixth = HMACSHA256.code(
            key: [UInt8](repeating: 0xaa, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        #expect(sixth.hex == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        // An empty key pads to the same block as one zero byte (RFC 2104 §2).
        #expect(
            HMACSHA256.code(key: [], message: Array("x".utf8)) == HMACSHA256.code(key: [0], message: Array("x".utf8)))
    }

    @Test func `constant-time comparison compares`() {
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(constantTimeEquals([UInt8](), [UInt8]()))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2], [1, 2, 3]))
    }

    @Test func `random bytes differ`() {
        #expect(SecureRandom.bytes(32).count == 32)
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
    }
}
