// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// What systems may ask to have changed in the registry: something about units below an agency of theirs, by the form of
/// the identifiers.
///
/// Level-1 agencies and those below them keep their own part of the tree (QĐ 20/2020/QĐ-TTg Điều 10).
extension RegistrySnapshot {
    /// - Parameter now: when it is asked.
    /// - Throws: `Refusal`: `.agencyNotBelow` for an identifier that is not below an open agency of the system, or a
    ///   parent that is not between the two; `.agencyNotFound` for an unknown parent; `.agencyClosed` for one with an end;
    ///   `.agencyTaken` for an identifier that is any agency's, a closed one's too.
    public func proposal(
        toRegister application: AgencyApplication, by system: SystemID, at now: Instant
    ) throws(Refusal) -> AgencyProposal {
        let code = application.code
        let above = agencies(above: code)
        guard let highest = above.lastIndex(where: { isOwn($0, of: system, at: now) }) else {
            throw Refusal(.agencyNotBelow, code.text)
        }
        if let owner = agency(named: code.text) { throw Refusal(.agencyTaken, "\(code) → \(owner.code)") }
        var parent = above[0]
        if let written = application.parent {
            guard let named = agency(named: written.text) else { throw Refusal(.agencyNotFound, "pcode: \(written)") }
            guard above[...highest].contains(where: { $0.key == named.key }) else {
                throw Refusal(.agencyNotBelow, "\(code) is not below pcode \(written), or that is not yours")
            }
            parent = named
        }
        guard parent.isOpen(at: now), parent.validUntil == nil else { throw Refusal(.agencyClosed, parent.code.text) }
        return .register(application, below: parent.key)
    }

    /// - Parameter written: any form of the agency's identifier.
    /// - Throws: `Refusal`: `.agencyNotFound`; `.agencyNotBelow` for an agency of which no written form is below an open
    ///   agency of the system, its own too; `.agencyClosed` for one that has a last day already.
    public func proposal(
        toClose written: AgencyID, by system: SystemID, at now: Instant
    ) throws(Refusal) -> AgencyProposal {
        guard let named = agency(named: written.text), !named.isHub else {
            throw Refusal(.agencyNotFound, written.text)
        }
        let forms = [named.code] + named.aliases.compactMap { try? AgencyID(parsing: $0) }
        let isBelow = forms.contains { form in
            agencies(above: form).contains { $0.key != named.key && isOwn($0, of: system, at: now) }
        }
        guard isBelow else { throw Refusal(.agencyNotBelow, written.text) }
        if let last = named.lastDay { throw Refusal(.agencyClosed, "\(written), \(last.iso8601)") }
        return .close(named.code, named.key)
    }

    /// The registered agencies above an identifier, nearest first; by its form, the alias table deciding who each is.
    private func agencies(above code: AgencyID) -> [AgencyRecord] {
        code.ancestors.compactMap { agency(named: $0.text) }.filter { !$0.isHub }
    }

    private func isOwn(_ agency: AgencyRecord, of system: SystemID, at now: Instant) -> Bool {
        agency.system == system && agency.isOpen(at: now)
    }
}
