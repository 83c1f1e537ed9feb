import Foundation

/// What became of a run.
public struct ConformanceReport: Sendable, Codable {
    /// What became of one case.
    public struct Result: Sendable, Codable {
        public var id: String
        public var title: String
        public var clauses: [String]
        public var outcome: Outcome
        /// What the target should have done, and what it did, where it failed.
        public var expected: String?
        public var seen: String?
        /// What the target or the run lacks, where the case was skipped.
        public var lacks: String?
        /// Wall-clock seconds.
        public var seconds: Double

        init(_ each: ConformanceCase, _ outcome: Outcome, lacks: String? = nil) {
            (id, title, clauses, seconds) = (each.id, each.title, each.clauses, 0)
            (self.outcome, self.lacks) = (outcome, lacks)
        }

        /// "family" of "family/what".
        public var group: String { String(id.prefix { $0 != "/" }) }
    }

    /// How a case ended.
    public enum Outcome: String, Sendable, Codable {
        case passed, failed, skipped
    }

    /// Where the target was.
    public var target: String
    /// "coordinator" or "worker"; empty where it was not known.
    public var kind: String
    public var role: ConformanceCase.Role
    public var results: [Result] = []
    /// Wall-clock seconds of the whole run.
    public var seconds = 0.0

    public init(target: String, kind: String, role: ConformanceCase.Role) {
        self.target = target
        self.kind = kind
        self.role = role
    }

    /// Cases in which the target did what it must.
    public var passed: Int { results.count { $0.outcome == .passed } }
    /// Cases in which it did not.
    public var failed: Int { results.count { $0.outcome == .failed } }
    /// Cases that need what the target or the run lacks.
    public var skipped: Int { results.count { $0.outcome == .skipped } }

    /// 0 where nothing failed, 1 where something did, 127 where nothing could be run because the target lacks it.
    public var exitCode: Int32 {
        if failed > 0 { return 1 }
        return passed == 0 ? 127 : 0
    }

    /// "N passed, N failed, N skipped".
    public var summary: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }

    /// As a JSON document.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
