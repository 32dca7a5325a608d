// SPDX-License-Identifier: Apache-2.0

/// Which connections are kept: the decisions of `ConnectionTable`. Pure, without a clock: the longest idle connection is
/// the one that became idle before all others.
///
/// A connection that nobody works for gives way to a new one, so that silent clients hold nothing however many they are.
/// When all are at work, a few more are let in for the paths of health only.
struct ConnectionAdmission {
    enum Place: Equatable {
        case ordinary
        /// For the paths of health only, and for one request.
        case reserved
    }

    /// What becomes of a new connection, and which one has to be closed for it.
    enum Decision: Equatable {
        case admit(Place, closing: Int?)
        case refuse
    }

    private struct Entry {
        let place: Place
        /// Nil for a peer whose connections are not counted.
        let peer: String?
        /// Its turn among the idle; nil while requests of it are worked on.
        var idleTurn: Int?
    }

    private let connections: Int
    private let perPeer: Int
    private let reserve: Int
    private var entries: [Int: Entry] = [:]
    private var ofPeer: [String: Int] = [:]
    private var turn = 0

    init(connections: Int, perPeer: Int, reserve: Int) {
        self.connections = connections
        self.perPeer = perPeer
        self.reserve = reserve
    }

    /// Connections that are kept.
    var count: Int { entries.count }

    /// A connection came, idle until it is said to be busy.
    ///
    /// - Parameters:
    ///   - id: of this connection and no other, ever.
    ///   - peer: nil for a peer that speaks for many, as a proxy does.
    mutating func opened(_ id: Int, peer: String?) -> Decision {
        if let peer, ofPeer[peer, default: 0] >= perPeer {
            guard let victim = longestIdle(where: { $0.peer == peer }) else { return .refuse }
            let place = entries[victim]?.place ?? .ordinary
            closed(victim)
            insert(id, place, peer)
            return .admit(place, closing: victim)
        }
        for (place, limit) in [(Place.ordinary, connections), (.reserved, reserve)] {
            var victim: Int?
            if entries.values.count(where: { $0.place == place }) >= limit {
                victim = longestIdle { $0.place == place }
                guard let victim else { continue }
                closed(victim)
            }
            insert(id, place, peer)
            return .admit(place, closing: victim)
        }
        return .refuse
    }

    /// A request came that is now worked on.
    mutating func busy(_ id: Int) { entries[id]?.idleTurn = nil }

    /// Every answer that was due is written.
    mutating func idle(_ id: Int) {
        guard entries[id]?.idleTurn == nil else { return }
        turn += 1
        entries[id]?.idleTurn = turn
    }

    /// It is gone, or was told to go. May be said again.
    mutating func closed(_ id: Int) {
        guard let entry = entries.removeValue(forKey: id), let peer = entry.peer else { return }
        let left = ofPeer[peer, default: 1] - 1
        ofPeer[peer] = left > 0 ? left : nil
    }

    private mutating func insert(_ id: Int, _ place: Place, _ peer: String?) {
        turn += 1
        entries[id] = Entry(place: place, peer: peer, idleTurn: turn)
        if let peer { ofPeer[peer, default: 0] += 1 }
    }

    /// Looks at all: only where a limit is reached, and there are no more than the limits.
    private func longestIdle(where isMeant: (Entry) -> Bool) -> Int? {
        entries.filter { isMeant($0.value) && $0.value.idleTurn != nil }
            .min { ($0.value.idleTurn ?? 0) < ($1.value.idleTurn ?? 0) }?.key
    }
}
