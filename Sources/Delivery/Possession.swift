// SPDX-License-Identifier: Apache-2.0

/// Whether a recipient has what was sent to it: what somebody must know who has to get a document back.
public enum Possession: String, CaseIterable, Sendable, Codable {
    /// It fetched the content, its endpoint took it, it confirmed it, or it spoke of the document.
    case has
    /// It was on its way to the recipient's endpoint, and nobody knows how that ended: an answer may have been lost.
    case mayHave = "may-have"
    /// None of these. Standing in a list is not having: a list shows no content.
    case hasNot = "has-not"

    /// - Parameters:
    ///   - isFetched: the content was asked for.
    ///   - isEntered: confirmed, or taken by the endpoint.
    ///   - isCarried: an attempt at the endpoint was begun, whatever is known of its end.
    ///   - hasSpoken: the recipient has sent a status of the document.
    public static func of(isFetched: Bool, isEntered: Bool, isCarried: Bool, hasSpoken: Bool) -> Possession {
        if isFetched || isEntered || hasSpoken { return .has }
        return isCarried ? .mayHave : .hasNot
    }
}
