// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct ParsingProblemTests {
    @Test func `people count from 1`() {
        let problem = ParsingProblem("AgencyID", "is empty", at: 4)
        #expect(problem.description == "AgencyID: is empty (at character 5)")
        #expect(problem.offset == 4)
    }

    @Test func `no problem repeats the text that caused it`() {
        let secret = "s3cret-of-somebody"
        let text = secret + "\n" + secret
        var problems: [ParsingProblem] = []
        do throws(ParsingProblem) { _ = try AgencyID(parsing: text) } catch { problems.append(error) }
        do throws(ParsingProblem) { _ = try DocumentID(parsing: text) } catch { problems.append(error) }
        do throws(ParsingProblem) { _ = try SystemID(parsing: text) } catch { problems.append(error) }
        do throws(ParsingProblem) { _ = try PackageID(parsing: text) } catch { problems.append(error) }
        do throws(ParsingProblem) { _ = try CalendarDate(edXML: text) } catch { problems.append(error) }
        do throws(ParsingProblem) { _ = try Instant(iso8601: text) } catch { problems.append(error) }
        #expect(problems.count == 6)
        for problem in problems { #expect(!problem.description.contains(secret)) }
    }
}
