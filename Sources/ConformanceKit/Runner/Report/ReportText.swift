extension ConformanceReport {
    /// For people: a line per family, a line and its details per failure, what was skipped and why, a summary.
    public func text() -> String {
        var lines: [String] = []
        let width = groups.map(\.utf8.count).max() ?? 0
        for group in groups {
            let members = results.filter { $0.group == group }
            let failed = members.count { $0.outcome == .failed }
            let skipped = members.count { $0.outcome == .skipped }
            var line = group + String(repeating: " ", count: width - group.utf8.count + 2)
            line += "\(members.count - failed - skipped)/\(members.count) passed"
            if failed > 0 { line += ", \(failed) failed" }
            if skipped > 0 { line += ", \(skipped) skipped" }
            lines.append(line)
        }
        let failures = results.filter { $0.outcome == .failed }
        if !failures.isEmpty { lines.append("") }
        for failure in failures {
            lines.append("FAILED \(failure.id) [\(failure.clauses.joined(separator: ", "))] \(failure.title)")
            lines.append("       expected \(failure.expected ?? "")")
            lines.append("       saw      \(failure.seen ?? "")")
        }
        let lacking = Dictionary(grouping: results.filter { $0.outcome == .skipped }) { $0.lacks ?? "" }
        if !lacking.isEmpty { lines.append("") }
        for (what, members) in lacking.sorted(by: { $0.key < $1.key }) {
            lines.append("skipped \(members.count): lacks \(what)")
        }
        let time = "\(Int(seconds.rounded())) s"
        lines += ["", "\(target)\(kind.isEmpty ? "" : " (\(kind))") as \(role.rawValue): \(summary) in \(time)"]
        return lines.joined(separator: "\n")
    }
}
