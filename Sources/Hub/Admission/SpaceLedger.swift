// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How much of a disk is spoken for: the decisions of `DiskReserve`. Pure.
///
/// What a package that is coming in has announced counts until it is in, also the part that the disk has already got:
/// near the end it is better to refuse one package too many than to fail in the middle of one. A system that has
/// announced something already may have at most half of the room for all of it: what it announces and never sends does
/// not keep the others out.
struct SpaceLedger {
    /// Bytes that stay free for what must go on when no package is taken any more.
    let reserve: Int64
    /// As the disk told last; nil before it was asked.
    private(set) var free: Int64?
    /// Announced by packages that are coming in.
    private(set) var promised: Int64 = 0
    /// The parts of it, by who announced them.
    private var promisedBySystem: [SystemID: Int64] = [:]
    /// Of packages that came in since the disk was asked, so that it may not have counted them.
    private var settled: Int64 = 0
    private var settledWhenAsked: Int64 = 0

    init(reserve: Int64) { self.reserve = reserve }

    /// The disk is being asked.
    mutating func ask() { settledWhenAsked = settled }

    /// The disk has told.
    mutating func measured(_ free: Int64) {
        self.free = free
        settled -= settledWhenAsked
        settledWhenAsked = 0
    }

    /// A package of this many bytes wants to come in; when admitted, `settle` is owed.
    ///
    /// - Parameter system: nil for a question on nobody's behalf.
    mutating func admit(_ bytes: Int64, of system: SystemID? = nil) -> Bool {
        let (after, overflow) = left.subtractingReportingOverflow(bytes)
        guard !overflow, after >= reserve else { return false }
        if let system {
            let own = promisedBySystem[system, default: 0]
            guard own == 0 || own + bytes <= (left - reserve + own) / 2 else { return false }
            promisedBySystem[system] = own + bytes
        }
        promised += bytes
        return true
    }

    /// An admitted package is in, or is not coming.
    mutating func settle(_ bytes: Int64, of system: SystemID? = nil) {
        promised -= bytes
        settled += bytes
        guard let system, let own = promisedBySystem[system] else { return }
        promisedBySystem[system] = own > bytes ? own - bytes : nil
    }

    /// Bytes that nobody has spoken for, those of the reserve included.
    var left: Int64 { (free ?? 0) - promised - settled }
}
