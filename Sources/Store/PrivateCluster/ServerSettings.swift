// SPDX-License-Identifier: Apache-2.0

/// How the private server runs: for one hub on one small machine. Given on its command line, so that they hold whatever
/// stands in `postgresql.conf`.
enum ServerSettings {
    private static let settings: [(String, String)] = [
        // Accepted means durable (docs/architecture.md §4.1).
        ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"),
        // Reachable over the socket in our directory and by nothing else.
        ("listen_addresses", ""), ("unix_socket_permissions", "0700"),
        ("max_connections", "50"), ("shared_buffers", "128MB"), ("wal_compression", "on"),
        // Short statements: compiling them costs more than it brings.
        ("jit", "off"),
        ("timezone", "UTC"), ("log_timezone", "UTC"), ("lc_messages", "C"),
        // One file for each day of the week, overwritten after a week; no parameter values.
        ("logging_collector", "on"), ("log_filename", "postgresql-%a.log"), ("log_truncate_on_rotation", "on"),
        ("log_rotation_age", "1d"), ("log_rotation_size", "0"), ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ]

    static func arguments(_ layout: ClusterLayout) -> [String] {
        // The value is a list whose elements may be quoted.
        let socketDirectory = "\"" + layout.cluster.replacing("\"", with: "\"\"") + "\""
        let all =
            settings + [
                ("unix_socket_directories", socketDirectory), ("port", "\(ClusterLayout.port)"),
                ("log_directory", layout.logs),
            ]
        return ["-D", layout.database] + all.flatMap { ["-c", "\($0)=\($1)"] }
    }
}
