// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What was sent, what was acknowledged, and what therefore must stand in the hub. Pure: told what was said and what is
/// seen, it answers with what is wrong.
///
/// A request without an answer is in doubt: it may have taken effect or not, and the next look at a quiet hub tells.
/// From then on it may not change any more by itself.
struct Ledger {
    /// Who sent it, and a number that the schedule gives.
    struct Name: Hashable, Comparable {
        let agency: Int
        let number: Int

        static func < (left: Name, right: Name) -> Bool { (left.agency, left.number) < (right.agency, right.number) }
    }

    struct Target: Hashable {
        let name: Name
        let recipient: Int
    }

    struct Package {
        let sha256: String
        let recipients: [Int]
        let isStatus: Bool
        /// The sender's document that it takes back; nil for what is no recall.
        let recalls: Name?
        /// `DocId` of the first acknowledgement.
        var receipt: String?
        var presence = Presence.inDoubt
    }

    enum Presence { case inDoubt, absent, present }

    struct Delivery {
        /// The delivery's id, once it was seen.
        var docID: String?
        var done = Certainty.no
        /// Failures that were acknowledged, and those that may have counted beside.
        var failures = 0
        var doubtedFailures = 0
        /// Whether it stood in the recipient's list at the last look at a quiet hub.
        var isListed = false
        /// Whether a recall came before anybody saw it.
        var isWithdrawn = false
        /// How often it came whole to its recipient's endpoint, and how often a receipt was sent for it.
        var arrivals = 0
        var receipts = 0
        /// What the recipient's latest status may be; empty before its first.
        var words: Set<DocumentStatus> = []
        var hasSurelySpoken = false
    }

    enum Certainty { case no, inDoubt, yes }

    /// A delivery as a recipient's list has it, with the SHA-256 of what `getEdoc` gave.
    struct Listed: Hashable {
        let docID: String
        let sha256: String
    }

    /// A line of a sender's list.
    struct SentLine: Hashable {
        let receipt: String
        let docID: String
        let recipient: Int
        let isHeld: Bool
        let isDone: Bool
        let isWithdrawn: Bool
        /// The recipient's latest status; nil while there is none.
        let word: DocumentStatus?
    }

    struct Violation: Error, Equatable, CustomStringConvertible {
        let what: String
        let name: Name?

        var description: String { name.map { "\(what) (package \($0.agency)/\($0.number))" } ?? what }
    }

    /// At this failure a delivery is held for the operator.
    let maxFailures: Int
    /// Recipients that have an endpoint and confirm nothing.
    let pushed: Set<Int>
    var packages: [Name: Package] = [:]
    private(set) var deliveries: [Target: Delivery] = [:]
    private var names: [String: Name] = [:]
    private(set) var targets: [String: Target] = [:]
    /// Deliveries, by recipient, whose first fetch got no whole answer: the hub may think that they were seen.
    var unsure: [Int: Set<String>] = [:]
    /// What the lists of a quiet hub may not show any more.
    var mustBeGone: Set<Target> = []

    init(maxFailures: Int, pushed: Set<Int> = []) {
        self.maxFailures = maxFailures
        self.pushed = pushed
    }

    // MARK: What is said

    /// A package is about to be sent, for the first time or again.
    mutating func sending(
        _ name: Name, sha256: String, to recipients: [Int], isStatus: Bool, recalls: Name? = nil
    ) {
        if packages[name] == nil {
            packages[name] = Package(sha256: sha256, recipients: recipients, isStatus: isStatus, recalls: recalls)
            names[sha256] = name
            for recipient in recipients { deliveries[Target(name: name, recipient: recipient)] = Delivery() }
        } else if packages[name]?.presence == .absent {
            packages[name]?.presence = .inDoubt
        }
    }

    /// The hub acknowledged it.
    mutating func acknowledged(_ name: Name, receipt: String) throws(Violation) {
        if let first = packages[name]?.receipt, first != receipt {
            throw Violation(what: "its receipt was \(first) and is now \(receipt)", name: name)
        }
        packages[name]?.receipt = receipt
        packages[name]?.presence = .present
    }

    /// Sent and neither acknowledged nor seen.
    var doubted: [Name] { packages.filter { $0.value.receipt == nil }.keys.sorted() }

    mutating func confirming(_ docID: String, _ confirmation: Confirmation) {
        change(docID) { delivery in
            switch confirmation {
            case .done: if delivery.done == .no { delivery.done = .inDoubt }
            case .fail: delivery.doubtedFailures += 1
            }
        }
    }

    /// The hub answered the confirmation that was announced last with OK.
    mutating func confirmed(_ docID: String, _ confirmation: Confirmation) {
        change(docID) { delivery in
            switch confirmation {
            case .done: delivery.done = .yes
            case .fail:
                delivery.doubtedFailures -= 1
                delivery.failures += 1
            }
        }
    }

    enum Confirmation { case done, fail }

