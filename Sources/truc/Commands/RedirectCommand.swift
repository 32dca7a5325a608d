// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Delivery
import Exchange
import Foundation
import Store

/// Sends deliveries another way than their sender addressed them, where there is a ground for it.
struct RedirectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redirect",
        abstract: "Send deliveries to the agency's present endpoint, its successor, or where the sender agrees to.",
        discussion: """
            truc delivery redirect 0193a5c4-… --to 000.00.40.H52 --reason "Sáp nhập, QĐ 9/2025"
            truc delivery redirect 0193a5c4-… --to 000.00.21.H52 --reason "Gửi nhầm nơi nhận" \
                --consent "Công văn 3/SXD-VP" --consent-by "Trần Thị B, Chánh Văn phòng" --consent-date 2026-11-20

            To the agency itself (its present endpoint, or its list), or to a successor that is in force, nothing more is
            needed. To any other agency the sender must have agreed: in which document, who, when; all of it stands in the
            history. The delivery keeps its docId; what is held stays held.

            Refused: what is delivered, withdrawn, recalled, sealed, or carried at this moment; what the other agency has
            already; and, with the sender's consent, what the first one has fetched. --dry-run tells what would become of
            each and changes nothing. When one is refused, those before it are done, and the exit status tells.
            """)

    @Argument(help: "The deliveries' docIds.") var ids: [String]
    @Option(help: "Any written form of the agency's identifier.") var to: String
    @Option(help: "Why, for the history.") var reason: String
    @Option(
        help: ArgumentHelp("Number and notation of the document in which the sender agrees.", valueName: "document"))
    var consent: String?
    @Option(help: ArgumentHelp("Who agrees for the sender.", valueName: "name")) var consentBy: String?
    @Option(help: ArgumentHelp("When, yyyy-MM-dd.", valueName: "day")) var consentDate: String?
    @Flag(help: "Tell what would become of them, and change nothing.") var dryRun = false
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: OutputOptions

    /// What became of one, as printed.
    struct Outcome: Encodable {
        let docId: DeliveryID
        let from: String
        let to: String
        let ground: Redirect.Ground
        let before: DeliveryState
        let after: DeliveryState
        /// Absent: it stands in the agency's list, or is held.
        let endpoint: String?
        let dryRun: Bool

        init(_ id: DeliveryID, _ done: Redirected, dryRun: Bool) {
            docId = id
            from = done.from
            to = done.to
            ground = done.ground
            before = done.before
            after = done.after
            endpoint = done.endpoint
            self.dryRun = dryRun
        }
    }

    func validate() throws {
        try DeliveryVisit.check(ids)
        let given = [consent, consentBy, consentDate].compactMap(\.self).count
        guard given == 0 || given == 3 else {
            throw ValidationError("--consent, --consent-by and --consent-date belong together.")
        }
    }

    func run() async throws {
        let to = try Input.read(self.to, AgencyID.init(parsing:))
        let reason = try Input.text(reason, "--reason")
        let consent = try senderConsent()
        try await DeliveryVisit.run(ids, installation, output) { database, id in
            let done = try await database.redirect(
                id, to: to, consent: consent, reason: reason, actor: Operator.actor, at: .now(), isTrial: dryRun)
            return Outcome(id, done, dryRun: dryRun)
        } line: { outcome in
            "\(outcome.docId): \(outcome.from) → \(outcome.to)\(outcome.endpoint.map { " (\($0))" } ?? ""), "
                + "\(outcome.before.rawValue) → \(outcome.after.rawValue)" + (dryRun ? " (chạy thử, chưa đổi)" : "")
        }
    }

    private func senderConsent() throws(Refusal) -> SenderConsent? {
        guard let consent, let consentBy, let consentDate else { return nil }
        let date = try Input.read(consentDate, CalendarDate.init(iso8601:))
        guard date <= Instant.now().vietnamDate else {
            throw Refusal(.registryInvalid, "--consent-date: \(consentDate) has not come yet")
        }
        return SenderConsent(
            person: try Input.text(consentBy, "--consent-by"), date: date,
            document: try Input.text(consent, "--consent"))
    }
}
