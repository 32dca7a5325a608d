// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import Trust

/// The settings as found on this machine: which file, what it and the environment say.
struct SettingsLoading {
    /// Looked for in the data directory.
    static let fileName = "truc.conf"

    /// The file that was read; nil where there is none.
    let file: String?
    let resolution: SettingsResolution
    /// All that is wrong, in the order met.
    let problems: [SettingProblem]

    /// - Parameters:
    ///   - configFile: nil to look into the data directory.
    ///   - flags: in the order given; a later one wins.
    /// - Throws: `Refusal(.fileUnreadable)` when the file is there and cannot be read.
    init(
        configFile: String?, environment: [String: String], flags: [(name: String, value: String)]
    ) throws(Refusal) {
        if let configFile {
            file = configFile
            resolution = SettingsResolution(
                file: try Self.read(configFile), environment: environment, flags: flags)
            problems = resolution.problems
            return
        }
        // The directory must be known before the file that lies in it.
        let directory = SettingsResolution(file: nil, environment: environment, flags: flags).settings.directory
        let path = directory + "/" + Self.fileName
        let found = FileManager.default.fileExists(atPath: path) ? try Self.read(path) : nil
        file = found == nil ? nil : path
        resolution = SettingsResolution(file: found, environment: environment, flags: flags)
        problems =
            found?.lines.contains { $0.name == "data-dir" } == true
            ? [SettingProblem(.invalid, "data-dir cannot stand in \(path), which is looked for by it; use --config")]
                + resolution.problems
            : resolution.problems
    }

    /// - Throws: `Refusal` with the first problem, and how many more there are.
    func checked() throws(Refusal) -> Settings {
        guard let first = problems.first else { return resolution.settings }
        guard problems.count > 1 else { throw first.refusal }
        throw Refusal(first.refusal.code, "\(first) (and \(problems.count - 1) more: truc config check)")
    }

    /// For a hub of one's own, beside the one that the environment describes.
    static func withoutSettings(_ environment: [String: String]) -> [String: String] {
        let names = Set(Settings.catalogue.map(\.variable) + [DatabaseSource.variable])
        return environment.filter { !names.contains($0.key) }
    }

    private static func read(_ path: String) throws(Refusal) -> SettingsFile {
        guard let handle = FileHandle(forReadingAtPath: path),
            // An empty file says nothing, and can be read.
            let data = try? handle.read(upToCount: SettingsFile.maxBytes + 1) ?? Data()
        else { throw Refusal(.fileUnreadable, path) }
        return SettingsFile(parsing: Array(data))
    }
}

extension Settings {
    /// The data directory, absolute, without a trailing slash.
    var directory: String { URL(fileURLWithPath: dataDirectory).standardizedFileURL.path }

    /// Of the wrapping keys, absolute.
    var keyFilePath: String {
        keyFile.isEmpty ? directory + "/keyring" : URL(fileURLWithPath: keyFile).standardizedFileURL.path
    }
}

/// Which database the hub uses.
enum DatabaseSource {
    /// Not a setting: a URL may hold a password.
    static let variable = "TRUC_DATABASE_URL"

    /// The URL of a database that is not the hub's own: the variable's, else the file's; nil for the private one.
    ///
    /// - Throws: `Refusal(.settingInvalid)` when it cannot be read as a connection string, which it never quotes.
    static func url(_ settings: Settings) throws(Refusal) -> String? {
        if let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty {
            return try checked(url, from: variable)
        }
        guard !settings.databaseURLFile.isEmpty else { return nil }
        do {
            let text = String(decoding: try PrivateFile.read(settings.databaseURLFile), as: UTF8.self)
            return try checked(
                text.trimmingCharacters(in: .whitespacesAndNewlines), from: settings.databaseURLFile)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.settingInvalid, "database-url-file: \(error)")
        }
    }

    private static func checked(_ url: String, from source: String) throws(Refusal) -> String {
        guard PostgresConnection.canRead(url) else {
            throw Refusal(.settingInvalid, "\(source) is no PostgreSQL URL or connection string")
        }
        return url
    }
}
