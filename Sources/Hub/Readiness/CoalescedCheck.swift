// SPDX-License-Identifier: Apache-2.0

/// A check that costs something, asked by anybody: it runs once at a time, and what it found holds for a while.
actor CoalescedCheck<Finding: Sendable> {
    private let reuse: Duration
    private let now: @Sendable () -> Duration
    private let check: @Sendable () async -> Finding
    private var last: (finding: Finding, at: Duration)?
    private var running: Task<Finding, Never>?

    /// - Parameters:
    ///   - reuse: how long after its end a finding is told again.
    ///   - now: time since any fixed moment.
    init(
        reuse: Duration, now: @escaping @Sendable () -> Duration, check: @escaping @Sendable () async -> Finding
    ) {
        self.reuse = reuse
        self.now = now
        self.check = check
    }

    /// What the check finds, or has found a moment ago. Goes on for the others when who asked first gives up.
    func finding() async -> Finding {
        if let last, now() - last.at < reuse { return last.finding }
        if let running { return await running.value }
        let task = Task { await check() }
        running = task
        let finding = await task.value
        last = (finding, now())
        running = nil
        return finding
    }
}
