// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation

/// The command line of the hub.
@main
struct Truc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "truc",
        abstract: "Trục liên thông văn bản: a provincial hub for signed electronic documents.",
        discussion: """
            A first run, on one machine and with a database of its own:

              truc serve --data-dir /var/lib/truc
              truc system add qlvb.soxd --name "QLVB Sở Xây dựng" --generate-secret --data-dir /var/lib/truc
              truc agency add 000.00.13.H52 --name "Sở Xây dựng" --system qlvb.soxd --data-dir /var/lib/truc

            Every command finds the hub's database by --data-dir, or by TRUC_DATABASE_URL. Settings come from a file,
            overruled by the environment, overruled by flags: truc config explain.

            Exit status: 0 done, 1 refused, 2 refused and the operator must act, 3 passes by itself and may be tried again, 64 wrong usage.
            """,
        subcommands: [
            ServeCommand.self, SystemCommand.self, AgencyCommand.self, EndpointCommand.self, PackageCommand.self,
            DeliveryCommand.self, ContentCommand.self, AuditCommand.self, TraceCommand.self, CalendarCommand.self,
            PolicyCommand.self, TrustCommand.self, PDFCommand.self,
            KeyCommand.self, ConfigCommand.self, RefusalsCommand.self, DemoCommand.self,
            BenchCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let refusal as Refusal {
            Console.fail(refusal)
        } catch {
            exit(withError: error)
        }
    }
}
