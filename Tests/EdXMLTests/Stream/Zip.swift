// SPDX-License-Identifier: Apache-2.0
import CZlib
import Foundation

/// Makes ZIPs, sound and unsound, for tests.
enum Zip {
    struct Options {
        var isStored = false
        /// As Java's ZipOutputStream writes: sizes after the data.
        var hasDescriptor = true
        var hasDescriptorSignature = true
        var spoilsChecksum = false
    }

    static func archive(_ entries: [(name: String, content: [UInt8])], _ options: Options = Options()) -> [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = archive.count
            let packed = options.isStored ? entry.content : deflate(entry.content)
            var checksum = UInt32(
                truncatingIfNeeded: entry.content.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
            )
            if options.spoilsChecksum { checksum ^= 1 }
            let sizes = little(checksum, 4) + little(UInt32(packed.count), 4) + little(UInt32(entry.content.count), 4)
            let common =
                little(20, 2) + little(options.hasDescriptor ? 8 : 0, 2) + little(options.isStored ? 0 : 8, 2)
                + little(0, 4)
            let name = Array(entry.name.utf8)
            archive += [0x50, 0x4B, 0x03, 0x04] + common
            archive += options.hasDescriptor ? [UInt8](repeating: 0, count: 12) : sizes
            archive += little(UInt32(name.count), 2) + little(0, 2) + name + packed
            if options.hasDescriptor {
                archive += (options.hasDescriptorSignature ? [0x50, 0x4B, 0x07, 0x08] : []) + sizes
            }
            directory += [0x50, 0x4B, 0x01, 0x02] + little(20, 2) + common + sizes + little(UInt32(name.count), 2)
            directory += [UInt8](repeating: 0, count: 12) + little(UInt32(offset), 4) + name
        }
        let count = little(UInt32(entries.count), 2)
        let start = little(UInt32(archive.count), 4)
        return archive + directory + [0x50, 0x4B, 0x05, 0x06] + little(0, 4) + count + count
            + little(UInt32(directory.count), 4) + start + little(0, 2)
    }

    private static func little(_ value: UInt32, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }

    static func deflate(_ content: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var input = content
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(content.count))))
        return input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                CZlib.deflate(&stream, Z_FINISH)
                return Array(output.prefix(output.count - Int(stream.avail_out)))
            }
        }
    }
}
