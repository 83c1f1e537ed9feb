import Foundation

/// What became of a run.
public struct ConformanceReport: Sendable, Codable {
    /// What became of one case.
    public struct Result: Sendable, Codable {
        public var id: String
        public var title: String
        public var clauses: [String]
        public var strength: ConformanceCase.Strength
        public var outcome: Outcome
        /// What the target should have done, and what it did, where it failed or is warned of.
        public var expected: String?
        public var seen: String?
        /// What the target lacks, where the case was skipped for that.
        public var lacks: String?
        /// What the run was not given, where the case was skipped for that.
        public var notGiven: String?
        /// Wall-clock seconds.
        public var seconds: Double

        init(_ each: ConformanceCase, _ outcome: Outcome, lacks: String? = nil) {
            (id, title, clauses, strength, seconds) = (each.id, each.title, each.clauses, each.strength, 0)
            (self.outcome, self.lacks) = (outcome, lacks)
        }

        /// "family" of "family/what".
        public var group: String { String(id.prefix { $0 != "/" }) }
    }

    /// How a case ended.
    public enum Outcome: String, Sendable, Codable {
        /// The target did what it must.
        case passed
        /// It did what it must, and not what it should.
        case warned
        case failed
        case skipped
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
    /// Cases in which it did, and not what it should.
    public var warned: Int { results.count { $0.outcome == .warned } }
    /// Cases in which it did not.
    public var failed: Int { results.count { $0.outcome == .failed } }
    /// Cases that need what the target lacks, or what the run was not given.
    public var skipped: Int { results.count { $0.outcome == .skipped } }

    /// 0 where nothing failed, 1 where something did. Where nothing was run: 127 if the target lacks what every case needs, 2 if an
    /// option could have made a case possible.
    public var exitCode: Int32 {
        if failed > 0 { return 1 }
        if passed + warned > 0 { return 0 }
        return results.contains { $0.notGiven != nil } ? 2 : 127
    }

    /// "N passed, N failed, N skipped"; warnings stand between the latter where there are any.
    public var summary: String {
        "\(passed) passed, \(failed) failed, " + (warned > 0 ? "\(warned) warned of, " : "") + "\(skipped) skipped"
    }

    /// As a JSON document.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
