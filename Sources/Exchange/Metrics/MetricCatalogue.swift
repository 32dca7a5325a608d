// SPDX-License-Identifier: Apache-2.0

/// Everything that the hub measures of itself. Nothing else is shown: a name that is not here is not counted.
public enum Metric: String, CaseIterable, Sendable {
    case acceptedPackages = "truc_accepted_packages_total"
    case acceptedBytes = "truc_accepted_bytes_total"
    case refusals = "truc_refusals_total"
    case confirmations = "truc_confirmations_total"
    case pushAttempts = "truc_push_attempts_total"
    case pushesInFlight = "truc_pushes_in_flight"
    case claimDuration = "truc_claim_duration_seconds"
    case commitBatch = "truc_commit_batch_packages"
    case commitDuration = "truc_commit_duration_seconds"
    case contentSync = "truc_content_sync_duration_seconds"
    case poolWait = "truc_database_pool_wait_seconds"
    case httpConnections = "truc_http_connections"
    case intakes = "truc_intakes"
    case contentFree = "truc_content_free_bytes"
    case contentReserve = "truc_content_reserve_bytes"
    case backlog = "truc_backlog_deliveries"
    case oldestUndelivered = "truc_oldest_undelivered_timestamp_seconds"
    case held = "truc_held_deliveries"
    case collectionAlerts = "truc_collection_alerts"
    case urgentCollectionAlerts = "truc_urgent_collection_alerts"
    case owedDuties = "truc_owed_duties"
    case overdueDocuments = "truc_overdue_documents"
    case repeatedCodes = "truc_repeated_codes_total"
    case scans = "truc_scans_total"
    case scansWaiting = "truc_scans_waiting"
    case scanWait = "truc_scan_wait_seconds"
    case scansImpossible = "truc_scans_impossible"
    case walPosition = "truc_wal_position_bytes"
    case walRetained = "truc_wal_retained_bytes"
    case readingTime = "truc_database_reading_timestamp_seconds"
    case clockSynchronised = "truc_clock_synchronised"
    case clockOffset = "truc_clock_database_offset_seconds"
    case residentMemory = "process_resident_memory_bytes"
    case openFiles = "process_open_fds"
    case maxFiles = "process_max_fds"
    case processorTime = "process_cpu_seconds_total"
    case startTime = "process_start_time_seconds"

    /// Ages that the backlog is told by: up to each, and older than the last. In words for the label, and in seconds.
    public static let backlogAges: [(label: String, seconds: Int)] = [
        ("1m", 60), ("15m", 900), ("1h", 3_600), ("4h", 14_400), ("1d", 86_400), ("7d", 604_800),
    ]
    /// The label of what is older than all of `backlogAges`.
    public static let oldestBacklogAge = "+Inf"
    /// Agencies of which the oldest undelivered package is told, those that wait longest.
    public static let maxAgencies = 100

    private static let durations = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    public var entry: MetricEntry {
        switch self {
        case .acceptedPackages:
            entry(.counter, "Packages with a receipt: new, or repeated ones that got their first receipt.", "result", 2)
        case .acceptedBytes: entry(.counter, "Bytes of the new packages.")
        case .refusals:
            entry(
                .counter, "Refusals told to callers, by their code in docs/refusals.md.", "code",
                Refusal.Code.allCases.count)
        case .confirmations:
            entry(.counter, "Deliveries moved on by their recipient, by what they became.", "outcome", 4)
        case .pushAttempts:
            entry(.counter, "Attempts at endpoints, by how they ended; late: another was faster.", "outcome", 5)
        case .pushesInFlight: entry(.gauge, "Deliveries that are on their way to endpoints.")
        case .claimDuration:
            entry(.histogram(Self.durations), "Time to take deliveries for one endpoint from the queue.")
        case .commitBatch:
            entry(.histogram([1, 2, 4, 8, 12, 16]), "Packages in one transaction of the committer.")
        case .commitDuration:
            entry(.histogram(Self.durations), "Time of one transaction of the committer, its content sync included.")
        case .contentSync: entry(.histogram(Self.durations), "Time to encrypt, write and sync a batch's content.")
        case .poolWait: entry(.histogram(Self.durations), "Time that a caller waited for a database connection.")
        case .httpConnections: entry(.gauge, "HTTP connections that are open.")
        case .intakes: entry(.gauge, "Packages that are on their way in.")
        case .contentFree: entry(.gauge, "Bytes that are free on the disk of the content.")
        case .contentReserve: entry(.gauge, "Free bytes below which no package is taken.")
        case .backlog:
            entry(
                .gauge, "Deliveries not yet confirmed, by age: up to the label's, and over the label before it.", "age",
                Self.backlogAges.count + 1)
        case .oldestUndelivered:
            entry(
                .gauge,
                "When the oldest unconfirmed delivery of an agency was accepted; the agencies that wait longest.",
                "agency", Self.maxAgencies)
        case .held:
            entry(.gauge, "Deliveries held for the operator or their sender; not those that a scan or a seal stops.")
        case .collectionAlerts:
            entry(
                .gauge, "Open alerts about documents of which their recipients say nothing, by who was alerted last.",
                "step", 3)
        case .urgentCollectionAlerts: entry(.gauge, "The open alerts about documents from hỏa tốc on.")
        case .owedDuties:
            entry(
                .gauge,
                "Cancellations of recalled documents, and reasons of returns, that agencies owe although all were alerted.",
                "duty", 2)
        case .overdueDocuments:
            entry(
                .gauge,
                "Documents at recipients that are not dealt with though their due day is over, of 30 days; 10001: at least."
            )
        case .repeatedCodes:
            entry(.counter, "Documents whose number and notation their sender had used before in the year.")
        case .scans:
            entry(.counter, "Scans of packages, by how they ended; failed: the scanner gave no verdict.", "outcome", 5)
        case .scansWaiting: entry(.gauge, "Packages that wait for their files to be scanned.")
        case .scanWait:
            entry(.gauge, "How long the package that waits longest for its scan has waited; 0 when none does.")
        case .scansImpossible: entry(.gauge, "Packages that cannot be scanned and wait for the operator.")
        case .walPosition: entry(.gauge, "Bytes of write-ahead log since the database cluster was made.")
        case .walRetained: entry(.gauge, "Write-ahead log that the slowest replication slot keeps from being removed.")
        case .readingTime: entry(.gauge, "When the values that come from the database were last read.")
        case .clockSynchronised:
            entry(.gauge, "Whether the kernel says that something keeps the system clock right: 1, or 0.")
        case .clockOffset: entry(.gauge, "How far the database's clock is ahead of the hub's.")
        case .residentMemory: entry(.gauge, "Resident memory of the process.")
        case .openFiles: entry(.gauge, "Open file descriptors of the process.")
        case .maxFiles: entry(.gauge, "File descriptors that the process may have open.")
        case .processorTime: entry(.counter, "Processor time of the process, user and system.")
        case .startTime: entry(.gauge, "When the process started.")
        }
    }

    private func entry(
        _ kind: MetricEntry.Kind, _ help: String, _ label: String? = nil, _ maxSeries: Int = 1
    ) -> MetricEntry {
        MetricEntry(rawValue, kind, help, labels: label.map { [$0] } ?? [], maxSeries: maxSeries)
    }
}
