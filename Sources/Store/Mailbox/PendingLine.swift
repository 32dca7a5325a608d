// SPDX-License-Identifier: Apache-2.0
import Delivery

/// SQL over what waits for one agency, of one message type, in the order of delivery ids: the index `delivery_pending`.
enum PendingLine {
    private static let line = IndexLine("delivery.recipient_agency_id", "delivery.message_type", "delivery.id")

    static let order = line.order

    static func range(_ agency: String, _ messageType: String, after: String? = nil) -> String {
        "\(line.range(agency, messageType, after: after)) AND delivery.state IN ('waiting', 'processing')"
    }

    /// What waits for one agency, of both types: a table of one column, `id`, in their order.
    ///
    /// - Parameter limit: most rows.
    static func both(_ agency: String, after: String, limit: String) -> String {
        let types = MessageType.allCases.map { type in
            """
            (SELECT delivery.id FROM delivery WHERE \(range(agency, "'\(type.rawValue)'", after: after))
            ORDER BY \(order) LIMIT \(limit))
            """
        }
        return "(\(types.joined(separator: " UNION ALL ")) ORDER BY id LIMIT \(limit))"
    }
}
