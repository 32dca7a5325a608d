// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store
import Trust

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The keys that wrap the secrets in the database and the key of every content.",
        discussion: """
            They lie in the key file, outside the database; key-file of truc config explain says where. Without it no
            package can be read: save it, apart from the database, before anything is wrapped with a new key.

              truc key prepare        puts the next key into the file; save the file now, and carry it to every node
              truc key rotate         that key wraps from now on, and everything is wrapped anew with it
              truc key list
              truc key retire 5f0c…   forget a key that opens nothing any more; carry the file again
            """,
        subcommands: [List.self, Prepare.self, Rotate.self, Rewrap.self, Retire.self])

    /// A key as commands print it: nothing of its bytes.
    struct Shown: Encodable {
        let id: String
        let createdAt: Instant
        let use: WrappingKeyUse
        let wrapped: Int

        init(_ key: ListedWrappingKey) {
            id = key.id.text
            createdAt = key.createdAt
            use = key.use
            wrapped = key.wrapped
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys of the key file, oldest first.",
            discussion:
                "USE: wrapping (since the latest rotation), opening (what it wrapped before), prepared (for the next).")
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let keys = try await Installation.visit(installation) { try await $0.wrappingKeys() }.map(Shown.init)
            if output.json { return try Console.printJSON(keys) }
            Console.printTable(
                [["KEY", "SINCE", "USE", "WRAPPED"]]
                    + keys.map { [$0.id, $0.createdAt.iso8601, $0.use.rawValue, String($0.wrapped)] })
        }
    }

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the key of the next rotation into the key file, and use it for nothing yet.")
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let id = try await Installation.visit(installation) { try await $0.prepareKey(at: .now()) }
            if output.json { return try Console.printJSON(["id": id.text]) }
            print("Đã chuẩn bị khóa \(id); sao lưu tệp khóa, chép tới mọi nút, rồi chạy truc key rotate.")
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wrap with another key from now on, and wrap anew what the keys before it wrapped.",
            discussion: """
                Takes the key of truc key prepare, of which you have saved a copy. The hub goes on meanwhile. When it was
                interrupted, truc key rewrap does the rest.

                Exit status 2 when something was found that no key opens; it is named and stays as it is.
                """)
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (id, rewrapped) = try await Installation.visit(installation) { database in
                let id = try await database.rotateKey(actor: Operator.actor, at: .now(), onlyPrepared: true)
                return (id, try await database.rewrap(actor: Operator.actor, at: .now()))
            }
            if !output.json { print("Khóa \(id) được dùng từ bây giờ.") }
            try ShownRewrap(id: id.text, rewrapped).show(asJSON: output.json)
        }
    }

    struct Rewrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wrap anew what is not wrapped with the newest key: the rest of an interrupted rotation.")
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let rewrapped = try await Installation.visit(installation) {
                try await $0.rewrap(actor: Operator.actor, at: .now())
            }
            try ShownRewrap(id: nil, rewrapped).show(asJSON: output.json)
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a key that opens nothing any more.",
            discussion: """
                It goes out of the database and out of the key file. A saved copy of the database from the time before the
                rotation opens only with the key file of that time: keep the one as long as the other.
                """)
        @Argument(help: "The key, as truc key list shows it.") var id: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let id = WrappingKeyID(id) else { throw Refusal(.keyNotFound, self.id) }
            try await Installation.visit(installation) {
                try await $0.retireKey(id, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(["id": id.text]) }
            print("Đã bỏ khóa \(id).")
        }
    }

    /// What came of wrapping anew, as commands print it.
    private struct ShownRewrap: Encodable {
        /// The key that wraps, when it is another than before.
        let id: String?
        let rewrapped: Int
        let unreadable: Int
        let named: [String]

        init(id: String?, _ rewrapped: Rewrapped) {
            self.id = id
            self.rewrapped = rewrapped.rewrapped
            unreadable = rewrapped.unreadable
            named = rewrapped.named
        }

        /// - Throws: `ExitCode` when something could not be opened.
        func show(asJSON: Bool) throws {
            if asJSON { try Console.printJSON(self) } else { printText() }
            if unreadable > 0 { throw ExitCode(Console.operatorStatus) }
        }

        private func printText() {
            print("Đã mã hóa lại \(rewrapped) khóa nội dung và bí mật.")
            guard unreadable > 0 else { return }
            print("Không mở được \(unreadable) (unreadable): \(named.joined(separator: "; ")).")
            print(Refusal.Code.secretUnreadable.entry.remedyVietnamese)
        }
    }
}
