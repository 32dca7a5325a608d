// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import Trust

/// Tries an agency's endpoint with the real thing: a small package of the hub's own goes the way of every other, from the
/// look-up of the name to the receipt. A suspended endpoint is tried too.
public struct EndpointTrial: Sendable {
    public let url: String
    public let outcome: AttemptOutcome

    /// - Throws: `Refusal`: `.agencyNotFound`; `.endpointNotFound`, also for one whose system is disabled or gone.
    public init(
        of agency: AgencyID, in registry: RegistrySnapshot, by courier: any Courier, at now: Instant
    ) async throws(Refusal) {
        guard let record = registry.agency(named: agency.text) else { throw Refusal(.agencyNotFound, agency.text) }
        guard let endpoint = registry.endpoints.first(where: { $0.agency == record.key }),
            let target = registry.pushEndpoint(endpoint, at: now)
        else { throw Refusal(.endpointNotFound, agency.text) }
        let bytes = try Self.package(for: record, in: registry, at: now)
        url = endpoint.url
        outcome = await courier.carry(
            Parcel(
                delivery: DeliveryID(at: now), kind: .test, length: bytes.count, sha256: SHA256Digest(of: bytes),
                content: {
                    PackageContent(
                        chunks: AsyncThrowingStream { continuation in
                            continuation.yield(bytes)
                            continuation.finish()
                        })
                }), to: target)
    }

    /// A status package that says what it is, should somebody file it after all.
    private static func package(
        for agency: AgencyRecord, in registry: RegistrySnapshot, at now: Instant
    ) throws(Refusal) -> [UInt8] {
        guard let hub = registry.hub else { throw Refusal(.internalError, "the hub has no agency entry of its own") }
        do {
            var status = StatusHeader(
                from: Organization(organID: hub.code.text, organizationInCharge: hub.name, organName: hub.name),
                responseFor: StatusHeader.AnsweredDocument(
                    organID: agency.code.text, code: "0/THU", promulgationDateText: now.vietnamDate.edXML,
                    documentID: try DocumentID(parsing: "\(hub.code.text),\(now.vietnamDate.edXML),0/THU")),
                status: .arrived)
            status.description = "[Trục] Gói thử điểm nhận: kiểm tra chữ ký, trả lời biên nhận rồi bỏ đi."
            status.timestampText = now.edXML
            return try PackageWriter.bytes(.status(status))
        } catch {
            throw Refusal(.internalError, "the test package could not be written: \(error)")
        }
    }
}
