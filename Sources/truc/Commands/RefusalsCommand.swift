// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange

struct RefusalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refusals", abstract: "List every reason for which the hub says no.",
        discussion: """
            truc refusals              the table of docs/refusals.md
            truc refusals --json
            """)

    @OptionGroup var output: OutputOptions

    /// A line of the catalogue as `--json` shows it. The keys are stable.
    struct Shown: Encodable {
        let code: String
        let `class`: String
        let http: Int
        let vxpErrorCode: String
        let sentenceVi: String
        let sentenceEn: String
        let remedyVi: String
        let remedyEn: String

        enum CodingKeys: String, CodingKey {
            case code, `class`, http
            case vxpErrorCode = "vxp_error_code"
            case sentenceVi = "sentence_vi"
            case sentenceEn = "sentence_en"
            case remedyVi = "remedy_vi"
            case remedyEn = "remedy_en"
        }

        init(_ code: Refusal.Code) {
            let entry = code.entry
            self.code = code.rawValue
            self.class = entry.class.rawValue
            http = entry.http
            vxpErrorCode = entry.vxp
            sentenceVi = entry.vietnamese
            sentenceEn = entry.english
            remedyVi = entry.remedyVietnamese
            remedyEn = entry.remedyEnglish
        }
    }

    func run() throws {
        if output.json { return try Console.printJSON(Refusal.Code.allCases.map(Shown.init)) }
        print(RefusalsDocument.markdown, terminator: "")
    }
}

/// docs/refusals.md, made from the catalogue so that the two cannot differ.
enum RefusalsDocument {
    static var markdown: String {
        var lines = [preface]
        for group in groups {
            lines += ["", "## \(heading(group.name))", "", "| code | class | HTTP | ErrorCode | sentence | remedy |"]
            lines.append("|---|---|---|---|---|---|")
            for code in group.codes {
                let entry = code.entry
                lines.append(
                    "| `\(code.rawValue)` | \(entry.class.rawValue) | \(entry.http) | \(entry.vxp) "
                        + "| \(entry.vietnamese)<br>\(entry.english) | \(entry.remedyVietnamese)<br>\(entry.remedyEnglish) |"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The codes by the word before their dot, in the order of the catalogue.
    private static var groups: [(name: Substring, codes: [Refusal.Code])] {
        var groups: [(name: Substring, codes: [Refusal.Code])] = []
        for code in Refusal.Code.allCases {
            let name = code.rawValue.prefix { $0 != "." }
            if let known = groups.firstIndex(where: { $0.name == name }) {
                groups[known].codes.append(code)
            } else {
                groups.append((name, [code]))
            }
        }
        return groups
    }

    private static func heading(_ group: Substring) -> String {
        switch group {
        case "auth": "Who is asking (`auth`)"
        case "request": "The request (`request`)"
        case "package": "The package (`package`)"
        case "recipient": "The recipients (`recipient`)"
        case "delivery": "Confirmations (`delivery`)"
        case "content": "Stored content (`content`)"
        case "hub": "The hub itself (`hub`)"
        case "registry": "The registry (`registry`)"
        case "calendar": "The calendar of working days, from the command line (`calendar`)"
        case "malware": "Scans for malware (`malware`)"
        case "trace": "Traces, from the command line (`trace`)"
        case "file": "Files on the command line (`file`)"
        case "setup": "Starting up (`setup`)"
        case "push": "Pushing to an endpoint (`push`)"
        case "key": "Keys, from the command line (`key`)"
        default: "`\(group)`"
        }
    }

    private static let preface = """
        # Refusals

        <!-- Written by `truc refusals`; a test compares. Do not edit by hand. -->

        Every reason for which the hub says no. The code is stable and never used for anything else.

        - **class** says who can do something: `caller` mends the request (the same one will be refused again), `operator`
          means that the hub's operator must act, `transient` passes by itself and the same request may be sent again,
          `permanent` is final.
        - **HTTP** and **ErrorCode** are what a VXP client gets; its `ErrorDesc` holds the Vietnamese sentence, what exactly
          was met, the code, the remedy and the request id, under which the operator finds the rest in the log.
        - On the command line the code stands on standard error, and the class gives the exit status: 1 for `caller` and
          `permanent`, 2 for `operator`, 3 for `transient`.
        """
}
