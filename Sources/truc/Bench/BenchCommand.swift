// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the hub on this machine.", subcommands: [Accept.self, Deliver.self])

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure how many packages a second are accepted, durably.",
            discussion: """
                truc bench accept --connections 64
                truc bench accept --large 100MB      one large package, for the memory that it takes
                truc bench accept --size 100MB --connections 50 --packages 50
                                                     fifty of them at once

                Starts a hub with a private database in a directory of its own, which is removed at the end. Packages and
                their signatures are made before the clock starts; each has another document id and another attachment.
                Every answer must be a success, and afterwards each package must stand in the recipient's list. The load
                generator runs on the same machine. Conditions and results of ours: docs/benchmarks.md.
                """)

        static let maxConnections = 1_000
        static let maxPackages = 1_000_000
        /// Largest package that the hub takes, with room for its HTTP head.
        static let maxBytes = 250 << 20

        @Option(help: "Connections, each with one request at a time.") var connections = 16
        @Option(help: "Packages to send.") var packages = 20_000
        @Option(help: ArgumentHelp("Bytes of a package; 100KB, 2MB.", valueName: "size")) var size = ByteSize(100_000)
        @Option(
            help: ArgumentHelp(
                "Send one package of this size and nothing else: for the memory that it takes.", valueName: "size"))
        var large: ByteSize?
        @Option(
            help: ArgumentHelp(
                "A directory on the disk to be measured; the hub's own is made below it and removed.",
                valueName: "dir"))
        var dataDir = "/var/tmp"
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...Self.maxConnections).contains(connections) else {
                throw ValidationError("--connections: 1 to \(Self.maxConnections)")
            }
            guard (1...Self.maxPackages).contains(packages) else {
                throw ValidationError("--packages: 1 to \(Self.maxPackages)")
            }
            guard (BenchPackages.minBytes...Self.maxBytes).contains((large ?? size).bytes) else {
                throw ValidationError("a package has \(BenchPackages.minBytes) to \(Self.maxBytes) bytes here")
            }
        }

        func run() async throws {
            let benchmark = AcceptBenchmark(
                connections: large == nil ? connections : 1, packages: large == nil ? packages : 1,
                warmUp: (large ?? size).bytes <= AcceptBenchmark.maxWarmUpBytes
                    ? min(AcceptBenchmark.maxWarmUp, packages) : 0,
                packageBytes: (large ?? size).bytes,
                parentDirectory: URL(fileURLWithPath: dataDir).standardizedFileURL.path)
            let report = try await benchmark.run()
            if output.json { return try Console.printJSON(report) }
            Console.printTable(report.rows)
        }
    }
}

/// A number of bytes as people write it: `100KB`, `2MB`, `512KiB`, `4096`.
struct ByteSize: ExpressibleByArgument {
    private static let units: [(String, Int)] = [
        ("KIB", 1 << 10), ("MIB", 1 << 20), ("KB", 1_000), ("MB", 1_000_000), ("B", 1), ("", 1),
    ]

    let bytes: Int

    init(_ bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let unit = argument.dropFirst(digits.count).uppercased()
        guard let number = Int(digits), let factor = Self.units.first(where: { $0.0 == unit })?.1 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.init(bytes)
    }

    var defaultValueDescription: String { bytes % 1_000 == 0 ? "\(bytes / 1_000)KB" : "\(bytes)" }
}
