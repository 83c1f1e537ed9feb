extension ConformanceReport {
    /// For people: a line per family, a line and its details per failure and per warning, what was skipped and why, a summary.
    public func text() -> String {
        var lines: [String] = []
        let width = groups.map(\.utf8.count).max() ?? 0
        for group in groups {
            let members = results.filter { $0.group == group }
            var line = group + String(repeating: " ", count: width - group.utf8.count + 2)
            line += "\(members.count { $0.outcome == .passed })/\(members.count) passed"
            for (outcome, name) in [(Outcome.failed, "failed"), (.warned, "warned of"), (.skipped, "skipped")] {
                let count = members.count { $0.outcome == outcome }
                if count > 0 { line += ", \(count) \(name)" }
            }
            lines.append(line)
        }
        lines += details(.failed, "FAILED") + details(.warned, "WARNING")
        let skipped = Dictionary(grouping: results.filter { $0.outcome == .skipped }, by: \.reason)
        if !skipped.isEmpty { lines.append("") }
        for (reason, members) in skipped.sorted(by: { $0.key < $1.key }) { lines.append("skipped \(members.count): \(reason)") }
        let time = "\(Int(seconds.rounded())) s"
        lines += ["", "\(target)\(kind.isEmpty ? "" : " (\(kind))") as \(role.rawValue): \(summary) in \(time)"]
        return lines.joined(separator: "\n")
    }

    private func details(_ outcome: Outcome, _ word: String) -> [String] {
        let found = results.filter { $0.outcome == outcome }
        let indent = String(repeating: " ", count: word.utf8.count + 1)
        return (found.isEmpty ? [] : [""])
            + found.flatMap { result in
                [
                    "\(word) \(result.id) [\(result.clauses.joined(separator: ", "))] \(result.title)",
                    "\(indent)expected \(result.expected ?? "")", "\(indent)saw      \(result.seen ?? "")",
                ]
            }
    }
}

extension ConformanceReport.Result {
    /// Why it was skipped: "lacks watch", "not given: --authority".
    var reason: String { notGiven.map { "not given: " + $0 } ?? "lacks " + (lacks ?? "") }
}
