// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Store

/// What systems ask of the registry over `registerAgency` and `deleteAgency`, and the operator's word on it.
extension AgencyCommand {
    struct Requests: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what systems ask to have registered or closed, oldest first.",
            discussion: """
                truc agency requests                    those that wait for you
                truc agency requests --state rejected   those that were rejected, with the reason

                States: waiting, approved, rejected.
                """)

        @Option(help: "The state.") var state = AgencyRequestState.waiting
        @Option(help: ArgumentHelp("Most lines printed.", valueName: "count")) var limit = 100
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...Database.maxListedAgencyRequests).contains(limit) else {
                throw ValidationError("--limit is 1 to \(Database.maxListedAgencyRequests).")
            }
        }

        func run() async throws {
            let requests = try await Installation.visit(installation) {
                try await $0.agencyRequests(in: state, limit: limit)
            }
            .map(ShownRequest.init)
            if output.json { return try Console.printJSON(requests) }
            Console.printTable(
                [["NUMBER", "KIND", "SINCE", "SYSTEM", "AGENCY", "PARENT", "NAME"]]
                    + requests.map {
                        [
                            String($0.number), $0.kind.rawValue, $0.requestedAt.iso8601, $0.system.text, $0.code.text,
                            $0.parent?.text ?? "-", $0.name + ($0.grounds.map { " — \($0)" } ?? ""),
                        ]
                    })
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register or close what a request asks for.",
            discussion: """
                truc agency approve 7 --decision 123/QĐ-UBND --date 2026-11-20 --alias H52.13.05
                truc agency approve 8 --decision 124/QĐ-UBND --date 2026-11-20 --last-day 2026-12-31 --successor H52.14

                The decision is the one of the competent body that founds or ends the agency. A new agency is spoken for
                by the system that has asked. A closing needs its last day; see truc agency close.
                """)

        @Argument(help: "The request's number.") var number: String
        @Option(help: ArgumentHelp("Number and notation of the decision that founds it.", valueName: "number"))
        var decision: String
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String
        @Option(
            help: ArgumentHelp(
                "Another written form of a new identifier; may be given several times.", valueName: "id"))
        var alias: [String] = []
        @Option(help: ArgumentHelp("Last valid day of an agency to be closed, yyyy-MM-dd.", valueName: "day"))
        var lastDay: String?
        @Option(help: "The identifier that takes the place of a closed one.") var successor: String?
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if lastDay != nil, !alias.isEmpty { throw ValidationError("--alias is for a new agency.") }
            if lastDay == nil, successor != nil { throw ValidationError("--successor goes with --last-day.") }
        }

        func run() async throws {
            let number = try Input.read(self.number, AgencyRequestNumber.init(parsing:))
            let decision = try Input.decision(self.decision, date)
            let aliases = try alias.map { try Input.read($0, AgencyID.init(parsing:)).text }
            let successor = try successor.map { try Input.read($0, AgencyID.init(parsing:)) }
            let approval = try lastDay.map {
                AgencyApproval.close(lastDay: try Input.read($0, CalendarDate.init(iso8601:)), successor: successor)
            }
            let request = try await Installation.visit(installation) { database in
                try await database.approve(
                    number, approval ?? .register(aliases: aliases), on: decision, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(ShownRequest(request)) }
            switch request.kind {
            case .register: Console.line("Đã đăng ký đơn vị \(request.code) (\(request.name)) theo \(decision.number).")
            case .close: print("Mã \(request.code) đóng sau ngày \(lastDay ?? "") theo \(decision.number).")
            }
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn a request down.",
            discussion: "truc agency reject 7 --reason \"Chưa có quyết định thành lập\"")

        @Argument(help: "The request's number.") var number: String
        @Option(help: "Why.") var reason: String
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let number = try Input.read(self.number, AgencyRequestNumber.init(parsing:))
            let reason = try Input.text(reason, "--reason")
            let request = try await Installation.visit(installation) { database in
                try await database.reject(number, reason: reason, actor: Operator.actor, at: .now())
            }
            if output.json { return try Console.printJSON(ShownRequest(request)) }
            print("Đã từ chối đề nghị \(number) về \(request.code).")
        }
    }

    /// A request as commands print it.
    struct ShownRequest: Encodable {
        let number: Int64
        let kind: AgencyProposal.Kind
        let state: AgencyRequestState
        let requestedAt: Instant
        /// Who asks.
        let system: SystemID
        let code: AgencyID
        /// The agency above a new one.
        let parent: AgencyID?
        let name: String
        let mail: String?
        let mobile: String?
        let fax: String?
        let requestId: RequestID
        let decision: String?
        let decisionDate: String?
        let reason: String?
        let decidedAt: Instant?
        let decidedBy: String?

        init(_ request: AgencyRequestRecord) {
            number = request.number.value
            kind = request.kind
            state = request.state
            requestedAt = request.requestedAt
            system = request.system
            code = request.code
            parent = request.parent
            name = request.name
            mail = request.mail
            mobile = request.mobile
            fax = request.fax
            requestId = request.requestID
            decision = request.decision?.number
            decisionDate = request.decision?.date.iso8601
            reason = request.reason
            decidedAt = request.decidedAt
            decidedBy = request.decidedBy
        }

        /// What the operator decided on.
        var grounds: String? { reason ?? decision.map { "\($0), \(decisionDate ?? "")" } }
    }
}

extension AgencyRequestState: ExpressibleByArgument {}
