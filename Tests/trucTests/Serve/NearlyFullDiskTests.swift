// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

/// A whole hub, its database too, on a disk of its own that nearly fills up. Only root may mount one.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: geteuid() == 0)) struct NearlyFullDiskTests {
    private static let reserve = 96 << 20

    /// A file system in memory, for as long as `body` runs.
    private func withDisk(_ body: (String) async throws -> Void) async throws {
        let directory = try TestCluster.temporaryDirectory()
        try run("/bin/mount", "-t", "tmpfs", "-o", "size=700m,mode=0711", "tmpfs", directory)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(directory)) } catch { outcome = .failure(error) }
        // Also while a process of a failed test still stands in it.
        try run("/bin/umount", "--lazy", directory)
        try outcome.get()
    }

    private func run(_ program: String, _ arguments: String...) throws {
        let process = try Process.run(URL(fileURLWithPath: program), arguments: arguments)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments)")
    }

    private func freeBytes(_ directory: String) throws -> Int {
        var status = statvfs()
        try #require(statvfs(directory, &status) == 0)
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    /// Fills the disk until this much is free.
    private func fill(_ directory: String, leaving bytes: Int) throws {
        let descriptor = open("\(directory)/ballast", O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let length = Int(lseek(descriptor, 0, SEEK_END)) + (try freeBytes(directory)) - bytes
        try #require(posix_fallocate(descriptor, 0, off_t(length)) == 0)
    }

    @Test func `packages are refused before the disk is full, and everything else goes on`() async throws {
        try await withDisk { directory in
            let province = try await Province.open(
                arguments: ["--set", "disk-reserve-bytes=\(Self.reserve)", "--set", "metrics-interval-seconds=1"],
                dataDirectory: directory + "/d")
            let sender = try province.client(Province.construction)
            let from = try Sample.agency(Province.construction)
            // Above the reserve, by more than the database takes at once.
            try fill(directory, leaving: Self.reserve + (48 << 20))
            // What the disk told a moment ago is believed for a second.
            while try await measured(province) > Self.reserve + (48 << 20) {}
            #expect(try await sender.send(try Sample.document("21"), from: from).status == 200)
            // One that would not fit is refused by its head alone.
            let parameters: [VXPParameter] = [
                .from(from), .serviceType(), .messageType(.edoc), .hashFile(HashFile(unpadded: .init(of: []))),
            ]
            let large = try await RawHTTPClient.connect(port: province.hub.port)
            try await large.send(try await sender.head(.sendEdoc, parameters, contentLength: 90 << 20))
            let refused = try await large.receive()
            #expect(refused.status == 507)
            #expect(try refused.reply.code == "hub.storage-full")
            #expect(try await sender.send(try Sample.document("22"), from: from).status == 200)

            try fill(directory, leaving: Self.reserve - (16 << 20))
            var number = 30
            while try await sender.send(try Sample.document("\(number)"), from: from).status == 200 { number += 1 }
            #expect(try await sender.send(try Sample.document("29"), from: from).status == 507)
            let receiver = try province.client(Province.justice)
            let lines = try await receiver.received()
            #expect(lines.count == number - 30 + 2)
            for line in lines {
                #expect(try await !receiver.fetch(line.docId).isEmpty)
                #expect(try await receiver.confirm(line.docId, .done).status == 200)
            }
            #expect(try await receiver.received().isEmpty)
            #expect(try await province.hub.get("/readyz").status == 507)
            #expect(try await province.hub.get("/healthz").status == 200)

            unlink("\(directory)/ballast")
            while try await sender.send(try Sample.document("29"), from: from).status != 200 {}
            #expect(try await receiver.received().count == 1)
            try await province.hub.stop()
        }
    }

    /// The free bytes as the hub knows them.
    private func measured(_ province: Province) async throws -> Int {
        let page = try await province.hub.get("/metrics").text
        let line = try #require(page.firstMatch(of: /\ntruc_content_free_bytes (\d+)\n/))
        return try #require(Int(line.1))
    }
}
