// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

extension BenchCommand {
    struct Deliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure how packages are accepted and carried to endpoints at the same time.",
            discussion: """
                truc bench deliver                              as fast as it goes
                truc bench deliver --rate 500 --packages 30000  500 a second, for a minute
                truc bench deliver --rate 300 --waiting 100000 --silent
                                                                beside an endpoint that never answers
                truc bench deliver --rate 500 --packages 300000 --snapshot
                                                                while a session holds a snapshot

                Starts a hub as `truc bench accept` does, and a receiver in this process that reads each package and answers
                with its receipt. Ends when every package has entered. Conditions and results of ours: docs/benchmarks.md.
                """)

        static let maxRate = 100_000

        @Option(help: "Connections, each with one request at a time.") var connections = 16
        @Option(help: "Packages to send.") var packages = 10_000
        @Option(help: ArgumentHelp("Bytes of a package; 100KB, 2MB.", valueName: "size")) var size = ByteSize(100_000)
        @Option(help: "Packages a second; without it as many as are answered.") var rate: Int?
        @Option(help: "Agencies with an endpoint, which get the packages in turn.") var endpoints = 8
        @Option(help: "Packages that wait for one more agency, which does not pull.") var waiting = 0
        @Flag(help: "That agency has an endpoint, which never answers.") var silent = false
        @Flag(help: "Another session holds a snapshot of the database all the while.") var snapshot = false
        @Option(
            help: ArgumentHelp(
                "A directory on the disk to be measured; the hub's own is made below it and removed.",
                valueName: "dir"))
        var dataDir = "/var/tmp"
        @OptionGroup var output: OutputOptions

        func validate() throws {
            func bound(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws {
                guard range.contains(value) else {
                    throw ValidationError("--\(option): \(range.lowerBound) to \(range.upperBound)")
                }
            }
            try bound("connections", connections, 1...Accept.maxConnections)
            try bound("packages", packages, 1...Accept.maxPackages)
            try bound("waiting", waiting, 0...Accept.maxPackages)
            try bound("endpoints", endpoints, 1...BenchParties.maxRecipients - 1)
            try bound("size", size.bytes, BenchPackages.minBytes...Accept.maxBytes)
            if let rate { try bound("rate", rate, 1...Self.maxRate) }
        }

        func run() async throws {
            let report = try await DeliverBenchmark(
                connections: connections, packages: packages, packageBytes: size.bytes, rate: rate,
                endpoints: endpoints, waiting: waiting, isSilent: silent, holdsSnapshot: snapshot,
                parentDirectory: URL(fileURLWithPath: dataDir).standardizedFileURL.path
            ).run()
            if output.json { return try Console.printJSON(report) }
            Console.printTable(report.rows)
        }
    }
}
