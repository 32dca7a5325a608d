// SPDX-License-Identifier: Apache-2.0

extension AgencyID {
    /// The identifier that this unit would have below another agency, with its own sub-codes; for suggestions only.
    ///
    /// `H25.13.05` and `000.05.13.H25` go from H25 to H42 as `H42.13.05` and `000.05.13.H42`. Nil where the two agencies
    /// are not of this identifier's form and of one level, or this one is not below the first.
    public func moved(from old: AgencyID, to new: AgencyID) -> AgencyID? {
        guard form == old.form, form == new.form, let level = old.level, level == new.level,
            ancestors.contains(where: { $0.text == old.text })
        else { return nil }
        let own = text.split(separator: ".", omittingEmptySubsequences: false)
        let target = new.text.split(separator: ".", omittingEmptySubsequences: false)
        switch form {
        case .qd20:
            return try? AgencyID(parsing: (target + own.dropFirst(level)).joined(separator: "."))
        case .qcvn102:
            return try? AgencyID(parsing: (own.dropLast(level) + target.suffix(level)).joined(separator: "."))
        case .enterprise, .scheme, .unlisted:
            return nil
        }
    }
}
