import Testing
import Wire

@testable import ConformanceKit

/// What a run makes of how its cases end.
@Suite struct VerdictTests {
    /// How a case ends, and whether a run that is not strict and one that is take it for a failure.
    struct Ending: Sendable, CustomTestStringConvertible {
        var strength: ConformanceCase.Strength
        var error: any Error & Sendable
        var lenient: ConformanceReport.Outcome
        var strict: ConformanceReport.Outcome
        var testDescription: String { "\(strength) \(error)" }
    }

    private static let endings: [Ending] = [
        Ending(strength: .must, error: Mismatch(expected: "a", seen: "b"), lenient: .failed, strict: .failed),
        Ending(strength: .should, error: Mismatch(expected: "a", seen: "b"), lenient: .warned, strict: .failed),
        Ending(strength: .must, error: Shortfall(expected: "a", seen: "b"), lenient: .warned, strict: .failed),
        Ending(strength: .should, error: OutOfTime(expected: "a", seen: "b"), lenient: .failed, strict: .failed),
        Ending(strength: .should, error: WireError.authentication, lenient: .failed, strict: .failed),
        Ending(strength: .must, error: Lacking(what: "a"), lenient: .skipped, strict: .skipped),
        Ending(strength: .must, error: NotGiven(what: "a"), lenient: .skipped, strict: .skipped),
    ]

    @Test(arguments: endings)
    func anEndingHasItsOutcome(ending: Ending) async {
        for (isStrict, outcome) in [(false, ending.lenient), (true, ending.strict)] {
            let each = ConformanceCase("a/b", "does", ["FLOW-6.1"], strength: ending.strength) { (_: Scene) in }
            let pool = Pool(cases: [each], lanes: 1, end: .now + .seconds(60), isStrict: isStrict, progress: { _ in })
            let results = await pool.run { _, _ in throw ending.error }
            #expect(results.map(\.outcome) == [outcome])
        }
    }

    /// A case that goes on for ever ends with the run.
    @Test(.timeLimit(.minutes(1)))
    func theLimitOfTheRunEndsACase() async {
        let each = ConformanceCase("a/b", "does", ["FLOW-6.1"], strength: .should) { (_: Scene) in }
        let pool = Pool(cases: [each, each], lanes: 1, end: .now + .seconds(2), isStrict: false, progress: { _ in })
        let results = await pool.run { _, _ in try await Task.sleep(for: .seconds(3_600)) }
        #expect(results.map(\.outcome) == [.failed, .failed])
        #expect(results[0].expected?.hasPrefix("an end within") == true && results[1].expected == "a run within its limit")
    }
}
