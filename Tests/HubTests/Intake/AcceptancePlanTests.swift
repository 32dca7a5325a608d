// SPDX-License-Identifier: Apache-2.0
import Delivery
import EdXML
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

@Suite struct AcceptancePlanTests {
    private func header(from: String = "000.00.13.H52", to: [String]) throws -> PackageHeader {
        var builder = PackageBuilder()
        builder.from = from
        builder.to = to
        return .document(try builder.header)
    }

    private func status(_ status: DocumentStatus = .accepted, from: String, to: String) throws -> PackageHeader {
        .status(
            StatusHeader(
                from: Organization(organID: from),
                responseFor: .init(organID: to, documentID: try DocumentID(parsing: "VB-1")), status: status))
    }

    private func plan(_ header: PackageHeader, _ submission: Submission) throws(Refusal) -> AcceptancePlan {
        try AcceptancePlan(header, for: submission, registry: submission.registry)
    }

    private func refusal(_ header: PackageHeader, _ submission: Submission) -> Refusal? {
        do throws(Refusal) {
            _ = try plan(header, submission)
            return nil
        } catch { return error }
    }

    @Test func recipientsAreJudgedOneByOne() throws {
        let to = ["000.00.14.H52", "000.00.99.H52", "000.00.13.H26", "000.00.20.H52", "000.00.16.H52", ""]
        let plan = try plan(header(to: to), Province.submission())
        #expect(plan.kind == .document)
        #expect(plan.sender == Province.construction)
        #expect(plan.recipients.map(\.written) == to)
        #expect(plan.recipients.first?.destination == .agency(Province.finance))
        #expect(
            plan.refused.map(\.refusal.code)
                == [.recipientUnknown, .recipientNoRoute, .recipientClosed, .recipientNoSystem, .recipientUnknown])
    }

    @Test func anAgencyUnderSeveralNamesIsOneRecipient() throws {
        let plan = try plan(
            header(to: ["H52.14", "000.00.14.H52", "lạ", "STC-H52", "lạ", "000.00.13.H52"]), Province.submission())
        #expect(plan.recipients.map(\.written) == ["H52.14", "lạ", "000.00.13.H52"])
    }

    @Test func aRecallGoesToAllWhoHaveGotWhatWasSentToADividedAgency() throws {
        func recall(to names: [String]) throws -> PackageHeader {
            var builder = PackageBuilder()
            builder.to = names
            builder.business = Business(kind: .recall)
            return .document(try builder.header)
        }
        let plan = try plan(recall(to: ["000.00.22.H52", "H52.13"]), Province.submission())
        #expect(
            plan.recipients.map(\.destination)
                == [.agency(Province.finance), .agency(Province.construction), .agency(Province.successor)])
        #expect(plan.recipients.map(\.isFurther) == [false, false, true])
        // One that is named itself is no further one, and hears of what both names mean.
        let both = try self.plan(
            recall(to: ["000.00.22.H52", "000.00.18.H52", "000.00.17.H52"]), Province.submission())
        #expect(both.recipients.map(\.isFurther) == [false, false])
        #expect(both.recipients.map(\.also) == [[], ["000.00.17.H52"]])
        let document = try self.plan(header(to: ["000.00.22.H52"]), Province.submission())
        #expect(document.recipients.map(\.destination) == [.agency(Province.successor)])
        let asked = try self.plan(
            status(.recallRequested, from: "000.00.13.H52", to: "000.00.22.H52"), Province.submission(.status))
        #expect(asked.recipients.map(\.isFurther) == [false, true])
    }

    @Test func theSenderMustBeTheSystemsOwn() throws {
        let to = ["000.00.14.H52"]
        #expect(try refusal(header(to: to), Province.submission(system: "two"))?.code == .senderNotYours)
        #expect(try refusal(header(to: to), Province.submission(system: "nobody"))?.code == .senderNotYours)
        #expect(
            try refusal(header(from: "000.00.14.H52", to: to), Province.submission())?.code == .senderNotYours)
        #expect(
            try refusal(header(to: to), Province.submission(from: "000.00.20.H52"))?.code == .senderNotYours)
        #expect(
            try refusal(header(from: "000.00.99.H52", to: to), Province.submission(from: "000.00.99.H52"))?.code
                == .senderNotYours)
        #expect(
            try refusal(header(from: TestAgency.hubCode, to: to), Province.submission(from: TestAgency.hubCode))?.code
                == .senderNotYours)
        // One agency by two of its names is one.
        #expect(try refusal(header(from: "H52.13", to: to), Province.submission()) == nil)
        // The answer is the same whether the agency is there or not.
        #expect(
            try refusal(header(to: to), Province.submission(from: "000.00.14.H52"))?.code
                == refusal(header(to: to), Province.submission(from: "000.00.99.H52"))?.code)
    }

    @Test func aClosedAgencySendsStatusesButNoDocuments() throws {
        let submission = try Province.submission(from: "000.00.20.H52")
        #expect(try refusal(header(from: "000.00.20.H52", to: ["000.00.14.H52"]), submission)?.code == .senderClosed)
        let before = try Province.submission(from: "000.00.20.H52", on: "2026-02-28")
        #expect(try refusal(header(from: "000.00.20.H52", to: ["000.00.14.H52"]), before) == nil)
        let word = try Province.submission(from: "000.00.20.H52", .status)
        #expect(try plan(status(from: "000.00.20.H52", to: "000.00.14.H52"), word).kind == .status)
    }

    @Test func aClosedSenderIsToleratedForATimeAndWarned() throws {
        let header = try header(from: "000.00.17.H52", to: ["000.00.14.H52"])
        for system in ["one", "two"] {
            let plan = try plan(header, Province.submission(system: system, from: "000.00.17.H52", on: "2026-05-31"))
            #expect(plan.sender == Province.closed)
            #expect(plan.warnings.map(\.code) == ["sender-closed"])
            #expect(plan.warnings.first?.vietnamese.contains("000.00.18.H52") == true)
            let late = try refusal(
                header, Province.submission(system: system, from: "000.00.17.H52", on: "2026-06-01"))
            #expect(late?.code == .senderClosed)
            #expect(late?.detail == "000.00.17.H52 → 000.00.18.H52")
        }
        // Nobody else's, and not the successor's before it has taken the place.
        #expect(
            try refusal(header, Province.submission(system: "three", from: "000.00.17.H52"))?.code == .senderNotYours)
        #expect(
            try refusal(header, Province.submission(system: "two", from: "000.00.17.H52", on: "2026-02-28"))?.code
                == .senderNotYours)
    }

    @Test func aSuccessorSpeaksForTheClosedOneWithoutEnd() throws {
        let word = try Province.submission(system: "two", from: "000.00.17.H52", .status, on: "2027-01-01")
        let plan = try plan(status(from: "000.00.17.H52", to: "000.00.13.H52"), word)
        #expect(plan.sender == Province.closed && plan.warnings.isEmpty)
    }

    @Test func statusesGoToWhoHasTakenTheClosedAgenciesPlace() throws {
        let submission = try Province.submission(.status)
        for (to, expected) in [
            ("000.00.17.H52", Province.successor), ("000.00.20.H52", Province.ended),
            ("000.00.21.H52", Province.finance),
        ] {
            #expect(
                try plan(status(from: "000.00.13.H52", to: to), submission).recipients.map(\.destination)
                    == [.agency(expected)])
        }
        #expect(
            try refusal(status(from: "000.00.13.H52", to: "000.00.99.H52"), submission)?.code == .recipientUnknown)
    }

    @Test func aPackageForBothFormsOfAnAgencyIsForOne() throws {
        let plan = try plan(
            header(to: ["000.00.17.H52", "H52.17", "000.00.18.H52", "000.00.23.H52"]), Province.submission())
        #expect(plan.recipients.map(\.written) == ["000.00.17.H52"])
        #expect(plan.recipients.map(\.destination) == [.agency(Province.successor)])
        #expect(plan.warnings.map(\.code) == ["recipient-moved"])
        #expect(plan.warnings.first?.vietnamese.contains("000.00.18.H52") == true)
    }

    @Test func theListMustFitThePackage() throws {
        let document = try header(to: ["000.00.14.H52"])
        #expect(try refusal(document, Province.submission(.status))?.code == .kindMismatch)
        let word = try status(from: "000.00.13.H52", to: "000.00.14.H52")
        #expect(try refusal(word, Province.submission(.edoc))?.code == .kindMismatch)
    }

    @Test func toNarrowsAndNeverWidens() throws {
        let header = try header(to: ["000.00.14.H52", "000.00.18.H52", "lạ"])
        func written(_ narrowing: [String]) throws -> [String] {
            try plan(header, Province.submission(to: narrowing)).recipients.map(\.written)
        }
        #expect(try written([]) == ["000.00.14.H52", "000.00.18.H52", "lạ"])
        #expect(try written(["000.00.18.H52"]) == ["000.00.18.H52"])
        // By any of its names, told as the package has it.
        #expect(try written(["STC-H52", "H52.14"]) == ["000.00.14.H52"])
        #expect(try written(["000.00.14.H52", "lạ"]) == ["000.00.14.H52", "lạ"])
        for narrowing in [["000.00.13.H52"], ["000.00.14.H52", "000.00.99.H52"], ["3"], ["LẠ"]] {
            #expect(
                try refusal(header, Province.submission(to: narrowing))?.code == .recipientNotAddressed, "\(narrowing)")
        }
        #expect(try refusal(header, Province.submission(to: ["lạ"]))?.code == .recipientUnknown)
    }

    @Test func aPackageForNobodyIsRefusedWithTheReasons() throws {
        let submission = try Province.submission()
        #expect(try refusal(header(to: ["000.00.20.H52"]), submission)?.code == .recipientClosed)
        #expect(try refusal(header(to: ["000.00.13.H26"]), submission)?.code == .recipientNoRoute)
        let several = try #require(try refusal(header(to: ["000.00.20.H52", "lạ"]), submission))
        #expect(several.code == .recipientNone)
        #expect(several.detail?.contains("recipient.closed") == true)
        #expect(several.detail?.contains("recipient.unknown") == true)
    }

    @Test(arguments: [
        (BusinessKind.new, PackageKind.document), (.recall, .recall), (.update, .update), (.replacement, .replacement),
    ])
    func everyKindIsCarriedAsADocument(business: BusinessKind, kind: PackageKind) throws {
        var builder = PackageBuilder()
        builder.business = Business(kind: business)
        #expect(try plan(.document(builder.header), Province.submission()).kind == kind)
    }
}