    /// The recipient is about to send a status.
    mutating func speaking(_ target: Target, _ word: DocumentStatus) { deliveries[target]?.words.insert(word) }

    /// It was acknowledged; when that was its first and only sending, nothing said before can come after it.
    mutating func spoke(_ target: Target, _ word: DocumentStatus, atOnce: Bool) {
        deliveries[target]?.hasSurelySpoken = true
        if atOnce { deliveries[target]?.words = [word] }
    }

    private mutating func change(_ docID: String, _ body: (inout Delivery) -> Void) {
        guard let target = targets[docID], var delivery = deliveries[target] else { return }
        body(&delivery)
        deliveries[target] = delivery
    }

    /// The package and recipient of a delivery that was seen.
    func target(_ docID: String) -> Target? { targets[docID] }

    // MARK: What is seen

    /// Notes what a recipient's list shows while the hub works.
    ///
    /// - Throws: for what may not stand there.
    mutating func sees(_ listed: Listed, by recipient: Int) throws(Violation) -> Target {
        let target = try identify(listed, by: recipient)
        if deliveries[target]?.done == .yes {
            throw Violation(what: "confirmed, and listed again to \(recipient)", name: target.name)
        }
        note(listed.docID, target)
        return target
    }

    /// A whole push has come to the endpoint of `recipient`; told before it is answered.
    ///
    /// - Returns: how often it has come, this time included.
    /// - Throws: for what may not come there. That it comes again may be, as long as it is the same.
    mutating func arrived(_ push: Listed, at recipient: Int) throws(Violation) -> Int {
        if let target = targets[push.docID], packages[target.name]?.sha256 != push.sha256 {
            throw Violation(what: "\(push.docID) came with other bytes, SHA-256 \(push.sha256)", name: target.name)
        }
        let target = try identify(push, by: recipient)
        guard pushed.contains(recipient) else {
            throw Violation(what: "pushed to \(recipient), which has no endpoint", name: target.name)
        }
        note(push.docID, target)
        let arrivals = (deliveries[target]?.arrivals ?? 0) + 1
        deliveries[target]?.arrivals = arrivals
        return arrivals
    }

    /// A receipt is about to be sent for what has arrived.
    mutating func receipted(_ docID: String) { change(docID) { $0.receipts += 1 } }

    private func identify(_ listed: Listed, by recipient: Int) throws(Violation) -> Target {
        guard let name = names[listed.sha256] else {
            throw Violation(
                what: "agency \(recipient) got \(listed.docID), SHA-256 \(listed.sha256): never sent", name: nil)
        }
        let target = Target(name: name, recipient: recipient)
        guard let delivery = deliveries[target] else {
            throw Violation(what: "agency \(recipient) got what was not sent to it", name: name)
        }
        if let docID = delivery.docID, docID != listed.docID {
            throw Violation(what: "agency \(recipient) has it twice: \(docID) and \(listed.docID)", name: name)
        }
        if delivery.isWithdrawn {
            throw Violation(what: "withdrawn from agency \(recipient), and there again", name: name)
        }
        if packages[name]?.presence == .absent {
            throw Violation(what: "appeared after it had not been there", name: name)
        }
        return target
    }

    private mutating func note(_ docID: String, _ target: Target) {
        packages[target.name]?.presence = .present
        deliveries[target]?.docID = docID
        targets[docID] = target
        unsure[target.recipient]?.remove(docID)
    }

    /// Compares with the whole lists of a hub that has nothing to do, by recipient, documents and statuses together.
    mutating func compare(_ lists: [[Listed]]) -> [Violation] {
        var violations: [Violation] = []
        var listed: Set<Target> = []
        for (recipient, list) in lists.enumerated() {
            for line in list {
                do throws(Violation) {
                    let target = try sees(line, by: recipient)
                    if !listed.insert(target).inserted {
                        violations.append(Violation(what: "listed twice to \(recipient)", name: target.name))
                    }
                } catch { violations.append(error) }
            }
        }
        for target in mustBeGone.intersection(listed) {
            violations.append(Violation(what: "recalled before anybody saw it, and listed", name: target.name))
        }
        settleRecalls(listed)
        for (name, package) in packages.sorted(by: { $0.key < $1.key }) {
            for recipient in package.recipients {
                let target = Target(name: name, recipient: recipient)
                if let violation = settle(target, isListed: listed.contains(target)) { violations.append(violation) }
            }
            if packages[name]?.presence == .inDoubt { packages[name]?.presence = .absent }
        }
        unsure = [:]
        return violations
    }

