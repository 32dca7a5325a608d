// SPDX-License-Identifier: Apache-2.0

/// Where a delivery stands. The names are those of the column `delivery.state` and of `--json`. docs/states.md draws
/// what leads from one to another.
public enum DeliveryState: String, CaseIterable, Sendable, Codable {
    /// In the recipient's list, and on the way to its endpoint where it has one: untouched or given back.
    case waiting
    /// In the list; the recipient's system has said that it is at it.
    case processing
    /// The recipient's system has it: it confirmed, or answered a push with the receipt. It has *entered*
    /// (QĐ 2588 Điều 10.4.b). Final, but for a replay that somebody asks for.
    case delivered
    /// Failed at the recipient too often, or an operator stopped it; out of the list until an operator releases it.
    case held
    /// The endpoint will never take it. The sender is told; may be tried again when somebody asks for it.
    case refused
    /// The time in which it was tried is over, or an operator ended it. The sender is told; may be tried again when
    /// somebody asks for it.
    case expired
    /// Recalled by its sender before anybody had seen it. Final.
    case withdrawn
    /// No recipient that the hub could give it to. Final, and the hub's own word: never the recipient's refusal.
    case undeliverable

    /// Whether the recipient's list shows it.
    public var isPending: Bool { self == .waiting || self == .processing }
}
