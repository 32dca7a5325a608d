// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Hub
import Store

/// Whom to call when a document is urgent and nobody answers.
struct AgencyContactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contact", abstract: "Duty posts that alerts name.",
        subcommands: [Set.self, Remove.self, List.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Name whom to call at an agency.",
            discussion: """
                truc agency contact set 000.00.13.H52 --name "Văn thư trực" --phone "0225 000 0000"

                Name a post rather than a person. Alerts name the recipient's post, the nearest above it, and the operator's: that
                of the hub's own identifier.
                """)

        @Argument(help: "Any written form of the agency's identifier.") var agency: String
        @Option(help: "The post.") var name: String
        @Option(help: "Its telephone number.") var phone: String
        @Option(help: "Its mail address.") var mail: String?
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let agency = try Input.read(self.agency, AgencyID.init(parsing:))
            let name = try Input.text(self.name, "--name")
            let phone = try Input.read(self.phone, PhoneNumber.init(parsing:))
            let mail = try mail.map { try Input.text($0, "--mail") }
            try await Installation.visit(installation) { database in
                try await database.setDutyContact(
                    of: agency, name: name, phone: phone, mail: mail, actor: Operator.actor, at: .now())
            }
            if output.json {
                return try Console.printJSON(
                    Shown(agency: agency.text, name: name, phone: phone.text, mail: mail))
            }
            print("Đầu mối trực của \(agency): \(name), \(phone.text).")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Name nobody at an agency any more.")

        @Argument(help: "Any written form of the agency's identifier.") var agency: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let agency = try Input.read(self.agency, AgencyID.init(parsing:))
            let isRemoved = try await Installation.visit(installation) { database in
                try await database.removeDutyContact(of: agency, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(["removed": isRemoved]) }
            print(isRemoved ? "Đã bỏ đầu mối trực của \(agency)." : "\(agency) không có đầu mối trực.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the duty posts.")

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let shown = try await Installation.visit(installation) { database in
                let registry = RegistrySnapshot(try await database.registry())
                return try await database.dutyContacts().compactMap { contact in
                    registry.agency(contact.agency).map {
                        Shown(agency: $0.code.text, name: contact.name, phone: contact.phone.text, mail: contact.mail)
                    }
                }
            }.sorted { $0.agency < $1.agency }
            if output.json { return try Console.printJSON(shown) }
            Console.printTable(
                [["AGENCY", "PHONE", "MAIL", "NAME"]] + shown.map { [$0.agency, $0.phone, $0.mail ?? "-", $0.name] })
        }
    }

    /// A duty post as printed.
    struct Shown: Encodable {
        let agency: String
        let name: String
        let phone: String
        let mail: String?
    }
}
