// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// Who of some recipients of a recall or update has what it means.
struct Holdings {
    /// For each recipient, then for each agency that is removed.
    let holders: [[AgencyKey]]
    private let recipients: [AgencyKey]
    private let isFurther: [Bool]
    /// Of each recipient's holders, those that answer for themselves although the package does not name them: a redirect has
    /// brought them what was sent to another.
    private let astray: [Set<AgencyKey>]

    init(
        of document: PackageID, _ envelope: Envelope, recipients: [AgencyKey], and removed: [Envelope.Addressee] = [],
        _ connection: PostgresConnection
    ) throws {
        let meant = recipients.map(envelope.addressee)
        let all = meant + removed
        let named = Array(Set(all.flatMap(\.named))).map { Optional($0.value) }
        var moved: [AgencyKey: [AgencyKey]] = [:]
        var open: Set<AgencyKey> = []
        let rows = try connection.query(
            RecallStatements.holders, [.uuid(document.uuid), .int8s(named), .timestamptz(envelope.acceptedAt)])
        for row in rows {
            let holder = AgencyKey(try row.decode("holder"))
            moved[AgencyKey(try row.decode("named")), default: []].append(holder)
            if try row.decode("is_open", as: Bool.self) { open.insert(holder) }
        }
        holders = all.map { addressee in
            var holders = addressee.holders
            for named in addressee.named {
                for holder in moved[named] ?? [] where !holders.contains(holder) { holders.append(holder) }
            }
            return holders
        }
        var astray: [Set<AgencyKey>] = []
        for (index, recipient) in recipients.enumerated() {
            // Of what an agency that has ended had, those that have taken its place are told.
            let kin = Set(meant[index].holders + envelope.family(of: recipient))
            astray.append(
                Set(
                    holders[index].filter { holder in
                        guard holder != recipient, !meant[index].holders.contains(holder) else { return false }
                        return open.contains(holder) || !kin.contains(holder)
                    }))
        }
        self.astray = astray
        self.recipients = recipients
        isFurther = meant.map(\.isFurther)
    }

    /// Those whose part the recipient itself is told of: another successor hears of its own.
    func own(_ index: Int, _ holders: [AgencyKey]) -> [AgencyKey] {
        if isFurther[index] { return holders.filter { $0 == recipients[index] } }
        return holders.filter { holder in
            !zip(recipients, isFurther).contains { recipient, isFurther in isFurther && recipient == holder }
        }
    }

    /// Whether a successor has nothing that is meant, or another one has it all.
    func isElsewhere(_ index: Int, _ holders: [AgencyKey]) -> Bool {
        own(index, holders).isEmpty && (isFurther[index] || !holders.isEmpty)
    }

    /// Whether a holder is told in place of the recipient.
    func isAstray(_ holder: AgencyKey, of index: Int) -> Bool { astray[index].contains(holder) }

    /// Those who are told in place of the recipient; without those that the package names itself.
    func followed(_ index: Int, _ holders: [AgencyKey]) -> [AgencyKey] {
        holders.filter { isAstray($0, of: index) && !recipients.contains($0) }
    }
}
