// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit

@testable import Trust

func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

func certificate(_ pair: TestCertificates.Pair) throws -> Certificate {
    let all = try Certificate.all(in: bytes(of: pair.certificate))
    guard all.count == 1 else { throw ParsingProblem("test", "\(all.count) certificates") }
    return all[0]
}

func list(_ path: String) throws -> RevocationList {
    let all = try RevocationList.all(in: bytes(of: path))
    guard all.count == 1 else { throw ParsingProblem("test", "\(all.count) lists") }
    return all[0]
}

func days(_ count: Int) -> Instant { Instant.now().advanced(by: .seconds(count * 86_400)) }
