// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The bounds that the hub keeps for all surfaces together.
public struct HubLimits: Sendable {
    public var system: SystemLimits

    /// As an operator set them; what has no setting keeps its default.
    public init(_ settings: Settings = Settings()) { system = SystemLimits(settings) }
}
