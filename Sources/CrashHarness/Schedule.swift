// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit

/// What a run does, decided beforehand by its seed alone: the same seed gives the same actions and the same faults.
///
/// How the operating system interleaves what runs at the same time is not in it, nor which of the waiting deliveries
/// a pick falls on.
struct Schedule {
    /// Agencies that fetch what is for them, each with a system of its own.
    static let agencies = 3
    /// The agency after these: it sends too, and has an endpoint.
    static let pushed = agencies
    static let sendersPerAgency = 2
    static let sendsPerSender = 3
    static let takesPerReceiver = 8
    /// Hubs that die one after the other before one may live.
    static let deathsWhileStarting = 3

    /// What is done to the hub while it works. `after` counts the requests of the cycle that were begun.
    enum Fault: Hashable {
        /// The hub kills itself at the `pass`-th pass of a named place.
        case hubAt(FaultPoint, pass: Int)
        case hub(after: Int)
        case postmaster(after: Int)
        /// One of the server's processes, so that PostgreSQL ends all sessions and recovers.
        case backend(after: Int, pick: UInt64)
        case hubAndPostmaster(after: Int)
        /// Hub and server die, then each next hub dies so many milliseconds after it began to start, and its server
        /// with it where it has one by then.
        case starting(after: Int, milliseconds: [Int])
        /// The file system of the data directory is left with this much room until the cycle's actions are done.
        case diskFull(after: Int, spareKiB: Int)
        /// SIGTERM: the hub must end by itself, with status 0.
        case stop(after: Int)

        /// Whether the hub lives on, so that it owes an answer to every request.
        var isSurvived: Bool {
            switch self {
            case .postmaster, .backend, .diskFull: true
            case .hubAt, .hub, .hubAndPostmaster, .starting, .stop: false
            }
        }

        /// What the hub may answer because of it, in this cycle and in no other; anything else is a defect. One that
        /// dies gives no answer at all.
        var excuses: Set<Refusal.Code> {
            switch self {
            case .hubAt, .hub: []
            case .stop: [.stopping]
            case .postmaster, .backend, .hubAndPostmaster, .starting: [.databaseUnavailable]
            case .diskFull: [.storageFull, .storageUnavailable, .databaseUnavailable]
            }
        }
    }

    enum Send: Hashable {
        case document(to: [Int], bytes: Int)
        /// Something that was sent before, once more.
        case again(pick: UInt64)
        /// Takes back what was acknowledged last, or one or two before it: seen by some, by others not yet.
        case recall(back: Int)
    }

    /// What a receiver does with the delivery that its pick falls on; it is fetched and compared first.
    enum Take: Hashable {
        case look
        case processing
        case done
        case fail
        case doneAndSay(DocumentStatus)
        /// A status package from the list of statuses, confirmed.
        case status
    }

    struct Cycle: Equatable {
        let number: Int
        let fault: Fault
        /// Where hubs that are started in this cycle keep what is new.
        let backend: ContentBackend
        /// One script for each sender: agency, then its actions.
        let senders: [(agency: Int, script: [Send])]
        /// One script for each agency that fetches.
        let receivers: [[(pick: UInt64, take: Take)]]

        static func == (left: Cycle, right: Cycle) -> Bool {
            left.number == right.number && left.fault == right.fault && left.backend == right.backend
                && left.senders.elementsEqual(right.senders) { $0 == $1 }
                && left.receivers.elementsEqual(right.receivers) { $0.elementsEqual($1) { $0 == $1 } }
        }
    }

    static let points = FaultPoint.allCases
    /// Places that a cycle passes once for each push, and not as often as the others.
    static let rare: Set<FaultPoint> = [.claimAfterCommit, .pushAfterAnswer, .finishBeforeCommit]

    /// How an endpoint answers a push that has come whole.
    enum Answer: String, CaseIterable {
        case receipt = "receipt"
        case slowReceipt = "slow receipt"
        /// 500, and nothing stored.
        case failure = "500"
        /// 503 with `Retry-After: 1`, and nothing stored.
        case busy = "503"
        /// The connection is reset, and nothing stored.
        case cut = "cut"
        /// Stored, and the connection is reset before the receipt: the same must come again.
        case cutAfterStoring = "stored and cut"

