// SPDX-License-Identifier: Apache-2.0

/// When what could not be carried to an endpoint is tried again, and how long at all.
public struct RetryTerms: Equatable, Sendable {
    /// How long after each failed attempt the next one comes; after the last of them, always as long as that. At least one.
    public let delays: [Duration]
    /// How long after it was due for the first time a delivery is tried.
    public let lifetime: Duration

    /// Most delays, and the bounds of one and of the lifetime, in seconds.
    public static let maxDelays = 50
    public static let delaySeconds = 1...86_400
    public static let lifetimeSeconds = 60...2_592_000

    public init(delays: [Duration], lifetime: Duration) {
        self.delays = delays
        self.lifetime = lifetime
    }
}

/// The two schedules of a profile: of documents from hỏa tốc on, and of all others.
public struct RetryRule: Equatable, Sendable {
    public let ordinary: RetryTerms
    public let immediate: RetryTerms

    public init(ordinary: RetryTerms, immediate: RetryTerms) {
        self.ordinary = ordinary
        self.immediate = immediate
    }

    var text: String {
        func text(_ terms: RetryTerms) -> String {
            let delays = terms.delays.map { String($0.components.seconds) }.joined(separator: "+")
            return "\(delays), \(terms.lifetime.components.seconds)"
        }
        return "ordinary \(text(ordinary)); immediate \(text(immediate))"
    }
}
