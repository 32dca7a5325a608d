// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// Whom to call about a document at an agency: the agency's own post, the nearest above it, the operator's.
public struct DutyContacts: Sendable {
    /// Longest way up the tree: deeper ones do not exist, and a loop must end.
    static let maxLevels = 35

    private let contacts: [AgencyKey: DutyContact]
    private let registry: RegistrySnapshot

    public init(_ contacts: [DutyContact], in registry: RegistrySnapshot) {
        self.contacts = Dictionary(contacts.map { ($0.agency, $0) }, uniquingKeysWith: { first, _ in first })
        self.registry = registry
    }

    /// The contact for a step of an alert; nil where none is set.
    public func contact(_ step: CollectionAlert.Step, of recipient: AgencyKey) -> DutyContact? {
        switch step {
        case .watched, .agency: contacts[recipient]
        case .superior: above(recipient).lazy.compactMap { contacts[$0.key] }.first
        case .hub: registry.hub.flatMap { contacts[$0.key] }
        }
    }

    /// The nearest agency above that a system speaks for: who can be told in its list.
    func superior(of recipient: AgencyKey) -> AgencyRecord? {
        above(recipient).first { $0.system != nil }
    }

    /// All that are set, as a message names them; empty without any.
    func text(of recipient: AgencyKey) -> String {
        let named: [(String, CollectionAlert.Step)] = [
            ("đơn vị nhận", .agency), ("cấp trên", .superior), ("vận hành trục", .hub),
        ]
        return named.compactMap { name, step in
            contact(step, of: recipient).map { "\(name): \($0.text)" }
        }.joined(separator: "; ")
    }

    private func above(_ agency: AgencyKey) -> [AgencyRecord] {
        var found: [AgencyRecord] = []
        var next = registry.agency(agency)?.parent
        while let key = next, found.count < Self.maxLevels, let record = registry.agency(key) {
            found.append(record)
            next = record.parent
        }
        return found
    }
}
