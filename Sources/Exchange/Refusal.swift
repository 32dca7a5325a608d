// SPDX-License-Identifier: Apache-2.0

/// A "no" of the hub: what every caller, sender, operator and log gets to see of it.
///
/// The code is stable and never re-used. `Code.entry` holds the class, the sentences, the remedy and how the code is
/// said on each surface; a test walks the whole catalogue.
public struct Refusal: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: Code
    /// What exactly was met, in one line; never a secret and never the whole of somebody's input.
    public let detail: String?

    /// Longest detail kept, in Unicode scalars: one character alone may have any number of them.
    public static let maxDetailLength = 500

    /// Seconds after which the same request may be sent again with hope; nil when nobody can say. 1 to `maxRetryAfter`.
    public let retryAfterSeconds: Int?

    /// Longest wait that is asked of a client, in seconds: what is wrong for longer than that changes in unknown ways.
    public static let maxRetryAfter = 3_600

    /// - Parameter retryAfter: said to the client in whole seconds, rounded up.
    public init(_ code: Code, _ detail: String? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.detail = detail.map { Self.oneLine($0, maxLength: Self.maxDetailLength) }
        retryAfterSeconds = retryAfter.map { wait in
            let (seconds, attoseconds) = wait.components
            return Int(min(max(seconds + (attoseconds > 0 ? 1 : 0), 1), Int64(Self.maxRetryAfter)))
        }
    }

    public init(_ code: Code, _ problem: ParsingProblem) { self.init(code, problem.description) }

    /// The first `maxLength` scalars of `text`, fit for logs and terminals: line breaks, terminal escapes and invisible
    /// marks become spaces, because a detail may quote a hostile peer.
    public static func oneLine(_ text: String, maxLength: Int) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maxLength) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: kept.append(" ")
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }

    public var entry: Entry { code.entry }
    public var description: String { detail.map { "\(code.rawValue): \($0)" } ?? code.rawValue }

    /// Who can do something about it, which decides whether anybody tries again.
    public enum Class: String, CaseIterable, Sendable {
        /// The sender's (or caller's) to mend; the same request will be refused again.
        case caller
        /// The hub's operator must act.
        case operatorDuty = "operator"
        /// Passes by itself; the same request may be sent again.
        case transient
        /// Final, and nobody's fault to mend.
        case permanent

        /// For whoever reads a message about it.
        public var vietnamese: String {
            switch self {
            case .caller: "bên gửi xử lý"
            case .operatorDuty: "đơn vị vận hành trục xử lý"
            case .transient: "tạm thời"
            case .permanent: "không khắc phục được"
            }
        }
    }

    /// One line of the catalogue.
    public struct Entry: Sendable {
        public let `class`: Class
        public let http: Int
        /// The `ErrorCode` that provincial and national clients know (docs/refusals.md).
        public let vxp: String
        public let vietnamese: String
        public let english: String
        public let remedyVietnamese: String
        public let remedyEnglish: String
    }
}
