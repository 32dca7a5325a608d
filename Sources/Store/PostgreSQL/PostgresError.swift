// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL
import Exchange

/// What went wrong between us and PostgreSQL.
///
/// Made for logs and for decisions, not for callers of the hub: those get `refusal`. It never holds parameter values
/// of ours, but `message` and `detail` are the server's words and may quote a key that was violated.
public struct PostgresError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// No connection came about, or the one there was is gone. Whether a running statement took effect is unknown.
        case connection
        /// The server refused a statement; `sqlState` says why.
        case server
        /// A value cannot be sent as PostgreSQL's type. Nothing was sent.
        case encoding
        /// A result is not what the reader expected.
        case decoding
        /// The connection was used in a way that its state does not allow. Nothing was sent.
        case usage
    }

    /// Longest excerpt of a statement, in characters.
    public static let maxStatementLength = 200
    /// Longest message or detail kept of the server's, in characters.
    public static let maxMessageLength = 500

    public let kind: Kind
    /// Five characters, PostgreSQL documentation appendix A; nil unless the server sent it.
    public let sqlState: String?
    public let message: String
    public let detail: String?
    public let constraint: String?
    /// Beginning of the statement, white space folded.
    public let statement: String?
    /// Position in the pipeline of the statement that failed; nil outside pipelines and for a failed commit.
    public let statementIndex: Int?
    /// The server ended the session with this error.
    public let isFatal: Bool

    init(_ kind: Kind, _ message: String, statement: String? = nil, statementIndex: Int? = nil) {
        self.kind = kind
        self.sqlState = nil
        self.message = Self.folded(message, Self.maxMessageLength)
        self.detail = nil
        self.constraint = nil
        self.statement = statement.map { Self.folded($0, Self.maxStatementLength) }
        self.statementIndex = statementIndex
        self.isFatal = kind == .connection
    }

    /// Reads the fields of an error result; the result stays the caller's.
    init(result: OpaquePointer, connectionIsGone: Bool, statement: String?, statementIndex: Int?) {
        func field(_ code: Int32) -> String? { PQresultErrorField(result, code).map { String(cString: $0) } }
        let severity = field(Int32(UInt8(ascii: "V")))  // PG_DIAG_SEVERITY_NONLOCALIZED
        sqlState = field(Int32(UInt8(ascii: "C")))  // PG_DIAG_SQLSTATE
        // Every error of the server has an SQLSTATE. One without was made by libpq, which could not send or read; by then it
        // does not always call the connection bad, but has given up what was under way.
        let fatal = severity == "FATAL" || severity == "PANIC" || sqlState == nil
        kind = fatal || connectionIsGone ? .connection : .server
        isFatal = kind == .connection
        message = Self.folded(
            field(Int32(UInt8(ascii: "M")))  // PG_DIAG_MESSAGE_PRIMARY
                ?? PQresultErrorMessage(result).map { String(cString: $0) } ?? "", Self.maxMessageLength)
        detail = field(Int32(UInt8(ascii: "D"))).map { Self.folded($0, Self.maxMessageLength) }  // ..._MESSAGE_DETAIL
        constraint = field(Int32(UInt8(ascii: "n")))  // PG_DIAG_CONSTRAINT_NAME
        self.statement = statement.map { Self.folded($0, Self.maxStatementLength) }
        self.statementIndex = statementIndex
    }

    /// The connection is gone, or the server is not there or not ready for anybody.
    public var isConnectionLoss: Bool {
        if kind == .connection { return true }
        guard kind == .server, let sqlState else { return false }
        return sqlState.hasPrefix("08") || ["57P01", "57P02", "57P03", "53300"].contains(sqlState)
    }

    /// A row with this key exists already; `constraint` names the rule.
    public var isUniqueViolation: Bool { sqlState == "23505" }

    /// Whether a row was to go that another one references, or one to come that references none.
    public var isForeignKeyViolation: Bool { sqlState == "23503" }

    /// The same transaction may succeed when it is tried again: serialization failure or deadlock.
    public var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// What callers of the hub are told. The server's words stay out of it.
    public var refusal: Refusal {
        let place = [sqlState.map { "SQLSTATE \($0)" }, constraint].compactMap(\.self).joined(separator: ", ")
        let detail = place.isEmpty ? nil : place
        if isConnectionLoss { return Refusal(.databaseUnavailable, detail) }
        return switch sqlState {
        case "53100": Refusal(.storageFull, detail)
        // A standby that was not yet promoted; out of memory or another resource of the server.
        case "25006", "53000", "53200", "53400": Refusal(.databaseUnavailable, detail)
        // Statement or lock timeout.
        case "57014", "55P03": Refusal(.overloaded, detail)
        default: Refusal(.internalError, detail)
        }
    }

    public var description: String {
        var text = "\(kind): \(message)"
        if let sqlState { text += " [SQLSTATE \(sqlState)]" }
        if let constraint { text += " [constraint \(constraint)]" }
        if let detail { text += " [\(detail)]" }
        if let statementIndex { text += " [statement \(statementIndex + 1) of the pipeline]" }
        if let statement { text += " in: \(statement)" }
        return text
    }

    private static func folded(_ text: String, _ maxLength: Int) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count > maxLength ? words.prefix(maxLength) + "…" : words
    }
}
