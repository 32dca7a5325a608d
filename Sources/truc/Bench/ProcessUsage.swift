// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What Linux says of processes (proc(5)).
enum ProcessUsage {
    /// Processor time of one process with all its threads, in seconds.
    static func cpuSeconds(_ pid: Int32) -> Double {
        guard let stat = Stat(pid) else { return 0 }
        return stat.own
    }

    /// Processor time of a process, its living children and those that it has waited for, in seconds.
    static func cpuSecondsWithChildren(_ pid: Int32) -> Double {
        guard let parent = Stat(pid) else { return 0 }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let children = entries.lazy.compactMap { Int32($0) }.compactMap(Stat.init).filter { $0.parent == pid }
        return parent.own + parent.reaped + children.reduce(0) { $0 + $1.own + $1.reaped }
    }

    /// Processor time of this process, in seconds.
    static func ownCPUSeconds() -> Double { cpuSeconds(getpid()) }

    /// `VmHWM` or `VmRSS`, in bytes.
    static func memory(_ field: String, of pid: Int32) -> Int {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return 0 }
        let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
    }

    /// Lets the peak (`VmHWM`) begin anew at what the process has now.
    static func resetPeakMemory(of pid: Int32) {
        try? "5".write(toFile: "/proc/\(pid)/clear_refs", atomically: false, encoding: .utf8)
    }

    private struct Stat {
        let parent: Int32
        let own: Double
        let reaped: Double

        init?(_ pid: Int32) {
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                // The name before it may hold anything, brackets and blanks too.
                let end = text.lastIndex(of: ")")
            else { return nil }
            // From the third field on: state, ppid, …; utime, stime, cutime, cstime are the 14th to 17th.
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
            let ticks = fields[11...14].map { Double($0) ?? 0 }
            let perSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
            self.parent = parent
            own = (ticks[0] + ticks[1]) / perSecond
            reaped = (ticks[2] + ticks[3]) / perSecond
        }
    }
}

/// The machine on which something was measured.
struct Machine: Encodable {
    let cores: Int
    let kernel: String
    let processor: String
    let memoryBytes: UInt64
    /// One, five and fifteen minutes, before the measurement.
    let loadAverage: String

    init() {
        var names = utsname()
        uname(&names)
        kernel = withUnsafeBytes(of: &names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryBytes = ProcessInfo.processInfo.physicalMemory
        let cpus = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        processor =
            cpus.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
            .map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        loadAverage = load.split(separator: " ").prefix(3).joined(separator: " ")
    }

    /// Rows of a report's text form.
    var rows: [[String]] {
        [
            ["machine", "\(cores) cores, \(processor), \(memoryBytes >> 20) MiB, Linux \(kernel)"],
            ["load before", loadAverage],
        ]
    }
}

/// The file system of a directory, from the longest mount point above it (proc_mounts(5)).
struct DiskPlace: Encodable {
    let fileSystem: String
    let device: String
    let options: String

    init(of path: String) {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        let best = mounts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count >= 4 && (path + "/").hasPrefix($0[1] == "/" ? "/" : $0[1] + "/") }
            .max { $0[1].utf8.count < $1[1].utf8.count }
        device = best?[0] ?? "unknown"
        fileSystem = best?[2] ?? "unknown"
        options = best?[3] ?? ""
    }
}
