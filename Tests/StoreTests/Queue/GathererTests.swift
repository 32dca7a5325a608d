// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(1))) struct GathererTests {
    private struct Odd: Error, Equatable { let number: Int }

    /// Answers with the number; odd ones with an error. The lot of 0 waits until all others are there.
    private final class Recording: Sendable {
        let lots = Mutex<[[Int]]>([])
        let gatherer: Gatherer<Int, Int>

        init(maxLot: Int, key: @escaping @Sendable (Int) -> AnyHashable) {
            gatherer = Gatherer(maxLot: maxLot, key: key)
        }

        /// What each number was answered, when `numbers` came while number 0 was under way.
        func run(_ numbers: [Int]) async -> [Int: Result<Int, Odd>] {
            await withTaskGroup(of: (Int, Result<Int, Odd>).self) { group in
                let (begun, begin) = AsyncStream<Void>.makeStream()
                let (ends, end) = AsyncStream<Void>.makeStream()
                let answer: @Sendable (Int) async -> (Int, Result<Int, Odd>) = { [self] number in
                    do {
                        let answer = try await gatherer.answer(number) { items in
                            self.lots.withLock { $0.append(items) }
                            if items == [0] {
                                begin.finish()
                                for await _ in ends {}
                            }
                            return items.map { $0 % 2 == 0 ? .success(10 * $0) : .failure(Odd(number: $0)) }
                        }
                        return (number, .success(answer))
                    } catch {
                        return (number, .failure(error as? Odd ?? Odd(number: -1)))
                    }
                }
                group.addTask { await answer(0) }
                for await _ in begun {}
                for number in numbers {
                    group.addTask { await answer(number) }
                    while !gatherer.waits(number) { await Task.yield() }
                }
                end.finish()
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }
    }

    @Test func whatComesWhileOneLotIsUnderWayMakesUpTheNext() async {
        let recording = Recording(maxLot: 3) { $0 }
        let answers = await recording.run([1, 2, 3, 4, 5])
        #expect(recording.lots.withLock { $0 } == [[0], [1, 2, 3], [4, 5]])
        for number in 0...5 {
            #expect(answers[number] == (number % 2 == 0 ? .success(10 * number) : .failure(Odd(number: number))))
        }
        #expect(await recording.run([]) == [0: .success(0)])
    }

    @Test func twoWithTheSameKeyAreNeverInOneLot() async {
        let recording = Recording(maxLot: 8) { $0 % 4 }
        let answers = await recording.run([2, 3, 6, 1, 10])
        #expect(recording.lots.withLock { $0 } == [[0], [2, 3], [6, 1], [10]])
        #expect(answers.count == 6)
    }
}
