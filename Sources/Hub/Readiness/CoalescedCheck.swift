// SPDX-License-Identifier: Apache-2.0

/// A check that costs something, asked by anybody: it runs once at a time, and what it found holds for a while.
actor CoalescedCheck<Finding: Sendable> {
    private let reuse: Duration
    private let now: @Sendable () -> Duration
    private let check: @Sendable () async -> Finding
    private var last: (finding: Finding, number: Int, at: Duration)?
    private var running: Task<Finding, Never>?
    /// Checks begun so far: the number of the latest.
    private var begun = 0

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
        return await next()
    }

    /// What a check finds that begins after this was asked; who asks meanwhile shares it.
    func newFinding() async -> Finding {
        let seen = begun
        // One that runs already began too early: it is waited for, and the next one is begun or joined.
        if running != nil { _ = await next() }
        if let last, last.number > seen { return last.finding }
        return await next()
    }

    private func next() async -> Finding {
        if let running { return await running.value }
        begun += 1
        let number = begun
        // Ends in the actor, before anybody gets the value.
        let task = Task {
            let finding = await check()
            last = (finding, number, now())
            running = nil
            return finding
        }
        running = task
        return await task.value
    }
}
