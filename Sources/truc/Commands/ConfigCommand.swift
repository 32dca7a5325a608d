// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Surfaces

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The settings: what there is, what is in force, whether it can be.",
        discussion: """
            truc config explain                      every setting, its value and where it came from
            truc config explain http-idle-seconds
            truc config check /etc/truc/truc.conf

            A file (--config, else \(SettingsLoading.fileName) in the data directory) holds one name = value a line. It is
            overruled by environment variables (TRUC_HTTP_IDLE_SECONDS), and these by flags (--set http-idle-seconds=60).
            """,
        subcommands: [Explain.self, Check.self])

    /// A setting as `--json` shows it. The keys are stable.
    struct Shown: Encodable {
        let name: String
        let value: String
        let origin: SettingsResolution.Origin
        let `default`: String
        let unit: String?
        let range: String
        let variable: String
        let effectVi: String
        let effectEn: String
        let needsRestart: Bool

        enum CodingKeys: String, CodingKey {
            case name, value, origin, `default`, unit, range, variable
            case effectVi = "effect_vi"
            case effectEn = "effect_en"
            case needsRestart = "needs_restart"
        }

        init(_ entry: SettingEntry, in resolution: SettingsResolution) {
            name = entry.name
            value = entry.value(in: resolution.settings)
            origin = resolution.origin(of: entry.name)
            `default` = entry.defaultValue
            unit = entry.unit
            range = entry.range
            variable = entry.variable
            effectVi = entry.vietnamese
            effectEn = entry.english
            needsRestart = entry.needsRestart
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell what settings do, their values and where these came from.",
            discussion: """
                truc config explain
                truc config explain listen --data-dir /var/lib/truc
                """)

        @Argument(help: "One setting; without it all of them.") var name: String?
        @Flag(help: "Print docs/settings.md: the catalogue alone, as this program has it.") var markdown = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var further: SettingFlags
        @OptionGroup var output: OutputOptions

        func run() async throws {
            if markdown { return print(SettingsDocument.markdown, terminator: "") }
            let loaded = try installation.resolved(try further.flags())
            let resolution = loaded.resolution
            var entries = Settings.catalogue
            if let name {
                guard let entry = Settings.entry(named: name) else {
                    let nearest = Spelling.nearest(to: name, in: entries.map(\.name))
                    throw Refusal(.settingUnknown, nearest.map { "\(name); did you mean \($0)?" } ?? name)
                }
                entries = [entry]
            }
            let shown = entries.map { Shown($0, in: resolution) }
            if output.json {
                if name != nil, let only = shown.first { return try Console.printJSON(only) }
                return try Console.printJSON(shown)
            }
            for setting in shown { Self.show(setting) }
            for problem in loaded.problems { Console.warn("\(problem) [\(problem.refusal.code.rawValue)]") }
        }

        private static func show(_ setting: Shown) {
            print("\(setting.name) = \(setting.value)   (\(setting.origin.rawValue))")
            print("  \(setting.effectVi)")
            print("  \(setting.effectEn)")
            let unit = setting.unit.map { " \($0)" } ?? ""
            print(
                "  \(setting.range)\(unit); default \(setting.default.isEmpty ? "empty" : setting.default); "
                    + "\(setting.variable); \(setting.needsRestart ? "from the next start" : "without a restart")")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find what would stop a start, without starting.",
            discussion: """
                truc config check /etc/truc/truc.conf

                The environment counts, as it would at a start. Every problem is a line on standard error; the status is
                0 when there is none. What a start would only warn of is told there, too.
                """)

        @Argument(help: "The settings file; without it the one that a start would read.") var path: String?
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var further: SettingFlags

        func run() async throws {
            var options = installation
            if let path { options.config = path }
            let loaded = try options.resolved(try further.flags())
            guard loaded.problems.isEmpty else {
                for problem in loaded.problems { Console.warn("\(problem) [\(problem.refusal.code.rawValue)]") }
                throw ExitCode(Console.operatorStatus)
            }
            try StartCheck.run(loaded.resolution.settings)
            _ = try await PushRules.courier(loaded.resolution.settings)
            if FirstStart.isUndecided(loaded) { Console.warn(FirstStart.notice) }
            print("\(loaded.file ?? "no file"): ok")
        }
    }
}

/// What a start would refuse beside values out of range.
enum StartCheck {
    /// - Returns: what the hub serves with; nil for plain HTTP.
    /// - Throws: `Refusal`.
    @discardableResult
    static func run(_ settings: Settings) throws(Refusal) -> TLSGuard? {
        do { _ = try AgencyID(parsing: settings.hubID) } catch { throw Refusal(.settingInvalid, "hub-id: \(error)") }
        _ = try DatabaseSource.url(settings)
        guard let files = try TLSFiles(settings) else {
            guard settings.listen.isLoopback || settings.allowPlainHTTPBeyondLoopback else {
                throw Refusal(.plainHTTPExposed, "listen = \(settings.listen)")
            }
            return nil
        }
        return try TLSGuard(
            files, handshakeTime: .seconds(settings.tlsHandshakeSeconds), warnDays: settings.tlsWarnDays)
    }
}

/// docs/settings.md, made from the catalogue so that the two cannot differ.
enum SettingsDocument {
    static var markdown: String {
        var lines = [preface, "", "| setting | default | range | effect |", "|---|---|---|---|"]
        for entry in Settings.catalogue {
            let unit = entry.unit.map { " \($0)" } ?? ""
            let value = entry.defaultValue.isEmpty ? "empty" : "`\(entry.defaultValue)`"
            let change = entry.needsRestart ? "" : "<br>A change holds without a restart."
            lines.append(
                "| `\(entry.name)`<br>`\(entry.variable)` | \(value) | \(entry.range)\(unit) "
                    + "| \(entry.vietnamese)<br>\(entry.english)\(change) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let preface = """
        # Settings

        <!-- Written by `truc config explain --markdown`; a test compares. Do not edit by hand. -->

        Everything that an operator may set, and nothing that is a secret: a setting names the file that holds one. There are
        at most \(Settings.maxEntries). A change holds from the next start on, unless it is said otherwise.

        The **file** is `\(SettingsLoading.fileName)` in the data directory, or the one that `--config` names: one
        `name = value` a line; `#` begins a comment line; the value is all that follows the `=`, without quotes. The
        **environment** (`TRUC_…`) goes before the file, and **flags** go before both: `--data-dir`, `--listen`, `--hub-id`,
        `--hub-name`, and `--set name=value` for any. Every command reads the same settings.

        A name that does not exist and a value out of range stop the start, with the nearest name or with the range.
        `truc config check [FILE]` finds both without starting; `truc config explain [NAME]` shows what is in force and
        where it came from.

        `TRUC_DATABASE_URL` is no setting but goes before `database-url-file`.
        """
}
