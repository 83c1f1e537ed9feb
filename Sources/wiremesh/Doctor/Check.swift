import HTTPCompat
import NIOCore

/// One thing that `wiremesh doctor` has looked at.
struct Check: Sendable {
    enum Verdict: String, Sendable {
        case good = "ok"
        /// Worth knowing, and no fault.
        case note = "note"
        case bad = "FAIL"
    }

    var subject: String
    var verdict: Verdict
    var finding: String
    /// What to do about it; always of a failure.
    var next: String?

    static func good(_ subject: String, _ finding: String) -> Check { Check(subject: subject, verdict: .good, finding: finding) }
    static func note(_ subject: String, _ finding: String, next: String? = nil) -> Check {
        Check(subject: subject, verdict: .note, finding: finding, next: next)
    }
    static func bad(_ subject: String, _ finding: String, next: String) -> Check {
        Check(subject: subject, verdict: .bad, finding: finding, next: next)
    }

    /// The line for people, and the next step below it.
    var lines: [String] {
        let mark = verdict.rawValue + String(repeating: " ", count: 4 - verdict.rawValue.count)
        let coloured =
            switch verdict {
            case .good: Style.green(mark)
            case .note: Style.dim(mark)
            case .bad: Style.red(mark)
            }
        let name = subject + String(repeating: " ", count: max(0, 12 - subject.count))
        return ["\(coloured)  \(name)  \(Terminal.plain(finding))"]
            + (next.map { ["      \(String(repeating: " ", count: 12))  → \($0)"] } ?? [])
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("check", subject)
            json.field("verdict", verdict == .bad ? "fail" : verdict.rawValue)
            json.field("finding", finding)
            json.field("next", next)
        }
    }
}
