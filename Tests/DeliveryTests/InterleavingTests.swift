// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

/// Two nodes, one delivery, one recipient, and everything that may happen between them in every order: the decisions are
/// the real ones, the world around them is this model.
@Suite(.timeLimit(.minutes(2))) struct InterleavingTests {
    private static let nodes = [NodeID(), NodeID()]
    /// How often a node may crash, hang or lose its connection in one run; enough for each race, and the walk ends.
    private static let maxFaults = 4
    /// Claims after which no further one is made.
    private static let maxClaims = 5

    /// What a node is doing with the delivery.
    private enum Work: Hashable {
        case idle
        /// Claimed; the request has not reached the recipient.
        case claimed(Int64)
        /// The recipient has it and has answered; the database does not know.
        case answered(Int64)
    }

    private struct World: Hashable {
        var state = DeliveryState.waiting
        var lease = Lease()
        var work = [Work.idle, .idle]
        /// Whether the other nodes take it for dead.
        var isThoughtDead = [false, false]
        /// Of the recipient that it is for, and of the one that it was for before it was redirected.
        var recipientHasIt = false
        var formerHasIt = false
        /// The largest token of a claim for the former recipient; nil when it was never redirected.
        var lastFormerToken: Int64?
        /// How often a finish has moved the delivery to `delivered`.
        var finishes = 0
        /// It was delivered once.
        var hasEntered = false
        var isReplayed = false
        var faults = 0

        var life: DeliveryLife { DeliveryLife(state: state, failures: 0, hasEntered: hasEntered) }

        /// What the token's holder carries reaches the recipient for whom it was claimed.
        mutating func reach(_ token: Int64) {
            if let lastFormerToken, token <= lastFormerToken { formerHasIt = true } else { recipientHasIt = true }
        }

        mutating func become(_ life: DeliveryLife) {
            if life.state == .delivered {
                finishes += hasEntered ? 0 : 1
                hasEntered = true
            }
            state = life.state
        }
    }

    /// Every world that is one step away.
    private static func steps(_ world: World) -> [World] {
        var next: [World] = []
        func step(_ change: (inout World) -> Void) {
            var copy = world
            change(&copy)
            next.append(copy)
        }
        for (number, node) in nodes.enumerated() {
            switch world.work[number] {
            case .idle:
                // The claim is one transaction: only what is pending and free.
                if world.state == .waiting, world.lease.token < maxClaims, !world.isThoughtDead[number] {
                    var copy = world
                    if let token = copy.lease.claim(by: node) {
                        copy.work[number] = .claimed(token)
                        next.append(copy)
                    }
                }
            case .claimed(let token):
                step {
                    $0.reach(token)
                    $0.work[number] = .answered(token)
                }
                // The recipient could not be reached, for the last time perhaps, or refuses it.
                for attempt in [DeliveryLife.Attempt.failed, .failedForTheLastTime, .refused] {
                    step { finish(&$0, number, token, attempt) }
                }
                if world.faults < maxFaults {
                    // The node crashes: before the request, or when the recipient has it and the answer is lost.
                    step { crash(&$0, number) }
                    step {
                        $0.reach(token)
                        crash(&$0, number)
                    }
                    // The answer is lost, the node lives.
                    step {
                        $0.reach(token)
                        $0.faults += 1
                        finish(&$0, number, token, .failed)
                    }
                }
            case .answered(let token):
                step { finish(&$0, number, token, .entered) }
                if world.faults < maxFaults { step { crash(&$0, number) } }
            }
            // Its heartbeat stops, whether it is dead or only hangs: the others free what it carried. It may go on later.
            if !world.isThoughtDead[number], world.faults < maxFaults {
                step {
                    $0.faults += 1
                    $0.isThoughtDead[number] = true
                    $0.lease.release(from: node)
                }
            }
            if world.isThoughtDead[number] { step { $0.isThoughtDead[number] = false } }
        }
        // The recipient pulls and confirms what was pushed to it, or what it found in its list.
        step {
            if case .become(let life) = $0.life.decide(.done) {
                $0.recipientHasIt = true
                $0.become(life)
            }
        }
        if !world.isReplayed {
            step {
                if case .become(let life) = $0.life.decide(.replay, isSeen: true) {
                    $0.isReplayed = true
                    $0.become(life)
                }
            }
        }
        if world.lastFormerToken == nil, world.faults < maxFaults { step { redirect(&$0) } }
        if world.faults < maxFaults {
            for act in [DeliveryLife.Act.hold, .release, .expire, .retry] {
                step {
                    if case .become(let life) = $0.life.decide(act, isSeen: true) {
                        $0.become(life)
                        $0.faults += 1
                    }
                }
            }
        }
        return next
    }

    private static func finish(
        _ world: inout World, _ number: Int, _ token: Int64, _ attempt: DeliveryLife.Attempt
    ) {
        world.work[number] = .idle
        // Its row in the queue is gone, and with it the token.
        if let last = world.lastFormerToken, token <= last { return }
        guard world.lease.finish(token) else { return }
        if case .become(let life) = world.life.decide(attempt) { world.become(life) }
    }

    /// To another agency, with the sender's consent.
    private static func redirect(_ world: inout World) {
        let redirect = Redirect(
            world.life, isSameAgency: false, isSuccessor: false, hasConsent: true, bringsDocument: true, isSeen: false,
            isCarried: world.lease.node != nil, isKnown: false)
        guard case .become(let life, _) = redirect.decide() else { return }
        world.faults += 1
        world.lastFormerToken = world.lease.token
        world.formerHasIt = world.recipientHasIt
        world.recipientHasIt = false
        world.become(life)
    }

    /// What the node knew is gone; what the database has stays until the node is thought dead.
    private static func crash(_ world: inout World, _ number: Int) {
        world.work[number] = .idle
        world.faults += 1
        world.isThoughtDead[number] = true
        world.lease.release(from: nodes[number])
    }

    @Test func nothingIsLostAndOneFinishCounts() {
        var known: Set<World> = [World()]
        var open = [World()]
        var predecessors: [World: [World]] = [:]
        while let world = open.popLast() {
            for next in Self.steps(world) where next != world {
                predecessors[next, default: []].append(world)
                if known.insert(next).inserted { open.append(next) }
            }
        }
        #expect(known.count > 10_000)
        for world in known {
            // Delivered is what the recipient has, and it was said once.
            if world.state == .delivered, !world.recipientHasIt { Issue.record("never arrived: \(world)") }
            if world.finishes > 1 { Issue.record("finished twice: \(world)") }
            if world.hasEntered, !world.isReplayed, world.state != .delivered {
                Issue.record("an end was taken back: \(world)")
            }
            if world.hasEntered, [.refused, .expired].contains(world.state) {
                Issue.record("a replay has undone what was delivered: \(world)")
            }
            if world.hasEntered, !world.recipientHasIt { Issue.record("entered elsewhere: \(world)") }
            // Nobody carries what nobody knows he carries.
            for number in Self.nodes.indices where world.lease.node == Self.nodes[number] {
                if world.work[number] == .idle { Issue.record("carried by nobody: \(world)") }
            }
        }
        // From everywhere it may still be delivered: no order of faults leaves it stuck.
        var alive = known.filter { $0.state == .delivered }
        var back = Array(alive)
        while let world = back.popLast() {
            for before in predecessors[world] ?? [] where alive.insert(before).inserted { back.append(before) }
        }
        #expect(alive.count == known.count)
    }

    /// Two who carry the same token would both finish: there is no such world.
    @Test func noTokenIsGivenTwice() {
        var known: Set<World> = [World()]
        var open = [World()]
        while let world = open.popLast() {
            let tokens = world.work.compactMap { work -> Int64? in
                switch work {
                case .idle: nil
                case .claimed(let token), .answered(let token): token
                }
            }
            if Set(tokens).count != tokens.count { Issue.record("\(world)") }
            for next in Self.steps(world) where known.insert(next).inserted { open.append(next) }
        }
    }
}
