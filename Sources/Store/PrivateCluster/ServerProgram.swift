// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL
import Exchange
import Foundation

/// The installed PostgreSQL.
struct ServerProgram: Sendable {
    /// Names a directory with `postgres` and `initdb` to use instead of the search.
    static let environmentName = "TRUC_POSTGRES_BIN"
    /// Where Debian installs servers, one directory for each major version.
    static let searchDirectory = "/usr/lib/postgresql"

    /// Holds `postgres` and `initdb`.
    let directory: String

    /// Finds the server: the major version that made the cluster, or the highest for a new one.
    ///
    /// - Parameter version: content of the cluster's `PG_VERSION`; nil for a new cluster.
    /// - Throws: `Refusal(.postgresNotFound)`.
    static func find(
        version: String?, environment: [String: String], searchDirectory: String = Self.searchDirectory
    ) throws(Refusal) -> ServerProgram {
        if let directory = environment[environmentName] {
            guard let program = ServerProgram(in: directory) else {
                throw Refusal(.postgresNotFound, "\(environmentName)=\(directory) has no postgres and initdb")
            }
            return program
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: searchDirectory)) ?? []
        let versions = names.compactMap(Int.init).filter { version == nil || String($0) == version }.sorted(by: >)
        for number in versions {
            if let program = ServerProgram(in: "\(searchDirectory)/\(number)/bin") { return program }
        }
        guard let version else { throw Refusal(.postgresNotFound, "nothing under \(searchDirectory)") }
        throw Refusal(.postgresNotFound, "the database was made by PostgreSQL \(version), which is not installed here")
    }

    private init?(in directory: String) {
        for name in ["postgres", "initdb"] where access("\(directory)/\(name)", X_OK) != 0 { return nil }
        self.directory = directory
    }

    var postgres: String { directory + "/postgres" }
    var initdb: String { directory + "/initdb" }
}

/// The user that the server runs as. PostgreSQL refuses to run as root.
enum ServerUser: Equatable, Sendable {
    /// We are not root: our own user.
    case own
    /// We are root: this one, through setpriv(1).
    case other(uid: UInt32, gid: UInt32, name: String)

    static let setpriv = "/usr/bin/setpriv"
    /// Users to become, in order of preference.
    private static let candidates = ["postgres", "nobody"]

    /// - Parameter database: an existing cluster's directory belongs to the user that made it, and stays so.
    /// - Throws: `Refusal(.postgresFailed)` when we are root and there is nobody to become, `.dataDirectoryUnusable`
    ///   when the cluster is another user's.
    static func find(database: String) throws(Refusal) -> ServerUser {
        var status = stat()
        let exists = stat(database, &status) == 0
        guard geteuid() == 0 else {
            if exists, status.st_uid != geteuid() {
                throw Refusal(
                    .dataDirectoryUnusable, "\(database) belongs to user \(status.st_uid), not to \(geteuid())")
            }
            return .own
        }
        guard access(setpriv, X_OK) == 0 else {
            throw Refusal(
                .postgresFailed, "\(setpriv) (package util-linux) is missing; it is needed when started as root")
        }
        if exists {
            guard status.st_uid != 0 else { throw Refusal(.dataDirectoryUnusable, "\(database) belongs to root") }
            return .other(uid: status.st_uid, gid: status.st_gid, name: "user \(status.st_uid)")
        }
        for name in candidates {
            if let entry = getpwnam(name) {
                return .other(uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid, name: name)
            }
        }
        throw Refusal(.postgresFailed, "started as root and there is no user postgres or nobody to run the server as")
    }

    /// The command that runs `command` as this user; it keeps the process id.
    func running(_ command: [String]) -> [String] {
        switch self {
        case .own: command
        case .other(let uid, let gid, _):
            [Self.setpriv, "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--"] + command
        }
    }

    /// Gives a file or directory to this user.
    func own(_ path: String) throws(Refusal) {
        guard case .other(let uid, let gid, _) = self else { return }
        guard lchown(path, uid, gid) == 0 else {
            throw Refusal(.dataDirectoryUnusable, "\(path) cannot be given to user \(uid): \(systemMessage())")
        }
    }

    /// Tells the first directory on the way to `path` that this user may not pass through.
    ///
    /// - Throws: `Refusal(.dataDirectoryUnusable)`, `.postgresFailed` when the question cannot be asked.
    func requirePassage(to path: String) throws(Refusal) {
        guard case .other(_, _, let name) = self, try !mayEnter(path) else { return }
        var way = ""
        for part in path.split(separator: "/") {
            way += "/\(part)"
            if try !mayEnter(way) {
                throw Refusal(
                    .dataDirectoryUnusable,
                    "PostgreSQL runs as \(name), who may not pass through \(way); allow it (chmod o+x \(way)) "
                        + "or choose a data directory elsewhere")
            }
        }
    }

    private func mayEnter(_ path: String) throws(Refusal) -> Bool {
        try ServerProcess.runToEnd(running(["/usr/bin/test", "-x", path]), outputTo: "/dev/null", of: .own) == 0
    }
}
