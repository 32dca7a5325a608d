// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing

/// The alert rules that we hand out speak of what the hub really measures, and the operator's guide of both.
@Suite struct AlertRulesTests {
    private let rules = Result { try Self.text(of: "deploy/prometheus-rules.yml") }
    private let guide = Result { try Self.text(of: "docs/operations.md") }

    private static func text(of path: String) throws -> String {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func everyMetricOfTheRulesExists() throws {
        let measured = Set(Metric.allCases.flatMap(\.entry.seriesNames))
        let named = try rules.get().matches(of: /\b(?:truc|process)_[a-z_]+/).map { String($0.output) }
        #expect(named.count > 5)
        #expect(named.filter { !measured.contains($0) } == [])
    }

    @Test func theCodesOfTheRulesExist() throws {
        let selector = try #require(try rules.get().firstMatch(of: /code=~"(?<pattern>[^"]+)"/))
        let pattern = try Regex(String(selector.pattern).replacing("\\\\", with: "\\"))
        let codes = Refusal.Code.allCases.filter { $0.rawValue.wholeMatch(of: pattern) != nil }
        #expect(codes.contains(.storageFull) && codes.contains(.contentDamaged))
        #expect(!codes.contains(.signatureInvalid))
    }

    @Test func theGuideTellsOfEveryAlertAndEveryMetric() throws {
        let alerts = try rules.get().matches(of: /alert: (?<name>\w+)/).map { String($0.name) }
        #expect(alerts.count > 5 && Set(alerts).count == alerts.count)
        let guide = try guide.get()
        #expect((alerts + Metric.allCases.map(\.rawValue)).filter { !guide.contains("`\($0)") } == [])
    }
}
