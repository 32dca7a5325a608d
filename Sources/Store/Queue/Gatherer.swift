// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Lets work of one kind share a transaction: what is asked for while one lot is under way makes up the next. So the lots
/// grow by themselves under load, and what comes alone waits for nobody.
///
/// It holds what its callers wait for, and so is bounded by who calls.
final class Gatherer<Item: Sendable, Answer: Sendable>: Sendable {
    typealias Work = @Sendable ([Item]) async -> [Result<Answer, any Error>]

    private struct Waiting: Sendable {
        let item: Item
        let answer: CheckedContinuation<Answer, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isUnderWay = false
    }

    private let maxLot: Int
    private let key: @Sendable (Item) -> AnyHashable
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maxLot: most items of one lot.
    ///   - key: two items with the same are never in one lot.
    init(maxLot: Int, key: @escaping @Sendable (Item) -> AnyHashable) {
        self.maxLot = maxLot
        self.key = key
    }

    /// Returns what `work` answers to `item`. Cancellation takes nothing back.
    ///
    /// - Parameter work: the same for all; gets the items of a lot and gives an answer to each, in their order.
    func answer(_ item: Item, _ work: @escaping Work) async throws -> Answer {
        try await withCheckedThrowingContinuation { answer in
            let begins = state.withLock { state in
                state.waiting.append(Waiting(item: item, answer: answer))
                defer { state.isUnderWay = true }
                return !state.isUnderWay
            }
            if begins { Task { await self.drain(work) } }
        }
    }

    /// Whether this item waits for its lot; for tests.
    func waits(_ item: Item) -> Bool where Item: Equatable {
        state.withLock { $0.waiting.contains { $0.item == item } }
    }

    private func drain(_ work: Work) async {
        while let lot = next() {
            let answers = await work(lot.map(\.item))
            precondition(answers.count == lot.count, "an answer to each")
            for (waiting, answer) in zip(lot, answers) { waiting.answer.resume(with: answer) }
        }
    }

    /// The longest beginning of what waits in which no key comes twice; nil when nothing waits.
    private func next() -> [Waiting]? {
        state.withLock { state in
            var keys: Set<AnyHashable> = []
            let lot = Array(state.waiting.prefix(maxLot).prefix { keys.insert(key($0.item)).inserted })
            state.waiting.removeFirst(lot.count)
            if lot.isEmpty { state.isUnderWay = false }
            return lot.isEmpty ? nil : lot
        }
    }
}
