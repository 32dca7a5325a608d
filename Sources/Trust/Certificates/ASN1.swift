// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Exchange
import Glibc

/// Values of libcrypto's ASN.1 types as values of ours.
enum ASN1 {
    /// The instant of a UTCTime or GeneralizedTime; nil for what is no time.
    static func instant(_ time: UnsafePointer<ASN1_TIME>?) -> Instant? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Instant(microseconds: Int64(timegm(&parts)) * 1_000_000)
    }

    /// The octets of a string of any type.
    static func bytes(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8]? {
        guard let string else { return nil }
        return Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
    }

    /// An integer as `openssl` shows a serial number: digits in hexadecimal capitals, two a byte.
    static func hex(_ integer: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let integer, let magnitude = bytes(integer) else { return "" }
        return (ASN1_STRING_type(integer) == V_ASN1_NEG_INTEGER ? "-" : "") + magnitude.hex.uppercased()
    }

    /// The dotted digits of an object identifier.
    static func dotted(_ object: OpaquePointer?) -> String {
        var text = [CChar](repeating: 0, count: 128)
        let length = OBJ_obj2txt(&text, Int32(text.count), object, 1)
        return String(
            decoding: text.prefix(max(0, min(Int(length), text.count - 1))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// What `encode`, one of libcrypto's `i2d` functions, makes of `value`; empty where it fails.
    static func der<Value>(
        _ value: Value?, _ encode: (Value?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    ) -> [UInt8] {
        var start: UnsafeMutablePointer<UInt8>?
        let length = encode(value, &start)
        guard length > 0, let start else { return [] }
        defer { CRYPTO_free(start, "", 0) }
        return Array(UnsafeBufferPointer(start: start, count: Int(length)))
    }

    /// Reads one value that takes up all of `bytes`; nil for anything else.
    ///
    /// - Parameters:
    ///   - read: one of libcrypto's `d2i` functions, applied to no object.
    ///   - release: frees what was read and is not handed out.
    static func whole(
        _ bytes: [UInt8], _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?,
        release: (OpaquePointer) -> Void
    ) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            guard next != nil else { return nil }
            guard let value = read(&next, buffer.count) else {
                ERR_clear_error()
                return nil
            }
            guard next == buffer.baseAddress.map({ $0 + buffer.count }) else {
                release(value)
                return nil
            }
            return value
        }
    }
}
