// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The bounds that the hub keeps for all surfaces together.
public struct HubLimits: Sendable {
    public var system: SystemLimits
    /// Packages that are on their way in at a time, of all systems.
    public var intakes: Int
    /// Bytes that stay free on the disk of the content.
    public var diskReserve: Int

    /// As an operator set them; what has no setting keeps its default.
    public init(_ settings: Settings = Settings()) {
        system = SystemLimits(settings)
        intakes = settings.intakeConcurrent
        diskReserve = settings.diskReserveBytes
    }
}
