// SPDX-License-Identifier: Apache-2.0
import TestKit

extension SeededGenerator {
    /// A text that no honest system writes: any scalars, pieces of lawful texts, or a lawful text with one edit.
    mutating func hostileText(near lawful: [String]) -> String {
        switch Int.random(in: 0..<4, using: &self) {
        case 0:
            return text(of: Int.random(in: 0...60, using: &self)) { generator in generator.anyScalar() }
        case 1:
            let alphabet = Array("0123456789ABHZTaz.,/-:+ _;\u{0}\n\u{301}\u{323}é😀".unicodeScalars)
            return text(of: Int.random(in: 0...60, using: &self)) { generator in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
        case 2:
            let pieces = (0...Int.random(in: 0...3, using: &self)).map { _ in
                String(lawful.randomElement(using: &self)?.prefix(Int.random(in: 0...40, using: &self)) ?? "")
            }
            return pieces.joined()
        default:
            var scalars = Array((lawful.randomElement(using: &self) ?? "").unicodeScalars)
            let place = Int.random(in: 0...scalars.count, using: &self)
            if Bool.random(using: &self), place < scalars.count {
                scalars.remove(at: place)
            } else {
                scalars.insert(anyScalar(), at: place)
            }
            return text(scalars)
        }
    }

    mutating func anyScalar() -> Unicode.Scalar {
        // The surrogates in between are no scalars; a retry is all they cost.
        let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x24F, 0x300...0x36F, 0x1E00...0x1EFF, 0...0x10FFFF]
        while true {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &self)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self)) { return scalar }
        }
    }

    private mutating func text(of count: Int, _ scalar: (inout SeededGenerator) -> Unicode.Scalar) -> String {
        var scalars: [Unicode.Scalar] = []
        for _ in 0..<count { scalars.append(scalar(&self)) }
        return text(scalars)
    }

    private func text(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
