// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// `/metrics` of a running hub, read as Prometheus reads it.
@Suite(.serialized, .timeLimit(.minutes(3))) struct MetricsTests {
    /// A page: value by name and labels, as they are written.
    private struct Page {
        let samples: [String: Double]

        /// - Throws: when a line is none of the format's, or a sample has no type above it.
        init(parsing text: String) throws {
            var samples: [String: Double] = [:]
            var types: [String: String] = [:]
            for line in text.split(separator: "\n") {
                if let type = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                    types[String(type.1)] = String(type.2)
                } else if line.wholeMatch(of: /# HELP [a-z_]+ .+/) == nil {
                    let sample = try #require(
                        line.wholeMatch(of: /(([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{[^}]*\})?) ([-+.0-9eInfNa]+)/),
                        "\(line)")
                    let name = String(sample.1.prefix { $0 != "{" })
                    #expect(types[name] ?? types[String(sample.2)] != nil, "\(line)")
                    #expect(samples.updateValue(try #require(Double(sample.3)), forKey: String(sample.1)) == nil)
                }
            }
            self.samples = samples
        }

        subscript(_ name: String) -> Double? { samples[name] }
    }

    private func page(_ hub: HubProcess) async throws -> Page {
        let answer = try await hub.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        return try Page(parsing: answer.text)
    }

    /// Asks until the database was read again.
    private func page(_ hub: HubProcess, until isReached: (Page) -> Bool) async throws -> Page {
        while true {
            let page = try await page(hub)
            if isReached(page) { return page }
        }
    }

    @Test func `what happens is counted, and what waits is told`() async throws {
        let province = try await Province.open(arguments: ["--set", "metrics-interval-seconds=1"])
        let hub = province.hub
        let sender = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        let package = try Sample.document("31")
        for _ in 0..<2 { #expect(try await sender.send(package, from: from).status == 200) }
        let forged = try province.client(Province.health, secret: "sai")
        for _ in 0..<3 { #expect(try await forged.call(.getAgenciesList).status == 401) }

        let waiting = try await page(hub) { $0[#"truc_backlog_deliveries{age="1m"}"#] == 1 }
        #expect(waiting[#"truc_accepted_packages_total{result="new"}"#] == 1)
        #expect(waiting[#"truc_accepted_packages_total{result="repeated"}"#] == 1)
        #expect(waiting["truc_accepted_bytes_total"] == Double(package.count))
        #expect(waiting[#"truc_refusals_total{code="auth.signature-invalid"}"#] == 3)
        #expect(waiting[#"truc_refusals_total{code="hub.internal-error"}"#] == 0)
        #expect(try #require(waiting["truc_commit_batch_packages_count"]) >= 1)
        #expect(waiting["truc_commit_batch_packages_sum"] == waiting["truc_commit_duration_seconds_count"])
        #expect(try #require(waiting["truc_content_sync_duration_seconds_count"]) >= 1)
        #expect(try #require(waiting["truc_database_pool_wait_seconds_count"]) >= 1)
        #expect(try #require(waiting["truc_http_connections"]) >= 1)
        #expect(try #require(waiting["truc_wal_position_bytes"]) > 0)
        #expect(waiting["truc_wal_retained_bytes"] == 0)
        #expect(waiting["truc_clock_synchronised"] != nil)
        #expect(abs(try #require(waiting["truc_clock_database_offset_seconds"])) < 5)
        #expect(try #require(waiting["process_resident_memory_bytes"]) > 1_000_000)
        let oldest = #"truc_oldest_undelivered_timestamp_seconds{agency="\#(Province.justice)"}"#
        let since = try #require(waiting[oldest])
        #expect(abs(Date().timeIntervalSince1970 - since) < 120)

        let receiver = try province.client(Province.justice)
        let line = try #require(try await receiver.received().first)
        for _ in 0..<2 { #expect(try await receiver.confirm(line.docId, .done).status == 200) }
        let done = try await page(hub) { $0[#"truc_backlog_deliveries{age="1m"}"#] == 0 }
        #expect(done[#"truc_confirmations_total{outcome="delivered"}"#] == 1)
        #expect(done[oldest] == nil)
        try await province.hub.stop()
    }

    @Test func `a scrape asks the database nothing`() async throws {
        let province = try await Province.open(arguments: ["--set", "metrics-interval-seconds=3600"])
        let name = "truc_database_reading_timestamp_seconds"
        let first = try await page(province.hub) { $0[name] != nil }
        #expect(
            try await province.client(Province.construction).send(
                try Sample.document("32"), from: try Sample.agency(Province.construction)
            ).status == 200)
        for _ in 0..<20 { #expect(try await page(province.hub)[name] == first[name]) }
        #expect(try await page(province.hub)[#"truc_backlog_deliveries{age="1m"}"#] == 0)
        try await province.hub.stop()
    }

    @Test func `only readers of the setting, and nobody through a proxy`() async throws {
        let founded = try await Province.open()
        for field in ["X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=192.0.2.1\r\n", "Via: 1.1 proxy\r\n"] {
            let refused = try await founded.hub.get("/metrics", field)
            #expect(refused.status == 403)
            #expect(try refused.reply.code == "request.metrics-not-allowed")
        }
        #expect(try await founded.hub.get("/metrics").status == 200)
        try await founded.hub.stop()
        let closed = try await founded.restarted("--set", "metrics-readers=192.0.2.7")
        #expect(try await closed.hub.get("/metrics").status == 403)
        try await closed.hub.stop()
    }
}
