// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Recalls: who has seen the document owes an answer and gets the recall; who has not loses the document and gets neither.
extension Ledger {
    /// Whether a package takes back what `target` names, for all that is known by now.
    private func recall(of target: Target) -> Name? {
        packages.first { $0.value.recalls == target.name && $0.value.recipients.contains(target.recipient) }?.key
    }

    func isRecalled(_ target: Target) -> Bool { recall(of: target).map { packages[$0]?.presence } == .present }

    /// A recall of which nothing was seen and whose receipt did not come: known to be there by what it took away.
    func unseenRecall(_ line: SentLine, among rest: some Sequence<Target>) -> Name? {
        guard line.isWithdrawn else { return nil }
        return rest.filter { target in
            target.recipient == line.recipient && deliveries[target]?.isWithdrawn == true
                && packages[target.name].map { $0.recalls != nil && $0.receipt == nil } == true
        }.map(\.name).min()
    }

    /// Nobody answers a recall here, so that the duty stays what the sender is shown, whatever was said of the document.
    func problems(recalled line: SentLine, _ delivery: Delivery) -> [String] {
        let isShown = line.word == (delivery.isWithdrawn ? nil : .recallRequested)
        return standing(line, delivery)
            + (isShown ? [] : ["recalled, and it says \(line.word.map { "\($0.rawValue)" } ?? "nothing")"])
    }

    /// Documents of an agency that can be recalled: present, and not recalled before; oldest first.
    func recallable(by agency: Int) -> [Name] {
        let taken = Set(packages.values.compactMap(\.recalls))
        return packages.filter { name, package in
            name.agency == agency && !package.isStatus && package.recalls == nil && package.receipt != nil
                && !taken.contains(name)
        }.keys.sorted()
    }

    /// Whether a fetch may be refused because what it asks for was withdrawn.
    func mayBeWithdrawn(_ docID: String, from recipient: Int) -> Bool {
        if targets[docID] != nil { return false }
        return packages.values.contains { $0.recalls != nil && $0.recipients.contains(recipient) }
    }

    /// A delivery is about to be fetched. Until its bytes come, nobody knows what it is.
    mutating func fetching(_ docID: String, by recipient: Int) {
        if targets[docID] == nil { unsure[recipient, default: []].insert(docID) }
    }

    /// The hub answered that it was withdrawn: nothing of it was handed out.
    mutating func refused(_ docID: String, to recipient: Int) { unsure[recipient]?.remove(docID) }

    /// All is quiet, and nothing was looked at yet: what was recalled and surely never handed out must be gone.
    mutating func beginLook() {
        mustBeGone = []
        for (name, package) in packages where package.presence == .present {
            guard let document = package.recalls else { continue }
            for recipient in package.recipients where unsure[recipient, default: []].isEmpty {
                let target = Target(name: document, recipient: recipient)
                guard deliveries[target]?.docID == nil else { continue }
                mustBeGone.formUnion([target, Target(name: name, recipient: recipient)])
            }
        }
    }

    /// A recall without an answer has come into effect if a document that it names is gone from who never saw it.
    mutating func settleRecalls(_ listed: Set<Target>) {
        for (name, package) in packages where package.presence == .inDoubt {
            guard let document = package.recalls else { continue }
            let isInEffect = package.recipients.contains { recipient in
                let target = Target(name: document, recipient: recipient)
                return deliveries[target]?.docID == nil && !listed.contains(target)
            }
            if isInEffect { packages[name]?.presence = .present }
        }
    }

    /// Whether a delivery that is neither listed nor final is so because its document was withdrawn unseen: the document
    /// itself, or the recall that its recipient then does not get.
    func isTakenBack(_ target: Target) -> Bool {
        if let document = packages[target.name]?.recalls {
            return deliveries[Target(name: document, recipient: target.recipient)]?.docID == nil
        }
        guard deliveries[target]?.docID == nil, let recall = recall(of: target) else { return false }
        return packages[recall]?.presence == .present
    }
}