    /// Decides what was in doubt about a delivery by whether it stands in the list.
    private mutating func settle(_ target: Target, isListed: Bool) -> Violation? {
        guard packages[target.name]?.presence == .present, var delivery = deliveries[target] else { return nil }
        defer { deliveries[target] = delivery }
        delivery.isListed = isListed
        if isListed {
            delivery.done = .no
            guard delivery.failures < maxFailures else {
                return Violation(what: "failed \(delivery.failures) times and not held", name: target.name)
            }
            return nil
        }
        if delivery.isWithdrawn || isTakenBack(target) {
            delivery.isWithdrawn = true
            return nil
        }
        let why = packages[target.name]?.receipt == nil ? "seen" : "acknowledged"
        if pushed.contains(target.recipient) {
            // What has left the list was delivered, and that takes a receipt.
            if delivery.receipts > 0 { delivery.done = .yes }
            if delivery.done == .yes { return nil }
            return Violation(
                what: "\(why), and neither listed to \(target.recipient) nor received there", name: target.name)
        }
        if delivery.done == .inDoubt { delivery.done = .yes }
        if delivery.done == .yes || delivery.failures + delivery.doubtedFailures >= maxFailures { return nil }
        return Violation(what: "\(why), and neither listed to \(target.recipient) nor final", name: target.name)
    }

    /// Compares with every line of a sender's lists, documents and statuses together, at a quiet hub.
    func compare(sentBy agency: Int, _ lines: [SentLine]) -> [Violation] {
        var violations: [Violation] = []
        var rest = deliveries.filter { $0.key.name.agency == agency && packages[$0.key.name]?.presence == .present }
        let receipts = Dictionary(
            packages.compactMap { name, package in package.receipt.map { ($0, name) } }, uniquingKeysWith: { $1 })
        for line in lines {
            let known = targets[line.docID]?.name ?? receipts[line.receipt]
            guard let name = known ?? unseenRecall(line, among: rest.keys) else {
                violations.append(Violation(what: "agency \(agency) is said to have sent \(line.receipt)", name: nil))
                continue
            }
            let target = Target(name: name, recipient: line.recipient)
            guard let delivery = rest.removeValue(forKey: target) else {
                violations.append(Violation(what: "stands twice, or wrongly, in the sender's list", name: name))
                continue
            }
            let problems =
                pushed.contains(line.recipient)
                ? problems(pushed: line, delivery)
                : isRecalled(target)
                    ? problems(recalled: line, delivery) : problems(line, delivery) + standing(line, delivery)
            violations += problems.map { Violation(what: "sender's list: \($0)", name: name) }
        }
        for target in rest.keys {
            violations.append(
                Violation(what: "missing in the sender's list, to \(target.recipient)", name: target.name))
        }
        return violations
    }

    private func problems(_ line: SentLine, _ delivery: Delivery) -> [String] {
        var problems: [String] = []
        if let docID = delivery.docID, docID != line.docID { problems.append("\(line.docID) instead of \(docID)") }
        if let word = line.word {
            if !delivery.words.contains(word) { problems.append("status \(word.rawValue) was not the latest said") }
        } else if delivery.hasSurelySpoken {
            problems.append("an acknowledged status is not visible")
        }
        return problems
    }

    func standing(_ line: SentLine, _ delivery: Delivery) -> [String] {
        var problems: [String] = []
        if line.isDone != (delivery.done == .yes) { problems.append("done is \(line.isDone)") }
        if line.isHeld, delivery.failures + delivery.doubtedFailures < maxFailures { problems.append("held too early") }
        if line.isWithdrawn != delivery.isWithdrawn { problems.append("withdrawn is \(line.isWithdrawn)") }
        if [delivery.isListed, line.isDone, line.isHeld, line.isWithdrawn].filter({ $0 }).count != 1 {
            problems.append(
                """
                listed \(delivery.isListed), done \(line.isDone), held \(line.isHeld), withdrawn \(line.isWithdrawn): \
                not one of them
                """)
        }
        return problems
    }

    /// What an endpoint gets may be delivered between a look at its list and a look at the sender's.
    private func problems(pushed line: SentLine, _ delivery: Delivery) -> [String] {
        var problems = problems(line, delivery)
        if line.isDone, delivery.receipts == 0 { problems.append("done, and nobody gave a receipt") }
        if !line.isDone, delivery.done == .yes { problems.append("received, and not done") }
        if line.isHeld { problems.append("held, and nobody asked for it") }
        return problems
    }

    /// Deliveries to endpoints, by id.
    var carried: [(docID: String, target: Target)] {
        targets.filter { pushed.contains($0.value.recipient) }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// When all has been carried: each delivery to an endpoint was delivered once and only once.
    ///
    /// - Parameter history: how often it says so of each delivery.
    func compare(history: [String: Int]) -> [Violation] {
        carried.compactMap { docID, target in
            let times = history[docID] ?? 0
            guard times != 1 else { return nil }
            return Violation(what: "\(docID) was delivered \(times) times by the history", name: target.name)
        }
    }

    /// All that is known of one package, for a report.
    func extract(_ name: Name) -> String {
        guard let package = packages[name] else { return "\(name): unknown" }
        let all = package.recipients.map { recipient in
            "  to \(recipient): \(deliveries[Target(name: name, recipient: recipient)].map { "\($0)" } ?? "-")"
        }
        return (["\(name): \(package)"] + all).joined(separator: "\n")
    }
}
