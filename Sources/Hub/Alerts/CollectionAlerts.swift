// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Delivery
import Exchange
import Foundation
import Logging
import Store

/// Fetched is not received: where a recipient owes something of a document for too long, alerts it, the sender, the agency
/// above and the operator, in this order and each once. And senders that use a number twice. A shell around
/// `CollectionAlert`, one on each node.
struct CollectionAlerts: Sendable {
    /// Between two looks.
    static let interval = Duration.seconds(10)
    /// After a look it rests at least this many times as long as the look took.
    static let restFactor = 9
    /// Messages that are read at once.
    static let maxRound = 50
    /// Most times in a row that one of a look's tasks goes on, as long as there is more for it: then the next has its turn.
    static let maxRounds = 200
    /// The same of telling, which takes longer.
    static let maxTellingRounds = 20
    /// How long a message that could not be told lets the others go before it.
    static let noticePause = Duration.seconds(300)

    let store: Store
    let registry: Registry
    let voice: HubVoice
    let logger: Logger
    private let repeatedCodes = Counter(label: Metric.repeatedCodes.rawValue)

    init(store: Store, registry: Registry, logger: Logger) {
        self.store = store
        self.registry = registry
        self.logger = logger
        voice = HubVoice(store: store, registry: registry, logger: logger)
    }

    /// Looks until its task is cancelled.
    func run() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let began = clock.now
            // Each by itself: what one of them meets must not silence the others.
            await attempt(self.keep)
            await attempt(self.tell, atMost: Self.maxTellingRounds)
            await attempt(self.findRepeatedCodes)
            await attempt(self.drop)
            try? await clock.sleep(for: max(Self.interval, began.duration(to: .now) * Self.restFactor))
        }
    }

    /// - Parameter step: returns whether there is more to be done.
    private func attempt(_ step: (Instant) async throws -> Bool, atMost rounds: Int = maxRounds) async {
        do {
            for _ in 0..<rounds {
                guard try await step(.now()), !Task.isCancelled else { return }
            }
        } catch is CancellationError {} catch {
            logger.warning("alerts: the database could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: whether there is more to be looked at now.
    func keep(at now: Instant) async throws -> Bool {
        let calendar = WorkingCalendar(imported: try await store.database.calendarYears())
        let named = try await registry.current().policy(at: now).profile.collectionAlerts?.value
        let schedule = named.map(CollectionAlertSchedule.init(terms:)) ?? .standard
        let round = try await store.database.keepCollectionAlerts(by: schedule, calendar, at: now)
        if let count = round.raised[.hub] {
            logger.warning(
                "alerts: documents are not acknowledged, and their agencies and those above were told",
                metadata: ["documents": "\(count)"])
        }
        return round.isMore
    }

    /// - Returns: whether there is more to be looked at now.
    func findRepeatedCodes(at now: Instant) async throws -> Bool {
        let round = try await store.database.findRepeatedCodes(at: now)
        if round.found > 0 {
            repeatedCodes.increment(by: round.found)
            logger.warning(
                "alerts: senders used a number and notation twice", metadata: ["documents": "\(round.found)"])
        }
        return round.isMore
    }

    /// Tells what is due, the most urgent first. One that cannot be told keeps no other from it.
    ///
    /// - Returns: whether there is more to be told.
    func tell(at now: Instant) async throws -> Bool {
        let due = try await store.database.dueAlertNotices(limit: Self.maxRound, at: now)
        guard !due.isEmpty else { return false }
        let contacts = try await store.database.dutyContacts()
        for notice in due {
            do {
                if try await tell(notice, contacts) {
                    try await store.database.alertNoticeTold(notice)
                    continue
                }
            } catch {
                logger.warning(
                    "alerts: somebody could not be told yet",
                    metadata: ["package": "\(notice.subject.package)", "error": "\(error)"])
            }
            try await store.database.postponeAlertNotice(notice, until: now.advanced(by: Self.noticePause))
        }
        return due.count == Self.maxRound
    }

    /// Lets go of messages that are too old, or too many, and of alerts that are long over.
    func drop(at now: Instant) async throws -> Bool {
        let dropped = try await store.database.dropAlertNotices(at: now)
        if dropped > 0 {
            logger.error("alerts: messages were let go untold", metadata: ["messages": "\(dropped)"])
        }
        return try await store.database.removeClosedAlerts(at: now)
    }

    private func tell(_ due: AlertNotice, _ contacts: [DutyContact]) async throws -> Bool {
        // Of what is sealed nobody is told anything, but that it is to be cancelled.
        guard !due.isSealed || due.isAboutRecall else { return true }
        return try await voice.say(about: due.subject) { registry, subject in
            let contacts = DutyContacts(contacts, in: registry)
            guard let addressee = addressee(of: due, registry, contacts) else { return nil }
            let text =
                switch due.matter {
                case .silence(let silence):
                    AlertWords.text(silence, at: subject.at, contacts: contacts.text(of: silence.recipient))
                case .repeatedCode(let document, let acceptedAt):
                    AlertWords.text(repeating: document, acceptedAt, in: subject.package)
                }
            // Not 02: nobody has returned anything.
            return try HubNotice(saying: text, status: .arrived, to: addressee, of: subject, registry: registry)
        }
    }

    /// Nil where there is nobody who could be told: the operator's list shows it all the same.
    private func addressee(
        of due: AlertNotice, _ registry: RegistrySnapshot, _ contacts: DutyContacts
    ) -> (key: AgencyKey, written: String)? {
        switch (due.addressee, due.matter) {
        case (.sender, _): registry.agency(due.subject.sender).map { ($0.key, due.subject.senderWritten) }
        case (.recipient, .silence(let silence)):
            registry.agency(silence.recipient).map { ($0.key, silence.recipientWritten) }
        case (.superior, .silence(let silence)):
            contacts.superior(of: silence.recipient).map { ($0.key, $0.code.text) }
        case (.recipient, .repeatedCode), (.superior, .repeatedCode): nil
        }
    }
}

extension AlertNotice {
    /// Whether it reminds of a recall, which goes on its way as ever.
    fileprivate var isAboutRecall: Bool {
        guard case .silence(let silence) = matter else { return false }
        return silence.stage == .recallUnanswered || silence.stage == .recallDeclined
    }
}
