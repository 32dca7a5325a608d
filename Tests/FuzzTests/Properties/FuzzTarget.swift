// SPDX-License-Identifier: Apache-2.0

/// A property that did not hold for an input.
public struct BrokenProperty: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What is fuzzed: each takes any bytes, and throws when something that must hold for every input does not.
///
/// Compiled twice: into the fuzzers (`Fuzz/`), which look for inputs, and into `FuzzTests`, which replays those kept.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case package, ids, vxp, base64

    /// The longest input that is worth trying, in bytes.
    public var maxLength: Int {
        switch self {
        // More than two of the reader's blocks, so that what crosses their borders is met.
        case .package: 40_000
        case .ids: 512
        case .vxp: 4_096
        // More than one call of the decoder takes.
        case .base64: 20_000
        }
    }

    public func check(_ input: [UInt8]) throws {
        switch self {
        case .package: try PackageProperties.check(input)
        case .ids: try IDProperties.check(input)
        case .vxp: try VXPProperties.check(input)
        case .base64: try Base64Properties.check(input)
        }
    }
}

func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw BrokenProperty(what()) }
}

/// Cuts `input` into pieces whose lengths are decided by the input itself, so that a replay cuts alike.
struct Pieces: Sequence, IteratorProtocol {
    private let input: [UInt8]
    private let longest: Int
    private var position = 0
    private var state: UInt64

    /// - Parameter longest: of one piece; the shortest is one byte.
    init(_ input: [UInt8], longest: Int) {
        self.input = input
        self.longest = longest
        // FNV-1a over the first bytes and the length.
        state = input.prefix(64).reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        state ^= UInt64(input.count)
    }

    mutating func next() -> ArraySlice<UInt8>? {
        guard position < input.count else { return nil }
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let end = Swift.min(input.count, position + 1 + Int(state >> 33) % longest)
        defer { position = end }
        return input[position..<end]
    }
}
