// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import NIOCore
import NIOPosix
import Surfaces

/// Where one run of the demo lives: an address and a data directory of its own.
struct DemoPlace: Sendable {
    let address: ListenAddress
    /// Absolute.
    let directory: String
    /// Whether the directory was made for this run, and goes with it.
    let isTemporary: Bool

    /// Where the demo keeps what the hub does not: its log, the package, the requests.
    var folder: String { directory + "/demo" }
    var log: String { folder + "/hub.log" }
    var requests: String { folder + "/requests" }
    var package: String { folder + "/demo.edxml" }

    /// Finds an address and makes the directories.
    ///
    /// - Parameters:
    ///   - directory: must be absent or empty; nil for a fresh one under `/tmp`, where the path is short enough for the
    ///     database's socket and its user may pass.
    ///   - listen: nil for port 8080 or, when that is taken, any free one.
    static func make(directory: String?, listen: String?) async throws -> DemoPlace {
        let address = try await freeAddress(listen)
        let path = try directory.map(emptyDirectory) ?? temporaryDirectory()
        let place = DemoPlace(address: address, directory: path, isTemporary: directory == nil)
        do {
            // Like the hub itself: the database's user passes through, nobody else may look into what is below.
            try FileManager.default.createDirectory(
                atPath: place.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
            for folder in [place.folder, place.requests] {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw Refusal(.dataDirectoryUnusable, "\(path): \(error.localizedDescription)")
        }
        return place
    }

    /// Removes a temporary directory with all that is in it.
    func remove() {
        // What cannot be removed is a directory under /tmp, which the system clears.
        if isTemporary { try? FileManager.default.removeItem(atPath: directory) }
    }

    private static func emptyDirectory(_ path: String) throws -> String {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
        guard contents?.isEmpty ?? true else {
            throw Refusal(.dataDirectoryUnusable, "\(path) is not empty; the demo begins with an empty directory")
        }
        return path
    }

    private static func temporaryDirectory() throws -> String {
        var template = Array("/tmp/truc-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Refusal(.dataDirectoryUnusable, "cannot make one in /tmp") }
        let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard chmod(path, 0o711) == 0 else { throw Refusal(.dataDirectoryUnusable, "cannot open \(path) for passage") }
        return path
    }

    private static func freeAddress(_ listen: String?) async throws -> ListenAddress {
        let wanted = try listen.map { text throws(Refusal) in
            do { return try ListenAddress(parsing: text) } catch {
                throw Refusal(.settingInvalid, "--listen: \(error)")
            }
        }
        let address = wanted ?? ListenAddress(host: "127.0.0.1", port: 8080)
        // A port that was asked for is taken or refused by the hub itself, with its own words.
        if wanted != nil, address.port != 0 { return address }
        for port in [address.port, 0] {
            guard
                let channel = try? await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: address.host, port: port).get()
            else { continue }
            let found = channel.localAddress?.port
            try await channel.close()
            if let found { return ListenAddress(host: address.host, port: found) }
        }
        throw Refusal(.settingInvalid, "no port is free on \(address.host)")
    }
}
