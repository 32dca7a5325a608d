// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// The parameters of an authenticated request: only those inside the signed set exist here.
///
/// A parameter that was sent but not signed is as good as absent. One that an operation does not ask for is never read:
/// an SDK object repeats what earlier calls put in (`from`, `to`, `hash-file` on a `getEdoc`).
///
/// Every reader throws `parameterMissing` (absent or empty) or `parameterInvalid`, with the name of the parameter first
/// in the detail.
public struct VXPSignedParameters: Sendable {
    /// Most recipients that `to` may name.
    public static let maxRecipients = 500
    /// Longest `docId`, in bytes.
    public static let maxDocIDBytes = 200
    /// Longest `description`, in Unicode scalars after unescaping.
    public static let maxDescriptionLength = 1000

    /// Who sent the request; proved.
    public let systemID: SystemID
    /// When the client object made its timestamp, by its own clock.
    public let timestamp: Instant

    /// By lower-case name without prefix.
    private let values: [String: String]

    init(_ values: [String: String], now: Instant, window: VXPTimestampWindow) throws(Refusal) {
        self.values = values
        guard let systemID = values[VXPParameterName.systemID], !systemID.isEmpty else {
            throw Refusal(.headerMissing, "systemid is not inside sign-header")
        }
        guard let timestamp = values[VXPParameterName.timestamp], !timestamp.isEmpty else {
            throw Refusal(.headerMissing, "timestamp is not inside sign-header")
        }
        do throws(ParsingProblem) {
            self.systemID = try SystemID(parsing: systemID)
        } catch {
            throw Refusal(.signatureInvalid)
        }
        do throws(ParsingProblem) {
            self.timestamp = try Instant(vxpHeader: timestamp)
        } catch {
            throw Refusal(.timestampInvalid, error)
        }
        try window.check(self.timestamp, now: now)
    }

    /// `servicetype`, in any case of letters.
    public var serviceType: VXPServiceType { get throws(Refusal) { try choice(VXPParameterName.serviceType) } }

    /// `messagetype`, in any case of letters.
    public var messageType: VXPMessageType { get throws(Refusal) { try choice(VXPParameterName.messageType) } }

    /// `status` of `updateStatus`, in any case of letters.
    public var confirmation: VXPConfirmation { get throws(Refusal) { try choice(VXPParameterName.status) } }

    /// `from`: the agency that the request speaks for.
    public var from: AgencyID { get throws(Refusal) { try agency(VXPParameterName.from) } }

    /// `to`: a JSON array of agency ids, in the order given, repetitions removed; nil when absent.
    ///
    /// An empty array counts as absent: the SDK writes one for a caller who named no recipients, and the package's own
    /// `To` then decides.
    public var to: [AgencyID]? {
        get throws(Refusal) {
            let name = VXPParameterName.to
            guard let text = optional(name) else { return nil }
            let agencies = try parsed(name, text) { text throws(ParsingProblem) in
                var reader = JSONStringsReader(name, text)
                var agencies: [AgencyID] = []
                for item in try reader.array(maxCount: Self.maxRecipients) {
                    let agency = try AgencyID(parsing: item)
                    if !agencies.contains(agency) { agencies.append(agency) }
                }
                return agencies
            }
            return agencies.isEmpty ? nil : agencies
        }
    }

    /// `hash-file`: required where content is sent, because without it the signature would not cover the content.
    public var hashFile: HashFile {
        get throws(Refusal) {
            let name = VXPParameterName.hashFile
            return try parsed(name, try required(name)) { text throws(ParsingProblem) in try HashFile(parsing: text) }
        }
    }

    /// `docId` or `docid`: printable ASCII without spaces, the rest is for the caller to judge.
    public var docID: String {
        get throws(Refusal) {
            guard let docID = try optionalDocID else { throw Refusal(.parameterMissing, VXPParameterName.docID) }
            return docID
        }
    }

