// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

@testable import truc

@Suite(.timeLimit(.minutes(5))) struct BenchTests {
    @Test(arguments: [9_000, 10_001, 100_000, 1_500_000])
    func `each package is a lawful one of its own, as long as asked`(bytes: Int) async throws {
        let parties = try BenchParties(recipients: 1)
        let packages = try await BenchPackages.prepare(
            count: 5, bytes: bytes, first: 7, parties: parties, address: "127.0.0.1:1")
        #expect((bytes - 3...bytes).contains(packages.packageBytes))
        var ids: Set<String> = []
        var attachments: Set<SHA256Digest> = []
        for (head, digest) in zip(packages.heads, packages.digests) {
            let request = head + packages.tail
            let end = try #require(Data(request).range(of: Data("\r\n\r\n".utf8))).upperBound
            let body = Array(request[end...])
            #expect(String(decoding: request[..<end], as: UTF8.self).contains("Content-Length: \(body.count)\r\n"))
            #expect(body.suffix(2) == [0x0D, 0x0A])
            let reader = PackageReader()
            reader.feed(body.dropLast(2))
            let reading = reader.finish()
            // Nobody signs them: a signature would be made by the sender, and what it costs the hub is not measured here.
            #expect(reading.findings.allSatisfy { $0.code == .signatureMissing }, "\(reading.findings)")
            #expect(reading.verdict == .acceptWithWarnings)
            #expect(reading.digest == digest)
            #expect(reading.size == packages.packageBytes)
            ids.insert(try #require(reading.header).documentID.text)
            let attachment = try #require(reading.attachments.first)
            #expect(attachment.detectedType == .pdf)
            attachments.insert(attachment.sha256)
        }
        #expect(ids.count == 5)
        #expect(attachments.count == 5)
    }

    @Test(arguments: [
        ("100KB", 100_000), ("2MB", 2_000_000), ("512KiB", 524_288), ("4096", 4_096), ("7b", 7),
    ])
    func `a size is read as people write it`(text: String, bytes: Int) {
        #expect(ByteSize(argument: text)?.bytes == bytes)
    }

    @Test(arguments: ["", "KB", "-1", "1.5MB", "10 KB", "10GB", "99999999999999999999", "9999999999999999MB"])
    func `what is no size is none`(text: String) { #expect(ByteSize(argument: text) == nil) }

    @Test func `an answer counts only as a whole success`() throws {
        let id = PackageID().description
        let body = #"{"DocId":"\#(id)","status":"OK","ErrorCode":"0","ErrorDesc":""}"#
        func answer(_ status: String, _ body: String, length: Int? = nil) -> [UInt8] {
            Array("HTTP/1.1 \(status)\r\nContent-Length: \(length ?? body.utf8.count)\r\n\r\n\(body)".utf8)
        }
        func read(_ bytes: [UInt8]) throws -> String {
            try bytes.withUnsafeBytes { String(decoding: try Answer.docID($0), as: UTF8.self) }
        }
        let good = answer("200 OK", body)
        for count in 0..<good.count {
            #expect(try good.prefix(count).withUnsafeBytes { try Answer.isWhole($0) } == false)
        }
        #expect(try good.withUnsafeBytes { try Answer.isWhole($0) })
        #expect(try read(good) == id)
        for bad in [
            answer("500 Internal Server Error", body), answer("200 OK", body.replacing(#""0""#, with: #""5""#)),
            answer("200 OK", #"{"status":"OK","ErrorCode":"0"}"#), answer("200 OK", #"{"ErrorCode":"0","DocId":"1"#),
        ] {
            #expect(throws: Refusal.self) { try read(bad) }
        }
    }

    @Test func `a small measurement holds from end to end`() async throws {
        let outcome = try await CommandOutcome.run([
            "bench", "accept", "--packages", "40", "--connections", "4", "--size", "20KB", "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(report["verified"] as? Int == 80)
        #expect((report["packagesPerSecond"] as? Double ?? 0) > 0)
        #expect((report["walBytesPerPackage"] as? Int ?? 0) > 0)
        let settings = (report["conditions"] as? [String: Any])?["postgresSettings"] as? [String: String]
        #expect(settings?["fsync"] == "on" && settings?["synchronous_commit"] == "on")
    }

    @Test func `packages go through while one endpoint is silent, and every one has entered`() async throws {
        let outcome = try await CommandOutcome.run([
            "bench", "deliver", "--packages", "40", "--connections", "4", "--size", "20KB", "--endpoints", "3",
            "--waiting",
            "20", "--silent", "--snapshot", "--rate", "100", "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let windows = try #require(report["windows"] as? [[String: Any]])
        #expect(windows.reduce(0) { $0 + ($1["packages"] as? Int ?? 0) } == 40)
        #expect((report["enteredPerSecond"] as? Double ?? 0) > 0)
        #expect((report["claimP95"] as? Double ?? 0) > 0)
    }

    @Test func `what lies within a bucket is told by its place in it`() throws {
        let text = """
            # TYPE t histogram
            t_bucket{le="0.01"} 10
            t_bucket{le="0.02"} 30
            t_bucket{le="+Inf"} 40
            t_sum 1
            t_count 40
            """
        let histogram = try #require(MeasuredHistogram("t", in: text))
        #expect(histogram.quantile(0.25) == 0.01)
        #expect(abs(histogram.quantile(0.5) - 0.015) < 1e-9)
        #expect(histogram.quantile(0.9) == .infinity)
        #expect(MeasuredHistogram("other", in: text) == nil)
        #expect(MeasuredHistogram("t", in: text.replacing("40", with: "0")) == nil)
    }
}
