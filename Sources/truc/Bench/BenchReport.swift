// SPDX-License-Identifier: Apache-2.0
import Store

/// What a measurement found: stable names, for scripts. Durations in milliseconds, sizes in bytes.
struct BenchReport: Encodable {
    struct Conditions: Encodable {
        let machine: Machine
        let disk: DiskPlace
        let postgresVersion: String
        let postgresSettings: [String: String]
        let connections: Int
        let packages: Int
        let warmUpPackages: Int
        let packageBytes: Int
    }

    struct Latency: Encodable {
        let p50: Double
        let p90: Double
        let p99: Double
        let max: Double

        /// - Parameter sorted: nanoseconds, ascending, not empty.
        init(sorted: [UInt64]) {
            precondition(!sorted.isEmpty, "nothing was measured")
            func quantile(_ part: Double) -> Double {
                let index = min(sorted.count - 1, Int((part * Double(sorted.count)).rounded(.up)) - 1)
                return Double(sorted[Swift.max(0, index)]) / 1e6
            }
            (p50, p90, p99, max) = (quantile(0.5), quantile(0.9), quantile(0.99), quantile(1))
        }

        var text: String {
            "p50 \(decimal(p50, 1)) ms, p90 \(decimal(p90, 1)) ms, p99 \(decimal(p99, 1)) ms, max \(decimal(max, 1)) ms"
        }
    }

    /// Processor time used from the first package to the last answer, in seconds.
    struct Processor: Encodable {
        let generator: Double
        let hub: Double
        let postgres: Double

        func rows(packages: Int) -> [[String]] {
            [("generator", generator), ("hub", hub), ("PostgreSQL", postgres)].map { name, seconds in
                let each = decimal(seconds * 1e6 / Double(packages), 0)
                return ["CPU \(name)", "\(decimal(seconds, 2)) s (\(each) µs a package)"]
            }
        }
    }

    struct Memory: Encodable {
        /// Before the first package.
        let hubIdle: Int
        /// Highest while packages were taken (VmHWM).
        let hubPeak: Int
        let hubGrowth: Int
    }

    /// Packages in one committed transaction.
    struct Batches: Encodable {
        let transactions: Int
        let mean: Double
        let p50: Int
        let max: Int

        /// - Parameter sizes: not empty.
        init(_ sizes: [Int64]) {
            let sorted = sizes.sorted()
            transactions = sorted.count
            mean = Double(sorted.reduce(0, +)) / Double(sorted.count)
            p50 = Int(sorted[sorted.count / 2])
            max = Int(sorted[sorted.count - 1])
        }
    }

    let conditions: Conditions
    let seconds: Double
    let packagesPerSecond: Double
    let megabytesPerSecond: Double
    let latency: Latency
    let processor: Processor
    let memory: Memory
    let walBytesPerPackage: Int
    let batches: Batches
    /// Packages found in the recipient's list and among what the sender has sent, each with the `DocId` of its answer.
    let verified: Int

    /// Rows of the text form.
    var rows: [[String]] {
        let settings = conditions.postgresSettings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return conditions.machine.rows + [
            ["disk", "\(conditions.disk.device) \(conditions.disk.fileSystem) \(conditions.disk.options)"],
            ["PostgreSQL", conditions.postgresVersion],
            ["", settings.joined(separator: ", ")],
            [
                "load",
                "\(conditions.packages) packages of \(conditions.packageBytes) bytes over \(conditions.connections) "
                    + "connections, after \(conditions.warmUpPackages) to warm up",
            ],
            [],
            [
                "accepted",
                "\(decimal(packagesPerSecond, 0)) packages/s, \(decimal(megabytesPerSecond, 1)) MB/s, "
                    + "in \(decimal(seconds, 2)) s",
            ],
            ["latency", latency.text],
        ] + processor.rows(packages: conditions.packages) + [
            [
                "memory of the hub",
                "idle \(decimal(Double(memory.hubIdle) / 1_048_576, 1)) MiB, "
                    + "peak \(decimal(Double(memory.hubPeak) / 1_048_576, 1)) MiB, "
                    + "growth \(decimal(Double(memory.hubGrowth) / 1_048_576, 1)) MiB",
            ],
            ["WAL", "\(walBytesPerPackage) bytes a package"],
            [
                "commits",
                "\(batches.transactions), packages in one: mean \(decimal(batches.mean, 1)), p50 \(batches.p50), "
                    + "max \(batches.max)",
            ],
            ["verified", "\(verified) packages stand in the recipient's list and the sender's"],
        ]
    }

}

/// A number as a table shows it.
func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? String(Int(rounded)) : String(rounded)
}
