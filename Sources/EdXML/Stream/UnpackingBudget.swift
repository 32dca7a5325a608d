// SPDX-License-Identifier: Apache-2.0

/// What the attachments of one package may unpack to together.
///
/// Beyond it none of them counts as unpacked: which one happened to be the last to fit would depend on their order, and
/// the meaning of a package must not.
final class UnpackingBudget {
    private let limit: Int
    private var spent = 0

    /// - Parameter limit: in bytes.
    init(limit: Int) { self.limit = limit }

    /// More was unpacked than is allowed; once true, for ever.
    var isExhausted: Bool { spent > limit }

    func spend(_ bytes: Int) { spent += bytes }
}
