// SPDX-License-Identifier: Apache-2.0
import Foundation
import FuzzProperties

/// libFuzzer's own main function, under a name that leaves `main` to us.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `nonisolated(unsafe)`: set once by `main`, before the driver calls anything; the driver calls from that same thread.
nonisolated(unsafe) private var target = FuzzTarget.package

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        try target.check([UInt8](UnsafeBufferPointer(start: start, count: count)))
    } catch {
        FileHandle.standardError.write(Data("== \(target) does not hold: \(error)\n".utf8))
        // What libFuzzer takes for a finding.
        abort()
    }
    return 0
}

/// `FUZZ_TARGET=package fuzz [arguments of libFuzzer]`: from the environment, so that the processes that libFuzzer starts
/// of itself (`-merge=1`, `-minimize_crash=1`) know it too.
@main
enum Fuzz {
    static func main() {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let chosen = FuzzTarget(rawValue: name) else {
            print("set FUZZ_TARGET to one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
            exit(64)
        }
        target = chosen
        let own = CommandLine.arguments
        let passed = [own[0], "-max_len=\(chosen.maxLength)"] + own.dropFirst()
        var pointers = passed.map { strdup($0) } + [nil]
        var count = Int32(passed.count)
        let status = pointers.withUnsafeMutableBufferPointer { buffer in
            guard var first = buffer.baseAddress else { return Int32(70) }
            return runDriver(&count, &first, testOneInput)
        }
        exit(status)
    }
}
