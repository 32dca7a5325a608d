// SPDX-License-Identifier: Apache-2.0

/// What a sender says of a document of its own that is held until it has said so.
public enum SenderWord: Sendable {
    /// It may be sent.
    case confirm
    /// It is not to be sent: withdrawn for good.
    case decline
}
