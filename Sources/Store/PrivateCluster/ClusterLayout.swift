// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// Where the private PostgreSQL keeps its things below the hub's data directory.
struct ClusterLayout: Sendable, Equatable {
    /// Longest path of a Unix socket in bytes: `sun_path` has 108, the last for the terminator (unix(7)).
    static let maxSocketPathBytes = 107
    /// PostgreSQL names its socket after the port, though no port is open.
    static let port = 5432
    /// Of the data directory's lock.
    static let lockName = "truc.lock"

    /// Absolute, without links.
    let dataDirectory: String

    /// - Throws: `Refusal(.dataDirectoryUnusable)` when the directory cannot be made, or its path cannot hold a socket
    ///   that libpq finds.
    init(dataDirectory: String) throws(Refusal) {
        guard !dataDirectory.isEmpty, !dataDirectory.utf8.contains(0) else {
            throw Refusal(.dataDirectoryUnusable, "the path is empty or has the character U+0000")
        }
        // Others may pass through but not list: the server may run as another user (docs of `ServerUser`).
        do {
            try FileManager.default.createDirectory(
                atPath: dataDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        } catch {
            throw Refusal(.dataDirectoryUnusable, "\(dataDirectory) cannot be made: \(Self.reason(error))")
        }
        guard let resolved = realpath(dataDirectory, nil) else {
            throw Refusal(.dataDirectoryUnusable, "\(dataDirectory): \(systemMessage())")
        }
        defer { free(resolved) }
        self.dataDirectory = String(cString: resolved)
        // libpq reads a host with a comma as a list of hosts.
        guard !self.dataDirectory.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 < 0x20 }) else {
            throw Refusal(
                .dataDirectoryUnusable, "\(self.dataDirectory) has a comma or a control character in its path")
        }
        let length = socket.utf8.count
        guard length <= Self.maxSocketPathBytes else {
            let spare = Self.maxSocketPathBytes - (length - self.dataDirectory.utf8.count)
            throw Refusal(
                .dataDirectoryUnusable,
                "the path of the database's socket would have \(length) bytes where the system allows "
                    + "\(Self.maxSocketPathBytes): the data directory's path may have \(spare) bytes, not "
                    + "\(self.dataDirectory.utf8.count)")
        }
    }

    /// Belongs to the user that the server runs as; nobody else may enter. Holds the socket.
    var cluster: String { dataDirectory + "/postgresql" }
    /// PostgreSQL's own directory (`PGDATA`).
    var database: String { cluster + "/data" }
    /// Where `initdb` works, so that an interrupted one leaves no half of a database behind under the real name.
    var unfinished: String { cluster + "/data.new" }
    /// Seven files, one for each day of the week, each overwritten a week later.
    var logs: String { cluster + "/log" }
    /// What the server says before its log files are open; begun anew at each start.
    var startLog: String { cluster + "/start.log" }
    var socket: String { cluster + "/.s.PGSQL.\(Self.port)" }
    var socketLockFile: String { socket + ".lock" }
    var pidFile: String { database + "/postmaster.pid" }
    var versionFile: String { database + "/PG_VERSION" }
    /// Held by the process that starts, stops or serves.
    var lockFile: String { dataDirectory + "/" + Self.lockName }
    /// Shared by all visitors; who can have it alone is the last of them.
    var visitorsFile: String { dataDirectory + "/visitors.lock" }

    func connectionString(user: String, database: String) -> String {
        func quoted(_ text: String) -> String {
            "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        }
        return "host=\(quoted(cluster)) port=\(Self.port) user=\(quoted(user)) dbname=\(quoted(database))"
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return (underlying ?? error as NSError).localizedDescription
    }
}

/// What the C library says about `errno`.
func systemMessage(_ code: Int32 = errno) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    return strerror_r(code, &buffer, buffer.count) == 0
        ? String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : "error \(code)"
}
