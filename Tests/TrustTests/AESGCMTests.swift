// SPDX-License-Identifier: Apache-2.0
import Testing
import Trust

@Suite struct AESGCMTests {
    /// Test cases 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", the submission to NIST.
    static let published: [(key: String, nonce: String, aad: String, plaintext: String, sealed: String)] = [
        (
            String(repeating: "00", count: 32), String(repeating: "00", count: 12), "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        (
            String(repeating: "00", count: 32), String(repeating: "00", count: 12), "",
            String(repeating: "00", count: 16), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test(arguments: published.indices)
    func `seals as published, and opens it again`(index: Int) throws {
        let vector = Self.published[index]
        let key = try #require(AESKey(bytes: bytes(vector.key)))
        let (nonce, aad, plaintext) = (bytes(vector.nonce), bytes(vector.aad), bytes(vector.plaintext))
        let sealed = AESGCM.seal(plaintext, key: key, nonce: nonce, authenticating: aad)
        #expect(sealed.hex == vector.sealed)
        #expect(AESGCM.open(sealed, key: key, nonce: nonce, authenticating: aad) == plaintext)
    }

    @Test func `opens nothing of which any bit is another`() {
        let key = AESKey()
        let (nonce, aad) = (SecureRandom.bytes(12), Array("whose".utf8))
        let sealed = AESGCM.seal(Array("a secret".utf8), key: key, nonce: nonce, authenticating: aad)
        func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
            var bytes = bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            return bytes
        }
        for bit in 0..<8 * sealed.count {
            #expect(AESGCM.open(flipped(sealed, bit), key: key, nonce: nonce, authenticating: aad) == nil)
        }
        for bit in 0..<8 * nonce.count {
            #expect(AESGCM.open(sealed, key: key, nonce: flipped(nonce, bit), authenticating: aad) == nil)
        }
        for bit in 0..<8 * aad.count {
            #expect(AESGCM.open(sealed, key: key, nonce: nonce, authenticating: flipped(aad, bit)) == nil)
        }
        for length in 0..<sealed.count {
            #expect(AESGCM.open(Array(sealed[..<length]), key: key, nonce: nonce, authenticating: aad) == nil)
        }
        #expect(AESGCM.open(sealed, key: AESKey(), nonce: nonce, authenticating: aad) == nil)
        #expect(AESGCM.open(sealed, key: key, nonce: nonce, authenticating: []) == nil)
        #expect(AESGCM.open(sealed, key: key, nonce: nonce + [0], authenticating: aad) == nil)
    }

    @Test func `leaves nothing of a forged message, and works in place`() {
        let key = AESKey()
        let nonce = SecureRandom.bytes(12)
        let plaintext = SecureRandom.bytes(1000)
        var buffer = plaintext + [UInt8](repeating: 0, count: AESGCM.tagByteCount)
        var sealer = AESGCM(key, .seal)
        var opener = AESGCM(key, .open)
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        nonce.withUnsafeBytes { nonce in
            buffer.withUnsafeMutableBytes { buffer in
                let body = UnsafeMutableRawBufferPointer(rebasing: buffer[..<1000])
                sealer.seal(UnsafeRawBufferPointer(body), nonce: nonce, authenticating: none, into: buffer)
                let sealed = Array(buffer)
                var isGenuine = opener.open(
                    UnsafeRawBufferPointer(buffer), nonce: nonce, authenticating: none, into: body)
                #expect(isGenuine)
                #expect(Array(body) == plaintext)
                buffer.copyBytes(from: sealed)
                buffer[1015] ^= 1
                isGenuine = opener.open(
                    UnsafeRawBufferPointer(buffer), nonce: nonce, authenticating: none, into: body)
                #expect(!isGenuine)
                #expect(body.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func `a key is 32 bytes and is not printed`() throws {
        #expect(AESKey(bytes: [UInt8](repeating: 1, count: 31)) == nil)
        #expect(AESKey(bytes: [UInt8](repeating: 1, count: 33)) == nil)
        let key = try #require(AESKey(bytes: [UInt8](repeating: 0xAB, count: 32)))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped, "\([key])"] {
            #expect(!text.contains("171") && !text.lowercased().contains("abab"))
        }
        #expect(key == AESKey(bytes: key.bytes))
        #expect(key != AESKey())
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
}