        var isReceipt: Bool { self == .receipt || self == .slowReceipt }
    }

    /// So many answers in a hundred are of each kind that is no plain receipt. Few: a delivery that failed waits for
    /// seconds, and an endpoint that fails in a row is left alone.
    static let oddAnswers = 4
    /// From this time on the same package gets its receipt.
    static let lastOddTime = 3

    /// - Parameter time: how often it has come, from 1.
    static func answer(seed: UInt64, sha256: String, time: Int) -> Answer {
        guard time < lastOddTime else { return .receipt }
        let package = UInt64(sha256.prefix(16), radix: 16) ?? 0
        var generator = SeededGenerator(seed: seed ^ package &+ UInt64(time))
        let odd = Answer.allCases.filter { $0 != .receipt }
        let pick = Int.random(in: 0..<100, using: &generator) / oddAnswers
        return pick < odd.count ? odd[pick] : .receipt
    }

    private var generator: SeededGenerator
    /// Faults at named places so far.
    private var places = 0
    /// Of the last cycle given out.
    private(set) var number = 0

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func next() -> Cycle {
        number += 1
        return Cycle(
            number: number, fault: fault(),
            backend: Int.random(in: 0..<3, using: &generator) == 0 ? .chunks : .segments,
            senders: (0...Self.agencies * Self.sendersPerAgency).map { index in
                let agency = index < Self.agencies * Self.sendersPerAgency ? index % Self.agencies : Self.pushed
                return (agency, (0..<Self.sendsPerSender).map { _ in send(from: agency) })
            },
            receivers: (0..<Self.agencies).map { _ in
                (0..<Self.takesPerReceiver).map { _ in (generator.next(), take()) }
            })
    }

    private mutating func fault() -> Fault {
        let after = Int.random(in: 3...60, using: &generator)
        switch Int.random(in: 0..<22, using: &generator) {
        case 0..<11:
            // Each named place in turn, so that forty cycles meet all of them.
            let point = Self.points[places % Self.points.count]
            places += 1
            return .hubAt(point, pass: Int.random(in: 1...(Self.rare.contains(point) ? 4 : 10), using: &generator))
        case 11..<13: return .hub(after: after)
        case 13:
            return .starting(
                after: after,
                milliseconds: (0..<Self.deathsWhileStarting).map { _ in Int.random(in: 5...350, using: &generator) })
        case 14..<16: return .postmaster(after: after)
        case 16..<18: return .backend(after: after, pick: generator.next())
        case 18: return .hubAndPostmaster(after: after)
        case 19..<21:
            return .diskFull(
                after: Int.random(in: 3...25, using: &generator), spareKiB: Int.random(in: 0...256, using: &generator))
        default: return .stop(after: after)
        }
    }

    private mutating func send(from agency: Int) -> Send {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1: return .again(pick: generator.next())
        case 2: return .recall(back: Int.random(in: 0...2, using: &generator))
        default: break
        }
        var others = Array((0...Self.pushed).filter { $0 != agency })
        others.shuffle(using: &generator)
        let bytes =
            switch Int.random(in: 0..<12, using: &generator) {
            // Above 1 MiB, which has a file of its own.
            case 0: 1_100_000
            case 1..<4: Int.random(in: 50_000...200_000, using: &generator)
            default: Int.random(in: 100...8_000, using: &generator)
            }
        return .document(to: Array(others.prefix(Int.random(in: 1...2, using: &generator))), bytes: bytes)
    }

    private mutating func take() -> Take {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: .look
        case 1: .processing
        case 2, 3: .fail
        case 4, 5: .done
        case 6, 7: .status
        default:
            .doneAndSay([.arrived, .accepted, .inProgress, .completed].randomElement(using: &generator) ?? .arrived)
        }
    }
}
