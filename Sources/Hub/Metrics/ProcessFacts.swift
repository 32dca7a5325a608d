// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What the kernel says of this process: what Prometheus's own clients show of theirs.
struct ProcessFacts {
    let residentBytes: Int
    let openFiles: Int
    let maxFiles: Int
    let processorSeconds: Double
    /// Since 1970.
    let startSeconds: Double

    /// Reads `/proc`; nil where there is none.
    static func read() -> ProcessFacts? {
        guard let stat = text("/proc/self/stat"), let boot = bootTime,
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessFacts(
            stat: stat, bootTime: boot, openFiles: files.count, maxFiles: Int(clamping: limit.rlim_cur))
    }

    /// - Parameter stat: the line of proc(5).
    init?(stat: String, bootTime: Double, openFiles: Int, maxFiles: Int) {
        // The second field, the program's name, may hold blanks and parentheses; the third follows the last of them.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let start = Double(fields[19]), let pages = Int(fields[21])
        else { return nil }
        let ticks = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
        processorSeconds = (user + system) / ticks
        startSeconds = bootTime + start / ticks
        self.openFiles = openFiles
        self.maxFiles = maxFiles
    }

    /// When the machine started, in seconds since 1970.
    private static let bootTime: Double? = text("/proc/stat")?.split(separator: "\n")
        .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
