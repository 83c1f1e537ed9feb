import Foundation
import Testing

@testable import ConformanceKit

/// The three forms of a report.
@Suite struct ReportTests {
    private static let report: ConformanceReport = {
        func result(_ id: String, _ outcome: ConformanceReport.Outcome) -> ConformanceReport.Result {
            var result = ConformanceReport.Result(
                ConformanceCase(id, "does <this> & \"that\"", ["HS-4.1"]) { (_: Scene) in }, outcome)
            result.seconds = 0.0125
            return result
        }
        var report = ConformanceReport(target: "127.0.0.1:7700", kind: "worker", role: .responder)
        report.results = [
            result("a/one", .passed), result("a/two", .failed), result("b/three", .skipped), result("b/four", .warned),
        ]
        report.results[1].expected = "silence"
        report.results[1].seen = "bytes\u{1}<&>"
        report.results[2].lacks = "aes"
        report.results[3].expected = "a PING"
        report.results[3].seen = "none"
        return report
    }()

    @Test func textSaysWhatFailedAndWhy() {
        let text = Self.report.text()
        #expect(text.contains("FAILED a/two [HS-4.1]"))
        #expect(text.contains("expected silence"))
        #expect(text.contains("skipped 1: lacks aes"))
        #expect(text.contains("WARNING b/four [HS-4.1]") && text.contains("expected a PING"))
        #expect(text.contains("b  0/2 passed, 1 warned of, 1 skipped"))
        #expect(text.contains("1 passed, 1 failed, 1 warned of, 1 skipped"))
    }

    @Test func junitIsWellFormedAndCounts() throws {
        let document = try #require(Self.report.junit().data(using: .utf8))
        let counter = ElementCounter()
        #expect(counter.read(document))
        #expect(counter.counts["testsuite"] == 2)
        #expect(counter.counts["testcase"] == 4)
        #expect(counter.counts["failure"] == 1)
        #expect(counter.counts["skipped"] == 1)
        #expect(Self.report.junit().contains("<skipped message=\"lacks aes\"/>"))
        #expect(Self.report.junit().contains("<system-err>warning: HS-4.1: expected a PING; saw none</system-err>"))
    }

    @Test func jsonCanBeReadBack() throws {
        let read = try JSONDecoder().decode(ConformanceReport.self, from: Data(try Self.report.json().utf8))
        #expect(read.results.map(\.outcome) == [.passed, .failed, .skipped, .warned])
        #expect(read.results[1].seen == "bytes\u{1}<&>")
    }

    @Test func exitCodesTellFailureFromLacking() {
        var report = Self.report
        #expect(report.exitCode == 1)
        report.results.remove(at: 1)
        #expect(report.exitCode == 0)
        report.results.remove(at: 0)
        #expect(report.exitCode == 0, "a warning is no failure, and a case that was run")
        report.results.remove(at: 1)
        #expect(report.exitCode == 127)
    }

    /// 127 says that the target lacks something. An option that was not given is nothing of the target's.
    @Test func anOptionThatWasNotGivenIsNotAFeatureThatIsLacking() throws {
        var report = Self.report
        report.results = [report.results[2], report.results[2]]
        #expect(report.exitCode == 127)
        (report.results[1].lacks, report.results[1].notGiven) = (nil, "--authority")
        #expect(report.exitCode == 2)
        #expect(report.text().contains("skipped 1: not given: --authority"))
        #expect(report.junit().contains("<skipped message=\"not given: --authority\"/>"))
        report.results[0].outcome = .passed
        #expect(report.exitCode == 0)
    }

    @Test func whatTheTargetLacksIsSaidBeforeWhatTheRunWasNotGiven() {
        let lacking = #expect(throws: Lacking.self) { try Feature.require([.authority, .coordinator], of: [.worker]) }
        #expect(lacking?.what == "coordinator")
        let missing = #expect(throws: NotGiven.self) { try Feature.require([.usedToken, .coordinator], of: [.coordinator]) }
        #expect(missing?.what == "--used-token")
        #expect(throws: Never.self) { try Feature.require([.coordinator], of: [.coordinator, .watch]) }
    }
}

/// Counts the elements of a small XML document, and whether they are nested as they should be.
private final class ElementCounter {
    var counts: [String: Int] = [:]

    func read(_ document: Data) -> Bool {
        var open: [String] = []
        for match in String(decoding: document, as: UTF8.self).matches(of: /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/) {
            let name = String(match.2)
            if match.1 == "/" {
                guard open.popLast() == name else { return false }
            } else {
                counts[name, default: 0] += 1
                if match.4 != "/" { open.append(name) }
            }
        }
        return open.isEmpty
    }
}
