// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Whether a body comes at the least pace that is asked for. Pure: told what happens and when, asked for a verdict.
struct BodyPace {
    private let window: TimeAmount
    private let minBytes: Int
    private var bytes = 0
    /// Waited in this window, without the wait that is going on.
    private var waited = TimeAmount.zero
    private var waitingSince: NIODeadline?

    init(window: TimeAmount, minBytes: Int) {
        self.window = window
        self.minBytes = minBytes
    }

    /// The hub asked for more.
    mutating func beginWait(_ now: NIODeadline) {
        if waitingSince == nil { waitingSince = now }
    }

    /// Something came; the wait is over until the hub asks again.
    mutating func received(_ count: Int, _ now: NIODeadline) {
        bytes += count
        if let since = waitingSince { waited = waited + (now - since) }
        waitingSince = nil
    }

    /// When the window ends if nothing comes; nil while the hub does not wait.
    var deadline: NIODeadline? { waitingSince.map { $0 + (window - waited) } }

    /// Ends a window that is over and begins the next one.
    ///
    /// - Returns: whether too little came in it.
    mutating func endWindow(_ now: NIODeadline) -> Bool {
        guard let deadline, now >= deadline else { return false }
        let isTooSlow = bytes < minBytes
        bytes = 0
        waited = .zero
        waitingSince = now
        return isTooSlow
    }
}
