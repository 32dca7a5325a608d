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

    @Test(arguments: [
        ("stream: OK", ClamdReply.clean), ("stream: Win.Test.EICAR_HDB-1 FOUND", .found("Win.Test.EICAR_HDB-1")),
        ("INSTREAM size limit exceeded. ERROR", .tooLong),
        (
            "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND",
            .notWhole("Heuristics.Limits.Exceeded.MaxFileSize")
        ),
        ("stream: Can't allocate memory ERROR", .unknown("stream: Can't allocate memory ERROR")),
        ("", .unknown("")), ("stream: OK FOUND OK", .unknown("stream: OK FOUND OK")),
        ("HTTP/1.1 400 Bad Request", .unknown("HTTP/1.1 400 Bad Request")), ("OK", .unknown("OK")),
    ])
    func repliesAreRead(_ text: String, _ reply: ClamdReply) {
        #expect(ClamdReply(Array(text.utf8)) == reply)
    }
}
