// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Couriers
@testable import Hub

/// The real clamd, and what stands in its place when it is ill.
@Suite(.timeLimit(.minutes(2))) struct ClamdScannerTests {
    private static let limits = ScanLimits(
        connect: .seconds(10), idle: .seconds(20), verdict: .seconds(20), total: .seconds(40))

    private func files(_ attachment: [UInt8]? = nil, seed: UInt64 = 1, length: Int = 2_000) throws -> PackageFiles {
        var builder = PackageBuilder()
        builder.seed = seed
        builder.attachmentLength = length
        builder.content = attachment
        let package = try builder.document()
        return PackageFiles {
            PackageContent(
                chunks: AsyncThrowingStream { continuation in
                    for start in stride(from: 0, to: package.count, by: 100_000) {
                        continuation.yield(Array(package[start..<min(start + 100_000, package.count)]))
                    }
                    continuation.finish()
                })
        }
    }

    private func scan(
        _ files: PackageFiles, _ address: ScannerAddress, _ limits: ScanLimits = limits
    ) async -> ScanVerdict {
        await ClamdScanner(limits: limits).scan(files, at: address)
    }

    @Test func aCleanFileIsCleanAndEICARIsFoundByItsName() async throws {
        let clamd = try await TestClamd.start()
        #expect(await scan(try files(length: 3_000_000), clamd.address) == .clean)
        #expect(
            await scan(try files(TestClamd.eicar), clamd.address) == .found(detail: "\(TestClamd.signature), tệp 1"))
        clamd.stop()
    }

    @Test func whatIsLongerThanItTakesIsNotClean() async throws {
        let clamd = try await TestClamd.start(maxStream: 100_000)
        #expect(await scan(try files(length: 99_000), clamd.address) == .clean)
        for length in [101_000, 5_000_000] {
            let verdict = await scan(try files(length: length), clamd.address)
            guard case .impossible(let detail) = verdict else {
                Issue.record("\(length): \(verdict)")
                continue
            }
            #expect(detail.contains("StreamMaxLength"))
        }
        clamd.stop()
    }

    @Test func awayStalledOrTalkingNonsenseItHasSaidNothing() async throws {
        let nowhere = ScannerAddress.socket(path: try TestCluster.temporaryDirectory() + "/none")
        guard case .failed = await scan(try files(), nowhere) else {
            Issue.record("away")
            return
        }
        let clamd = try await TestClamd.start()
        clamd.stall(true)
        var short = Self.limits
        short.verdict = .milliseconds(200)
        guard case .failed(let detail) = await scan(try files(), clamd.address, short) else {
            Issue.record("stalled")
            return
        }
        #expect(detail.contains("no verdict within"))
        clamd.stall(false)
        #expect(await scan(try files(), clamd.address) == .clean)
        clamd.stop()
    }

    @Test func itSaysWhichVersionAnswersOrWhyNoneDoes() async throws {
        let clamd = try await TestClamd.start()
        var limits = Self.limits
        #expect(try await ClamdScanner(limits: limits).version(at: clamd.address).hasPrefix("ClamAV "))
        limits.connect = .milliseconds(200)
        let hasty = ClamdScanner(limits: limits)
        func silence(_ address: ScannerAddress) async -> String? {
            do throws(ClamdScanner.Silence) {
                _ = try await hasty.version(at: address)
                return nil
            } catch {
                return error.reason
            }
        }
        clamd.stall(true)
        #expect(await silence(clamd.address)?.contains("no answer within") == true)
        clamd.stop()
        let nowhere = ScannerAddress.socket(path: try TestCluster.temporaryDirectory() + "/none")
        #expect(await silence(nowhere)?.hasPrefix("\(nowhere): ") == true)
        let (process, address) = try await liar("220 mail.example ESMTP\r\n")
        let said = await silence(address)
        #expect(said?.contains("no clamd, says \"220 mail.example ESMTP") == true, "\(said ?? "")")
        kill(process.processIdentifier, SIGKILL)
    }

    /// Something that is no clamd stands at its socket: it answers at once, and hears nothing.
    private func liar(_ answer: String) async throws -> (process: Process, address: ScannerAddress) {
        let path = try TestCluster.temporaryDirectory() + "/liar"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            """
            import socket, sys
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1])
            server.listen()
            print("ready", flush=True)
            while True:
                client, _ = server.accept()
                client.sendall(sys.argv[2].encode())
                client.close()
            """, path, answer,
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let ready = output.fileHandleForReading
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                _ = ready.availableData
                continuation.resume()
            }
        }
        return (process, .socket(path: path))
    }

    @Test(arguments: ["", "220 mail.example ESMTP\r\n", "stream: OK? FOUND it", String(repeating: "x", count: 100_000)])
    func whatIsNoVerdictIsNone(_ answer: String) async throws {
        let (process, address) = try await liar(answer)
        for length in [2_000, 3_000_000] {
            let verdict = await scan(try files(length: length), address)
            guard case .failed = verdict else {
                Issue.record("\(length): \(verdict)")
                continue
            }
        }
        // It has our threads' signal mask, in which SIGTERM is blocked.
        kill(process.processIdentifier, SIGKILL)
    }

    @Test func aFileThatIsDamagedInTheStoreIsNeverClean() async throws {
        let clamd = try await TestClamd.start()
        let damaged = PackageFiles {
            PackageContent(
                chunks: AsyncThrowingStream { $0.finish(throwing: Refusal(.contentDamaged, "thử")) })
        }
        guard case .impossible = await scan(damaged, clamd.address) else {
            Issue.record("damaged")
            return
        }
        clamd.stop()
    }

    @Test func itWaitsLongerForAVerdictThanClamdTakesForOne() {
        // MaxScanTime of a clamd that is told nothing.
        #expect(ScanLimits().verdict >= .seconds(150))
        #expect(ScanLimits().total > ScanLimits().verdict)
    }

    @Test func whatIsLockedByAPasswordOrNestedTooDeepIsNotClean() async throws {
        let clamd = try await TestClamd.start(further: "AlertEncrypted yes\nMaxRecursion 3")
        #expect(await scan(try files(try Self.zipped(TestClamd.eicar, depth: 2)), clamd.address) != .clean)
        for file in [
            try Self.zipped(TestClamd.eicar, depth: 6), try Self.zipped(TestClamd.eicar, depth: 1, password: "x"),
        ] {
            let verdict = await scan(try files(file), clamd.address)
            guard case .impossible(let detail) = verdict else {
                Issue.record("\(verdict)")
                continue
            }
            #expect(detail.contains("Heuristics."))
        }
        clamd.stop()
    }

    /// A ZIP in a ZIP, so many times; the outermost locked, where a password is given.
    private static func zipped(_ bytes: [UInt8], depth: Int, password: String? = nil) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", zipper, String(depth), password ?? ""]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: bytes)
        try input.fileHandleForWriting.close()
        let zipped = try #require(try output.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        return Array(zipped)
    }

    /// Python reads locked archives and writes none, so that the cipher of PKWARE's note (6.1) stands here.
    private static let zipper = """
        import io, struct, sys, zipfile, zlib
        data, depth, password = sys.stdin.buffer.read(), int(sys.argv[1]), sys.argv[2].encode()

        def locked(data):
            keys = [0x12345678, 0x23456789, 0x34567890]
            def crc(byte, value): return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
            def update(byte):
                keys[0] = crc(byte, keys[0])
                keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
                keys[2] = crc(keys[1] >> 24, keys[2])
            def cipher(byte):
                word = (keys[2] | 2) & 0xFFFF
                out = byte ^ ((word * (word ^ 1) >> 8) & 255)
                update(byte)
                return out
            for byte in password: update(byte)
            sum = zlib.crc32(data)
            body = bytes(cipher(byte) for byte in bytes(11) + bytes([sum >> 24]) + data)
            common = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 33, sum, len(body), len(data), 5, 0)
            local = b"PK\\x03\\x04" + common + b"a.bin" + body
            entry = b"PK\\x01\\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a.bin"
            return local + entry + struct.pack("<4sHHHHIIH", b"PK\\x05\\x06", 0, 0, 1, 1, len(entry), len(local), 0)

        for level in range(depth):
            if password:
                data = locked(data)
                continue
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive: archive.writestr("a.bin", data)
            data = target.getvalue()
        sys.stdout.buffer.write(data)
        """

    @Test(arguments: [
        ("stream: OK", ClamdReply.clean), ("stream: Win.Test.EICAR_HDB-1 FOUND", .found("Win.Test.EICAR_HDB-1")),
        ("INSTREAM size limit exceeded. ERROR", .tooLong),
        (
            "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND",
            .notWhole("Heuristics.Limits.Exceeded.MaxFileSize")
        ),
        ("stream: Heuristics.Encrypted.Zip FOUND", .notWhole("Heuristics.Encrypted.Zip")),
        ("stream: Can't allocate memory ERROR", .unknown("stream: Can't allocate memory ERROR")),
        ("", .unknown("")), ("stream: OK FOUND OK", .unknown("stream: OK FOUND OK")),
        ("HTTP/1.1 400 Bad Request", .unknown("HTTP/1.1 400 Bad Request")), ("OK", .unknown("OK")),
    ])
    func repliesAreRead(_ text: String, _ reply: ClamdReply) {
        #expect(ClamdReply(Array(text.utf8)) == reply)
    }
}
