// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Trust

/// Where a system's new secret comes from.
struct SecretSource: ParsableArguments {
    /// Shortest secret taken from a file, in bytes.
    static let minBytes = 16
    /// Longest secret, in bytes.
    static let maxBytes = 1_024
    /// Random bytes of a generated secret, which is their hexadecimal text.
    static let generatedBytes = 32

    @Option(help: ArgumentHelp("File that holds the secret.", valueName: "file")) var secretFile: String?
    @Flag(help: "Make a secret and print it once.") var generateSecret = false

    var isEmpty: Bool { secretFile == nil && !generateSecret }

    /// For `validate`.
    func requireOne() throws {
        guard (secretFile != nil) != generateSecret else {
            throw ValidationError("Give either --secret-file or --generate-secret.")
        }
    }

    struct Secret {
        let bytes: [UInt8]
        /// To be shown once; nil for one from a file.
        let generated: String?

        func printGenerated() {
            guard let generated else { return }
            print("Khóa bí mật, chỉ hiện một lần (shown once):")
            print(generated)
        }
    }

    func make() throws(Refusal) -> Secret {
        guard generateSecret else { return Secret(bytes: try fromFile(), generated: nil) }
        let text = SecureRandom.bytes(Self.generatedBytes).hex
        return Secret(bytes: Array(text.utf8), generated: text)
    }

    private func fromFile() throws(Refusal) -> [UInt8] {
        guard let secretFile, let data = FileManager.default.contents(atPath: secretFile) else {
            throw Refusal(.fileUnreadable, "--secret-file \(secretFile ?? "")")
        }
        var secret = Array(data)
        if secret.last == 0x0A { secret.removeLast() }
        if secret.last == 0x0D { secret.removeLast() }
        guard (Self.minBytes...Self.maxBytes).contains(secret.count) else {
            throw Refusal(
                .registryInvalid, "--secret-file: \(secret.count) bytes, not \(Self.minBytes) to \(Self.maxBytes)")
        }
        return secret
    }
}