    /// The same where a call may do without it; nil when absent.
    public var optionalDocID: String? {
        get throws(Refusal) {
            let name = VXPParameterName.docID
            guard let text = optional(name) else { return nil }
            guard text.utf8.count <= Self.maxDocIDBytes, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Refusal(.parameterInvalid, "\(name): not 1 to \(Self.maxDocIDBytes) printable ASCII characters")
            }
            return text
        }
    }

    /// `description`: free text; nil when absent or empty.
    ///
    /// Headers are ASCII, and the protocol's own replies write other letters as `\uXXXX`: the same escapes are read
    /// here. Anything else stays as it is, `%` too ("đạt 100%" must survive), and so does a malformed escape.
    public var description: String? {
        get throws(Refusal) {
            guard let text = optional(VXPParameterName.description) else { return nil }
            let plain = VXPText.unescaped(text)
            guard plain.unicodeScalars.count <= Self.maxDescriptionLength else {
                throw Refusal(
                    .parameterInvalid, "description: longer than \(Self.maxDescriptionLength) characters")
            }
            guard !plain.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw Refusal(.parameterInvalid, "description: has a control character")
            }
            return plain
        }
    }

    /// `fromDate`, `dd/MM/yyyy HH:mm:ss` in Vietnam's time; nil when absent.
    public var fromDate: Instant? { get throws(Refusal) { try instant(VXPParameterName.fromDate) } }

    /// `toDate`, `dd/MM/yyyy HH:mm:ss` in Vietnam's time; nil when absent.
    public var toDate: Instant? { get throws(Refusal) { try instant(VXPParameterName.toDate) } }

    /// `AgencyCode` of `deleteAgency`.
    public var agencyCode: AgencyID { get throws(Refusal) { try agency(VXPParameterName.agencyCode) } }

    /// The same of `getAgencyDirectory`, which shows one agency with it and all without; nil when absent.
    public var optionalAgencyCode: AgencyID? {
        get throws(Refusal) { optional(VXPParameterName.agencyCode) == nil ? nil : try agencyCode }
    }

    /// `level` of `getAgenciesListQD20`: 1 for ministries and provinces, and up; nil when absent.
    public var level: Int? {
        get throws(Refusal) { try number(VXPParameterName.level, in: 1...Int64(AgencyID.maxLength)).map(Int.init) }
    }

    /// `unitversion` of `getSynchronizeUnit`: the version of the registry that the client has; nil when absent.
    ///
    /// A name of our own in the style of the signed set. It cannot be `version`: `XroadVnpt-version` is the SDK's own
    /// and is on every request.
    public var unitVersion: Int64? {
        get throws(Refusal) { try number(VXPParameterName.unitVersion, in: 0...Int64.max) }
    }

    private func number(_ name: String, in range: ClosedRange<Int64>) throws(Refusal) -> Int64? {
        guard let text = optional(name) else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text), range.contains(value)
        else {
            throw Refusal(.parameterInvalid, "\(name): not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private func agency(_ name: String) throws(Refusal) -> AgencyID {
        try parsed(name, try required(name)) { text throws(ParsingProblem) in try AgencyID(parsing: text) }
    }

    private func optional(_ name: String) -> String? {
        values[name.asciiLowercased].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func required(_ name: String) throws(Refusal) -> String {
        guard let value = optional(name) else { throw Refusal(.parameterMissing, name) }
        return value
    }

    private func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String
    ) throws(Refusal) -> Choice {
        let text = try required(name).asciiLowercased
        guard let found = Choice.allCases.first(where: { $0.rawValue.asciiLowercased == text }) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.parameterInvalid, "\(name): not one of \(allowed)")
        }
        return found
    }

    private func instant(_ name: String) throws(Refusal) -> Instant? {
        guard let text = optional(name) else { return nil }
        return try parsed(name, text) { text throws(ParsingProblem) in try Instant(vxp: text) }
    }

    private func parsed<Value>(
        _ name: String, _ text: String, _ parse: (String) throws(ParsingProblem) -> Value
    ) throws(Refusal) -> Value {
        do throws(ParsingProblem) {
            return try parse(text)
        } catch {
            throw Refusal(.parameterInvalid, "\(name): \(error.reason) (at character \(error.offset + 1))")
        }
    }
}
