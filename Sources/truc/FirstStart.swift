// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// What a first start asks whoever sits at the terminal: whether the hub may push into the province's private network.
/// Nothing is pushed there unless somebody has said so, and most endpoints of a province are there.
enum FirstStart {
    /// What is asked about.
    static let network = "10.0.0.0/8"
    static let setting = "push-networks"
    /// Answers that are not understood before it is taken as no.
    static let maxQuestions = 3
    /// How long somebody may think; a start must not wait for a terminal at which nobody sits.
    static let patience: Duration = .seconds(60)
    /// Longest answer, in bytes.
    static let maxAnswer = 512

    /// What somebody has typed.
    enum Answer: Equatable {
        /// Value of the setting; empty for no.
        case networks(String)
        case unclear

        init(_ text: String) {
            let text = text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
                .precomposedStringWithCanonicalMapping
            switch text {
            case "", "n", "no", "k", "không", "khong": self = .networks("")
            case "y", "yes", "c", "có", "co": self = .networks(FirstStart.network)
            default:
                let networks = Settings.addresses(text)
                let isClear = !networks.isEmpty && networks.allSatisfy { (try? NetworkPrefix(parsing: $0)) != nil }
                self = isClear ? .networks(networks.joined(separator: ",")) : .unclear
            }
        }
    }

    /// Whether nobody has said yet, one way or the other, if private networks may be pushed to.
    static func isUndecided(_ loaded: SettingsLoading) -> Bool { loaded.resolution.origin(of: setting) == .default }

    /// For the log and `truc config check`, until somebody has decided.
    static let notice =
        "push: private networks are closed: endpoints at \(network) and the like cannot be reached. "
        + "Set \(setting) = \(network) to open them, or empty to keep them closed"

    /// Asks where a hub is started for the first time, at a terminal, and nobody has decided; writes the answer into the
    /// settings file.
    ///
    /// - Returns: whether there is an answer in the file now. A file that cannot be written keeps nobody from starting: it is
    ///   told, and private networks stay closed.
    static func ask(_ loaded: SettingsLoading) -> Bool {
        let directory = loaded.resolution.settings.directory
        let traces = ["postgresql", "content", "keyring", "truc.lock"].map { "\(directory)/\($0)" }
        guard isUndecided(loaded), isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1,
            !traces.contains(where: FileManager.default.fileExists(atPath:))
        else { return false }
        say(
            """

            Điểm nhận của các cơ quan có nằm trong mạng riêng của tỉnh (10.x) không? Nếu không cho phép, trục chỉ chuyển
            văn bản tới địa chỉ công cộng. Có thể đổi sau bằng \(setting) trong tệp cài đặt.
            Are endpoints of agencies in the province's private network (10.x)? Unless allowed, the hub pushes to public
            addresses only. \(setting) in the settings file changes it later.
            """)
        let end = ContinuousClock.now + patience
        for _ in 0..<maxQuestions {
            say("Cho phép / Allow \(network)? [c/K, y/N, hoặc/or 10.1.0.0/16,172.16.0.0/12] ", newline: false)
            guard let line = line(until: end) else {
                say("")
                return false
            }
            guard case .networks(let networks) = Answer(line) else { continue }
            do throws(Refusal) {
                try write(networks, loaded)
                return true
            } catch {
                say(
                    """
                    Chưa ghi được, mạng riêng vẫn đóng; tự ghi vào tệp cài đặt: \(setting) = \(networks)
                    Not written, private networks stay closed; write it into the settings file: \(setting) = \(networks)
                    \(error.description)
                    """)
                return false
            }
        }
        return false
    }

    /// Adds the setting to the file that was read, or makes the one in the data directory.
    static func write(_ networks: String, _ loaded: SettingsLoading) throws(Refusal) {
        let directory = loaded.resolution.settings.directory
        let path = loaded.file ?? "\(directory)/\(SettingsLoading.fileName)"
        let line =
            "# Answered at the first start: private networks that the hub may push to.\n\(setting) = \(networks)\n"
        do {
            if loaded.file == nil {
                // As `truc serve` makes it.
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
            }
            var text = loaded.file == nil ? "" : try String(contentsOfFile: path, encoding: .utf8)
            if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
            try Data((text + line).utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Refusal(.fileUnwritable, "\(path): \(error.localizedDescription)")
        }
        say("\(setting) = \(networks)   (\(path))")
    }

    private static func say(_ text: String, newline: Bool = true) {
        FileHandle.standardError.write(Data((text + (newline ? "\n" : "")).utf8))
    }

    /// What is typed up to the end of the line; nil when nobody types, or there is no more.
    private static func line(until end: ContinuousClock.Instant) -> String? {
        var bytes: [UInt8] = []
        while bytes.count < maxAnswer {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return nil }
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let ready = poll(&input, 1, Int32(clamping: left.components.seconds * 1_000 + 1))
            if ready < 0, errno == EINTR { continue }
            var byte: UInt8 = 0
            guard ready > 0, read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
