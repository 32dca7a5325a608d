// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store

extension SystemCommand {
    struct RotateSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a system a new secret; the old one is taken beside it for a while.",
            discussion: """
                truc system rotate-secret qlvb.soxd --generate-secret
                truc system rotate-secret qlvb.soxd --secret-file new.txt --old-until 2026-12-04T17:00:00+07:00
                truc system rotate-secret qlvb.soxd --generate-secret --overlap-hours 0   the old one is known to others
                truc system rotate-secret qlvb.soxd --end-overlap                         the agency has changed over

                It holds from the next request. Two secrets at most are valid at a time.
                """)

        /// Longest overlap, in hours.
        static let maxOverlapHours = 90 * 24
        static let defaultOverlapHours = 24

        @Argument(help: "The system's name.") var id: String
        @OptionGroup var source: SecretSource
        @Option(
            help: ArgumentHelp(
                "How long the old secret is still taken; 0 refuses it at once (default: \(defaultOverlapHours)).",
                valueName: "hours"))
        var overlapHours: Int?
        @Option(help: ArgumentHelp("Until when the old secret is taken (ISO 8601).", valueName: "time"))
        var oldUntil: String?
        @Flag(help: "No new secret: the old one ends now.") var endOverlap = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if endOverlap {
                guard source.isEmpty, overlapHours == nil, oldUntil == nil else {
                    throw ValidationError("--end-overlap goes with no other option of the rotation.")
                }
                return
            }
            try source.requireOne()
            guard overlapHours == nil || oldUntil == nil else {
                throw ValidationError("Give either --overlap-hours or --old-until.")
            }
            guard (0...Self.maxOverlapHours).contains(overlapHours ?? 0) else {
                throw ValidationError("--overlap-hours is 0 to \(Self.maxOverlapHours).")
            }
        }

        func run() async throws {
            let id = try Input.read(self.id, SystemID.init(parsing:))
            if endOverlap { return try await end(id) }
            let now = Instant.now()
            let until = try oldSecretEnds(now)
            let secret = try source.make()
            let shown = try await Installation.visit(installation) { database in
                try await database.rotateSecret(
                    of: id, to: secret.bytes, oldUntil: until, actor: Operator.actor, at: now)
                return try await Shown.read(id, from: database, secret: secret.generated)
            }
            if output.json { return try Console.printJSON(shown) }
            print("Đã đổi bí mật của hệ thống \(id).")
            print(
                shown.previousSecretUntil.map { "Bí mật cũ còn được nhận tới (old one taken until) \($0.iso8601)." }
                    ?? "Bí mật cũ không còn được nhận (old one refused from now on).")
            secret.printGenerated()
        }

        private func end(_ id: SystemID) async throws {
            let (ended, shown) = try await Installation.visit(installation) { database in
                let ended = try await database.endSecretOverlap(of: id, actor: Operator.actor, at: .now())
                return (ended, try await Shown.read(id, from: database))
            }
            if output.json { return try Console.printJSON(shown) }
            print(
                ended
                    ? "Bí mật cũ của hệ thống \(id) không còn được nhận."
                    : "Hệ thống \(id) không có bí mật cũ nào còn hiệu lực.")
        }

        private func oldSecretEnds(_ now: Instant) throws(Refusal) -> Instant {
            guard let oldUntil else {
                return now.advanced(by: .seconds(3_600 * (overlapHours ?? Self.defaultOverlapHours)))
            }
            let until = try Input.read(oldUntil) { text throws(ParsingProblem) in try Instant(iso8601: text) }
            let longest = now.advanced(by: .seconds(3_600 * Self.maxOverlapHours))
            guard until > now, until <= longest else {
                throw Refusal(.registryInvalid, "--old-until: after now, at most \(Self.maxOverlapHours) hours ahead")
            }
            return until
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse a system's calls from the next one on. What waits for it stays where it is.")
        @Argument(help: "The system's name.") var id: String
        @Option(help: "Why, for the history.") var reason: String?
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await SystemCommand.setDisabled(
                true, id, reason: try reason.map { try Input.text($0, "--reason") }, installation, output)
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a disabled system's calls again.")
        @Argument(help: "The system's name.") var id: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await SystemCommand.setDisabled(false, id, reason: nil, installation, output)
        }
    }

    private static func setDisabled(
        _ isDisabled: Bool, _ id: String, reason: String?, _ installation: InstallationOptions,
        _ output: OutputOptions
    ) async throws {
        let id = try Input.read(id, SystemID.init(parsing:))
        let (changed, shown) = try await Installation.visit(installation) { database in
            let changed = try await database.setDisabled(
                isDisabled, system: id, reason: reason, actor: Operator.actor, at: .now())
            return (changed, try await Shown.read(id, from: database))
        }
        if output.json { return try Console.printJSON(shown) }
        switch (isDisabled, changed) {
        case (true, true): print("Từ bây giờ mọi lời gọi của hệ thống \(id) bị từ chối.")
        case (false, true): print("Hệ thống \(id) được phục vụ trở lại.")
        case (true, false): print("Hệ thống \(id) đã bị khóa từ trước.")
        case (false, false): print("Hệ thống \(id) không bị khóa.")
        }
    }
}
