// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Hub
import Store

extension AgencyCommand {
    struct Tree: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the agencies below each other, with their validity and successors.",
            discussion: """
                truc agency tree                     those that are open now
                truc agency tree 000.00.00.H42 --all closed ones and those yet to be founded too
                truc agency tree --at 2025-06-30     as it was at the beginning of that day
                """)

        @Argument(help: "Only this agency and what is below it; any written form.") var id: String?
        @Flag(help: "Closed agencies and those yet to be founded, too.") var all = false
        @Option(help: ArgumentHelp("When: yyyy-MM-dd, ISO 8601 with an offset, or now.", valueName: "when"))
        var at = "now"
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let now = try Input.instant(at, "--at") ?? .now()
            let registry = RegistrySnapshot(try await Installation.visit(installation) { try await $0.registry() })
            let tree = AgencyTree(registry, at: now, hasAll: all)
            var roots = tree.roots
            if let id {
                guard let agency = registry.agency(named: id) else { throw Refusal(.agencyNotFound, id) }
                roots = [agency]
            }
            if output.json { return try Console.printJSON(roots.map { Node($0, tree, registry) }) }
            for root in roots { printLines(Node(root, tree, registry), depth: 0, now) }
        }

        private func printLines(_ node: Node, depth: Int, _ now: Instant) {
            var line = String(repeating: "  ", count: depth) + "\(node.agency.code)  \(node.agency.name)"
            if let until = node.agency.validUntil {
                let heirs = node.agency.successors.map(\.code).joined(separator: ", ")
                line += "  [đóng từ \(until.iso8601)\(heirs.isEmpty ? "" : " → \(heirs)")]"
            }
            if node.agency.validFrom > now { line += "  [mở từ \(node.agency.validFrom.iso8601)]" }
            print(line)
            for unit in node.units { printLines(unit, depth: depth + 1, now) }
        }
    }

    /// An agency with what is below it, as commands print it. The keys are stable.
    struct Node: Encodable {
        let agency: Shown
        let units: [Node]

        init(_ agency: AgencyRecord, _ tree: AgencyTree, _ registry: RegistrySnapshot) {
            self.agency = Shown(agency, in: registry)
            units = tree.units(of: agency.key).map { Node($0, tree, registry) }
        }
    }
}
